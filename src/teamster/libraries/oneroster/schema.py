"""What the files of a OneRoster archive hold, under the standard's own column names.

One schema a file serves every layout that student information systems deliver; a file fills the
columns it has. The standard's columns come first, in its order; then those that only Microsoft has.

Sources: 1EdTech "OneRoster CSV Binding" 1.1 (2017) and 1.2.1 (2023), section "CSV format";
Microsoft "SDS V2.1 CSV file format" (School Data Sync).
"""

from teamster.core.schema import text_model

# Bulk files leave the last two empty; delta files need them.
_BASE = "sourcedId status dateLastModified"

Orgs = text_model("orgs", f"{_BASE} name type identifier parentSourcedId source_file_name")
"""A district, school or department."""

Users = text_model(
    "users",
    f"""
    {_BASE} enabledUser orgSourcedIds role username userIds givenName familyName middleName
    identifier email sms phone agentSourcedIds grades
    userMasterIdentifier resourceSourcedIds preferredGivenName preferredMiddleName
    preferredFamilyName primaryOrgSourcedId pronouns
    activeDirectoryMatchId
    source_file_name
    """,
)
"""A student, teacher, guardian or other person.

``orgSourcedIds`` and ``role`` are of 1.1 only: 1.2 and Microsoft have `Roles` instead. The
``password`` that both standards allow is left out on purpose: a feed sets ``ignore_cols``.
"""

Roles = text_model(
    "roles",
    f"""
    {_BASE} userSourcedId roleType role beginDate endDate orgSourcedId userProfileSourcedId
    sessionSourcedId grade isPrimary roleStartDate roleEndDate
    source_file_name
    """,
)
"""What a person is at an organisation (1.2 and Microsoft)."""

Classes = text_model(
    "classes",
    f"""
    {_BASE} title grades courseSourcedId classCode classType location schoolSourcedId
    termSourcedIds subjects subjectCodes periods
    orgSourcedId sessionSourcedIds
    source_file_name
    """,
)
"""A section of a course: Microsoft's ``orgSourcedId`` and ``sessionSourcedIds`` are the standard's
``schoolSourcedId`` and ``termSourcedIds``."""

Courses = text_model(
    "courses",
    f"""
    {_BASE} schoolYearSourcedId title courseCode grades orgSourcedId subjects subjectCodes
    code subject grade
    source_file_name
    """,
)
"""A course: Microsoft's ``code``, ``subject`` and ``grade`` are the standard's ``courseCode``,
``subjects`` and ``grades``."""

Enrollments = text_model(
    "enrollments",
    f"""
    {_BASE} classSourcedId schoolSourcedId userSourcedId role primary beginDate endDate
    source_file_name
    """,
)
"""A person in a class, as student or teacher."""

AcademicSessions = text_model(
    "academic_sessions",
    f"{_BASE} title type startDate endDate parentSourcedId schoolYear source_file_name",
)
"""A school year, semester, term or grading period."""

Demographics = text_model(
    "demographics",
    f"""
    {_BASE} birthDate sex americanIndianOrAlaskaNative asian blackOrAfricanAmerican
    nativeHawaiianOrOtherPacificIslander white demographicRaceTwoOrMoreRaces
    hispanicOrLatinoEthnicity countryOfBirthCode stateOfBirthAbbreviation cityOfBirth
    publicSchoolResidenceStatus
    userSourcedId birthCity birthState birthCountry ethnicityCodes raceCodes
    source_file_name
    """,
)
"""A person's demographics: the standard's ``sourcedId`` is the person's, Microsoft's
``userSourcedId``."""

Relationships = text_model(
    "relationships",
    "userSourcedId relationshipUserSourcedId relationshipRole source_file_name",
)
"""A student's guardian or other contact (Microsoft only; the standard has ``agentSourcedIds``)."""
