"""What a OneRoster API's records hold, under the standard's own field names.

One schema serves versions 1.1 and 1.2: a record fills the fields it has. Links to other records
(``GUIDRef``) and lists stay nested, the free ``metadata`` is a map of texts. Typed is what servers
agree on; dates, codes and the flags of demographics are text, since some send a date with a time
of day, and some a flag as ``"true"``.

A user's ``password`` and ``userProfiles`` (which hold the credentials of other systems) are left
out on purpose; the factory ignores them.

Sources: 1EdTech "OneRoster" 1.1 Final (2017), section 4, "Data Model"; 1EdTech "OneRoster Rostering
Service Information Model" 1.2 Final (2022), section 5, "Data Model"; and two vendors' OpenAPI
documents, Ed-Fi's OneRoster API and Trilogy's.
"""

from datetime import datetime
from typing import Any

from teamster.core.schema import record_model

_TEXT = str | None

GuidRef = record_model("guid_ref", {"href": _TEXT, "sourcedId": _TEXT, "type": _TEXT})
"""A link to another record; ``sourcedId`` is what to join by."""

UserId = record_model("user_id", {"type": _TEXT, "identifier": _TEXT})
"""A number that another system knows a person by."""

_LINK = GuidRef | None
_LINKS = list[GuidRef] | None  # type: ignore[valid-type]
_TEXTS = list[str] | None

Role = record_model(
    "role",
    {
        **dict.fromkeys(["roleType", "role"], _TEXT),
        "org": _LINK,
        **dict.fromkeys(["userProfile", "beginDate", "endDate"], _TEXT),
    },
)
"""What a person is at an organisation, and when (1.2)."""

_BASE: dict[str, Any] = {
    "sourcedId": _TEXT,
    "status": _TEXT,
    "dateLastModified": datetime | None,
    "metadata": dict[str, str | None] | None,
}
"""Fields of every record. ``status`` is ``active`` or ``tobedeleted``; 1.1 had ``inactive``."""


def _texts(names: str) -> dict[str, Any]:
    return dict.fromkeys(names.split(), _TEXT)


Orgs = record_model(
    "orgs", {**_BASE, **_texts("name type identifier"), "parent": _LINK, "children": _LINKS}
)
"""A district, school or department."""

AcademicSessions = record_model(
    "academic_sessions",
    {
        **_BASE,
        **_texts("title startDate endDate type"),
        "parent": _LINK,
        "children": _LINKS,
        "schoolYear": _TEXT,
    },
)
"""A school year, semester, term or grading period."""

Courses = record_model(
    "courses",
    {
        **_BASE,
        "title": _TEXT,
        "schoolYear": _LINK,
        "courseCode": _TEXT,
        "grades": _TEXTS,
        "subjects": _TEXTS,
        "org": _LINK,
        "subjectCodes": _TEXTS,
        "resources": _LINKS,
    },
)
"""A course."""

Classes = record_model(
    "classes",
    {
        **_BASE,
        **_texts("title classCode classType location"),
        "grades": _TEXTS,
        "subjects": _TEXTS,
        "course": _LINK,
        "school": _LINK,
        "terms": _LINKS,
        "subjectCodes": _TEXTS,
        "periods": _TEXTS,
        "resources": _LINKS,
    },
)
"""A section of a course, or a homeroom."""

Enrollments = record_model(
    "enrollments",
    {
        **_BASE,
        "user": _LINK,
        "class": _LINK,
        "school": _LINK,
        "role": _TEXT,
        "primary": bool | None,
        **_texts("beginDate endDate"),
    },
)
"""A person in a class, as student or teacher."""

Users = record_model(
    "users",
    {
        **_BASE,
        **_texts("userMasterIdentifier username"),
        "userIds": list[UserId] | None,  # type: ignore[valid-type]
        "enabledUser": bool | None,
        **_texts("givenName familyName middleName"),
        **_texts("preferredFirstName preferredMiddleName preferredLastName pronouns"),
        "role": _TEXT,
        "roles": list[Role] | None,  # type: ignore[valid-type]
        "primaryOrg": _LINK,
        "orgs": _LINKS,
        **_texts("identifier email sms phone"),
        "agents": _LINKS,
        "grades": _TEXTS,
        "resources": _LINKS,
    },
)
"""A student, teacher, guardian or other person.

``role`` and ``orgs`` are of 1.1, ``roles``, ``primaryOrg``, ``userMasterIdentifier`` and what a
person prefers of 1.2.
"""

Demographics = record_model(
    "demographics",
    {
        **_BASE,
        **_texts("birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican"),
        **_texts("nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces"),
        **_texts("hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation"),
        **_texts("cityOfBirth publicSchoolResidenceStatus"),
    },
)
"""A person's demographics; ``sourcedId`` is the person's."""
