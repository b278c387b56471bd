"""The student information system's roster: a OneRoster 1.2 archive a region, in bulk.

Source of file names, columns, their order and the vocabularies: 1EdTech, "OneRoster CSV Binding"
1.2.1 (2023). In bulk ``status`` and ``dateLastModified`` stay empty, and no cell has a line break.
"""

from collections.abc import Iterable

from teamster.cli.demo.drop.population import Population, Seat
from teamster.cli.demo.drop.schools import (
    KINDERGARTEN,
    NETWORK,
    School,
    district_id,
    district_name,
)
from teamster.cli.demo.drop.staff import SUBJECTS, Classroom, Staff, Teacher
from teamster.cli.demo.drop.writing import Archive, Row, Table, columns
from teamster.cli.demo.drop.years import CURRENT

_BASE = "sourcedId,status,dateLastModified"
_HEADERS = {
    "manifest": "propertyName,value",
    "academicSessions": f"{_BASE},title,type,startDate,endDate,parentSourcedId,schoolYear",
    "classes": (
        f"{_BASE},title,grades,courseSourcedId,classCode,classType,location,schoolSourcedId,"
        "termSourcedIds,subjects,subjectCodes,periods"
    ),
    "courses": (
        f"{_BASE},schoolYearSourcedId,title,courseCode,grades,orgSourcedId,subjects,subjectCodes"
    ),
    "demographics": (
        f"{_BASE},birthDate,sex,americanIndianOrAlaskaNative,asian,blackOrAfricanAmerican,"
        "nativeHawaiianOrOtherPacificIslander,white,demographicRaceTwoOrMoreRaces,"
        "hispanicOrLatinoEthnicity,countryOfBirthCode,stateOfBirthAbbreviation,cityOfBirth,"
        "publicSchoolResidenceStatus"
    ),
    "enrollments": (
        f"{_BASE},classSourcedId,schoolSourcedId,userSourcedId,role,primary,beginDate,endDate"
    ),
    "orgs": f"{_BASE},name,type,identifier,parentSourcedId",
    "roles": (
        f"{_BASE},userSourcedId,roleType,role,beginDate,endDate,orgSourcedId,userProfileSourcedId"
    ),
    "users": (
        f"{_BASE},enabledUser,username,userIds,givenName,familyName,middleName,identifier,email,"
        "sms,phone,agentSourcedIds,grades,password,userMasterIdentifier,resourceSourcedIds,"
        "preferredGivenName,preferredMiddleName,preferredFamilyName,primaryOrgSourcedId,pronouns"
    ),
}
_FILES_OF_THE_STANDARD = columns(
    "academicSessions,categories,classes,classResources,courses,courseResources,demographics,"
    "enrollments,lineItemLearningObjectiveIds,lineItems,lineItemScoreScales,orgs,resources,"
    "resultLearningObjectiveIds,results,resultScoreScales,roles,scoreScales,userProfiles,"
    "userResources,users"
)
_YEAR, _SEMESTERS = f"year-{CURRENT.start + 1}", ("fall", "spring")
_FIRST_DAY, _LAST_DAY = CURRENT.day(8, 31).isoformat(), CURRENT.day(6, 18).isoformat()
_RACES = {
    "americanIndianOrAlaskaNative": "American Indian or Alaska Native",
    "asian": "Asian",
    "blackOrAfricanAmerican": "Black or African American",
    "nativeHawaiianOrOtherPacificIslander": "Native Hawaiian or Other Pacific Islander",
    "white": "White",
    "demographicRaceTwoOrMoreRaces": "Two or More Races",
}


def roster_archive(population: Population, staff: Staff) -> Archive:
    """Returns the region's roster as it stands in the current year."""
    seats = population.seats[CURRENT.start]
    rooms = {room.number: room for seat in seats for room in _rooms(seat, staff)}
    classes = [rooms[number] for number in sorted(rooms)]
    teachers = {room.teacher.number: room for room in classes}
    posts = [(teachers[number].teacher, teachers[number].school) for number in sorted(teachers)]
    files: dict[str, list[Row]] = {
        "manifest": _manifest(population.region),
        "orgs": _orgs(population),
        "users": [*map(_student_user, seats), *(_teacher_user(*post) for post in posts)],
        "roles": [
            *(_role(s.student.sourced_id, "student", s.school) for s in seats),
            *(_role(teacher.sourced_id, "teacher", school) for teacher, school in posts),
        ],
        "academicSessions": _sessions(),
        "courses": _courses(population.region, classes),
        "classes": [_class(room) for room in classes],
        "enrollments": [
            *(
                _enrollment(room, s.student.sourced_id, "student")
                for s in seats
                for room in _rooms(s, staff)
            ),
            *(_enrollment(room, room.teacher.sourced_id, "teacher") for room in classes),
        ],
        "demographics": [_demographics(seat) for seat in seats],
    }
    path = f"oneroster/{population.region}/oneroster.zip"
    members = [
        Table(f"{path}/{name}.csv", columns(_HEADERS[name]), rows, CURRENT.exported)
        for name, rows in files.items()
    ]
    return Archive(path, members, CURRENT.exported)


def _rooms(seat: Seat, staff: Staff) -> list[Classroom]:
    return [staff.classroom(seat, subject) for subject in SUBJECTS]


def _course_id(region: str, room: Classroom) -> str:
    return f"course-{region}-{room.course_code}"


def _ceds_grade(grade: int) -> str:
    """Spells a grade as the Common Education Data Standards do: ``KG``, ``01`` … ``12``."""
    return f"{grade:02d}" if grade > KINDERGARTEN else "KG"


def _manifest(region: str) -> list[Row]:
    properties = {"manifest.version": "1.0", "oneroster.version": "1.2"}
    for name in _FILES_OF_THE_STANDARD:
        properties[f"file.{name}"] = "bulk" if name in _HEADERS else "absent"
    properties |= {"source.systemName": f"{NETWORK} SIS", "source.systemCode": region}
    return [{"propertyName": name, "value": value} for name, value in properties.items()]


def _orgs(population: Population) -> list[Row]:
    district = district_id(population.region)
    rows: list[Row] = [
        {
            "sourcedId": district,
            "name": district_name(population.region),
            "type": "district",
            "identifier": population.region,
        }
    ]
    rows += [
        {
            "sourcedId": school.sourced_id,
            "name": school.name,
            "type": "school",
            "identifier": str(school.number),
            "parentSourcedId": district,
        }
        for school in population.schools
    ]
    return rows


def _student_user(seat: Seat) -> Row:
    student = seat.student
    return {
        "sourcedId": seat.student.sourced_id,
        "enabledUser": "true",
        "username": student.user_name,
        "userIds": f"{{SIS:{student.number}}},{{State:{student.state_number}}}",
        "givenName": student.first,
        "familyName": student.last,
        "middleName": student.middle,
        "identifier": student.number,
        "email": student.email,
        "grades": _ceds_grade(seat.grade),
        "password": f"first-login-{student.number}",
        "primaryOrgSourcedId": seat.school.sourced_id,
    }


def _teacher_user(teacher: Teacher, school: School) -> Row:
    return {
        "sourcedId": teacher.sourced_id,
        "enabledUser": "true",
        "username": teacher.user_name,
        "userIds": f"{{HR:{teacher.number}}}",
        "givenName": teacher.first,
        "familyName": teacher.last,
        "identifier": teacher.number,
        "email": teacher.email,
        "primaryOrgSourcedId": school.sourced_id,
    }


def _role(user: str, role: str, school: School) -> Row:
    return {
        "sourcedId": f"role-{user}",
        "userSourcedId": user,
        "roleType": "primary",
        "role": role,
        "beginDate": _FIRST_DAY,
        "endDate": _LAST_DAY,
        "orgSourcedId": school.sourced_id,
    }


def _sessions() -> list[Row]:
    # The standard's school year is the calendar year in which it ends.
    shared = {"schoolYear": str(CURRENT.start + 1)}
    middle = (CURRENT.day(1, 29).isoformat(), CURRENT.day(2, 1).isoformat())
    year = {"sourcedId": _YEAR, "title": CURRENT.label, "type": "schoolYear"}
    spans = ((_FIRST_DAY, middle[0]), (middle[1], _LAST_DAY))
    rows: list[Row] = [{**shared, **year, "startDate": _FIRST_DAY, "endDate": _LAST_DAY}]
    rows += [
        {
            **shared,
            "sourcedId": f"{_YEAR}-{name}",
            "title": f"{name.title()} semester",
            "type": "semester",
            "startDate": first,
            "endDate": last,
            "parentSourcedId": _YEAR,
        }
        for name, (first, last) in zip(_SEMESTERS, spans, strict=True)
    ]
    return rows


def _courses(region: str, classes: Iterable[Classroom]) -> list[Row]:
    rows: dict[str, Row] = {}
    for room in classes:
        course = _course_id(region, room)
        rows[course] = {
            "sourcedId": course,
            "schoolYearSourcedId": _YEAR,
            "title": room.title.partition(",")[0],
            "courseCode": room.course_code,
            "grades": _ceds_grade(room.grade),
            "orgSourcedId": district_id(region),
            "subjects": room.subject,
        }
    return [rows[course] for course in sorted(rows)]


def _class(room: Classroom) -> Row:
    return {
        "sourcedId": room.sourced_id,
        "title": room.title,
        "grades": _ceds_grade(room.grade),
        "courseSourcedId": _course_id(room.school.region, room),
        "classCode": room.number,
        "classType": "scheduled",
        "schoolSourcedId": room.school.sourced_id,
        "termSourcedIds": ",".join(f"{_YEAR}-{name}" for name in _SEMESTERS),
        "subjects": room.subject,
    }


def _enrollment(room: Classroom, user: str, role: str) -> Row:
    return {
        "sourcedId": f"{user}-in-{room.number}",
        "classSourcedId": room.sourced_id,
        "schoolSourcedId": room.school.sourced_id,
        "userSourcedId": user,
        "role": role,
        "primary": "true" if role == "teacher" else "false",
        "beginDate": _FIRST_DAY,
        "endDate": _LAST_DAY,
    }


def _demographics(seat: Seat) -> Row:
    student = seat.student
    flags = {column: student.race == race for column, race in _RACES.items()}
    flags["hispanicOrLatinoEthnicity"] = student.hispanic
    return {
        "sourcedId": seat.student.sourced_id,
        "birthDate": student.born.isoformat(),
        "sex": {"F": "female", "M": "male"}.get(student.gender, "other"),
        **{column: str(flag).lower() for column, flag in flags.items()},
        "stateOfBirthAbbreviation": "NJ",
    }
