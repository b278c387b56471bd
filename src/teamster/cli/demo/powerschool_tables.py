"""What the demo's PowerSchool servers hold: the drop's made-up students, in PowerSchool's tables.

Source of columns and codes: "PowerSchool Data Dictionary Tables". Rows have all columns of the
schemas; the demo fills what it knows.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import partial
from typing import Any

from teamster.cli.demo.api_server import serve_api
from teamster.cli.demo.drop import STUDENTS_PER_SCHOOL
from teamster.cli.demo.drop.population import Population, Seat, Student, build_population
from teamster.cli.demo.drop.schools import SCHOOLS, School
from teamster.cli.demo.drop.staff import SUBJECTS, Classroom, Staff, Teacher
from teamster.cli.demo.drop.years import CURRENT
from teamster.cli.demo.powerschool_api import PowerSchoolApi, Row
from teamster.cli.demo.powerschool_marks import (
    attendance,
    attendance_codes,
    gradebook,
    permanent_record,
    scale,
)
from teamster.core.schema import field_names, resolve_schema
from teamster.libraries.powerschool import schema

TABLES = (
    *("students", "reenrollments", "schools", "terms", "calendar_day"),
    *("courses", "sections", "cc", "users", "schoolstaff", "teachers"),
    *("attendance", "attendance_code", "storedgrades", "pgfinalgrades", "gradescaleitem"),
)

_YEAR_ID = CURRENT.start - 1990
_TERM_ID = _YEAR_ID * 100
_FIRST_DAY, _LAST_DAY = CURRENT.day(8, 31), CURRENT.day(6, 18)
_ACTIVE, _TRANSFERRED, _GRADUATED = 0, 2, 3
_GRADUATE_SCHOOL = 999_999


@contextmanager
def serve_powerschool(
    region: str, students_per_school: int = STUDENTS_PER_SCHOOL, seed: int = 2026
) -> Iterator[dict[str, str]]:
    """Serves a region's PowerSchool on loopback.

    Args:
        region: The region.
        students_per_school: About how many students a school has, as in ``generate_drop``.
        seed: As in ``generate_drop``, for the same students.

    Yields:
        The variables by which the code location finds it; it is stopped when the block ends.
    """
    api = powerschool_of(build_population(region, students_per_school, seed=seed), seed)
    prefix = f"POWERSCHOOL_{region.upper()}_API"
    with serve_api(api) as url:
        yield {
            f"{prefix}_URL": url,
            f"{prefix}_CLIENT_ID": api.client_id,
            f"{prefix}_CLIENT_SECRET": api.client_secret,
        }


SERVERS = {f"rest_powerschool_{region}": partial(serve_powerschool, region) for region in SCHOOLS}
"""Resource key -> what serves it. Each district has a server of its own."""


def powerschool_of(population: Population, seed: int, **settings: Any) -> PowerSchoolApi:
    """Returns a region's server.

    Args:
        population: The region's schools and students.
        seed: The drop's, for the same teachers.
        **settings: Of the server.
    """
    columns = {name: _columns_of(name) for name in TABLES}
    filled = _tables(population, Staff(seed), seed)
    tables = {
        name: [
            {**dict.fromkeys(columns[name]), "dcid": str(number), **row}
            for number, row in enumerate(filled.get(name, ()), start=1)
        ]
        for name in TABLES
    }
    return PowerSchoolApi(tables, columns, **settings)


def _columns_of(table: str) -> list[str]:
    model = "".join(part.title() for part in table.split("_"))
    return field_names(resolve_schema(getattr(schema, model)))


def _tables(population: Population, staff: Staff, seed: int) -> Mapping[str, list[Row]]:
    seats = population.seats[CURRENT.start]
    ids = {student.number: str(n) for n, student in enumerate(population.students, start=1)}
    rooms = {
        room.number: room
        for seat in seats
        for room in (staff.classroom(seat, subject) for subject in SUBJECTS)
    }
    sections = {number: str(n) for n, number in enumerate(sorted(rooms), start=1)}
    posts = {room.teacher.number: room for room in rooms.values()}
    teachers = {number: str(n) for n, number in enumerate(sorted(posts), start=1)}
    now = {seat.student.number: seat for seat in seats}
    schools = [str(school.number) for school in population.schools]
    students = [_student(ids, s, now.get(s.number)) for s in population.students]
    cc = _numbered(
        _cc(seat, staff.classroom(seat, subject), (ids, sections, teachers))
        for seat in seats
        for subject in SUBJECTS
    )
    codes = _numbered(attendance_codes(schools, _YEAR_ID))
    return {
        "students": students,
        "schools": [_school(school) for school in population.schools],
        "terms": [_term(school) for school in schools],
        "courses": _courses(rooms.values()),
        "sections": [_section(rooms[n], sections, teachers) for n in sections],
        "cc": cc,
        **_staff({number: (posts[number].teacher, posts[number]) for number in teachers}, teachers),
        "attendance_code": codes,
        "attendance": _numbered(attendance(students, codes, seed)),
        "pgfinalgrades": _numbered(gradebook(cc, seed)),
        "storedgrades": list(permanent_record(students, _TERM_ID, seed)),
        "gradescaleitem": scale(),
    }


def _numbered(rows: Iterable[Row]) -> list[Row]:
    return [{**row, "id": str(number)} for number, row in enumerate(rows, start=1)]


def _student(ids: Mapping[str, str], student: Student, seat: Seat | None) -> Row:
    left = max(student.years) + 1
    graduated = student.grade_now > 12
    school = str(seat.school.number if seat else _GRADUATE_SCHOOL if graduated else 0)
    status = _ACTIVE if seat else _GRADUATED if graduated else _TRANSFERRED
    return {
        "id": ids[student.number],
        "student_number": student.number,
        "state_studentnumber": student.state_number,
        "lastfirst": f"{student.last}, {student.first}",
        "last_name": student.last,
        "first_name": student.first,
        "middle_name": student.middle or None,
        "gender": student.gender,
        "dob": student.born.isoformat(),
        "fedethnicity": str(int(student.hispanic)),
        "lunchstatus": "F" if student.disadvantaged else "P",
        "schoolid": school,
        "enrollment_schoolid": school,
        "grade_level": str(seat.grade if seat else min(student.grade_now, 12)),
        "enroll_status": str(status),
        "entrydate": date(max(student.years), 8, 31).isoformat(),
        "exitdate": (_LAST_DAY if seat else date(left, 6, 18)).isoformat(),
        "state": "NJ",
        "transaction_date": f"{CURRENT.exported:%Y-%m-%d}",
    }


def _school(school: School) -> Row:
    return {
        "id": str(school.number),
        "school_number": str(school.number),
        "name": school.name,
        "abbreviation": "".join(word[0] for word in school.name.split()),
        "low_grade": str(min(school.grades)),
        "high_grade": str(max(school.grades)),
    }


def _term(school: str) -> Row:
    return {
        "id": str(_TERM_ID),
        "schoolid": school,
        "yearid": str(_YEAR_ID),
        "name": CURRENT.label,
        "abbreviation": f"{CURRENT.start % 100}-{CURRENT.start % 100 + 1}",
        "firstday": _FIRST_DAY.isoformat(),
        "lastday": _LAST_DAY.isoformat(),
        "portion": "1",
        "isyearrec": "1",
    }


def _courses(rooms: Iterable[Classroom]) -> list[Row]:
    titles = {room.course_code: (room.title.partition(",")[0], room.subject) for room in rooms}
    return _numbered(
        {"course_number": code, "course_name": title, "credittype": subject, "schoolid": "0"}
        for code, (title, subject) in sorted(titles.items())
    )


def _section(room: Classroom, sections: Mapping[str, str], teachers: Mapping[str, str]) -> Row:
    return {
        "id": sections[room.number],
        "course_number": room.course_code,
        "section_number": str(room.section + 1),
        "termid": str(_TERM_ID),
        "schoolid": str(room.school.number),
        "teacher": teachers[room.teacher.number],
        "grade_level": str(room.grade),
    }


def _cc(seat: Seat, room: Classroom, ids: tuple[Mapping[str, str], ...]) -> Row:
    students, sections, teachers = ids
    return {
        "studentid": students[seat.student.number],
        "sectionid": sections[room.number],
        "schoolid": str(seat.school.number),
        "termid": str(_TERM_ID),
        "course_number": room.course_code,
        "section_number": str(room.section + 1),
        "teacherid": teachers[room.teacher.number],
        "dateenrolled": _FIRST_DAY.isoformat(),
        "dateleft": _LAST_DAY.isoformat(),
        "transaction_date": f"{CURRENT.exported:%Y-%m-%d}",
    }


def _staff(
    posts: Mapping[str, tuple[Teacher, Classroom]], ids: Mapping[str, str]
) -> dict[str, list[Row]]:
    """Returns a row a teacher in each of the three tables."""
    tables: dict[str, list[Row]] = {"users": [], "schoolstaff": [], "teachers": []}
    for number, (teacher, room) in posts.items():
        person = _person(teacher, str(room.school.number))
        post = _post(ids[number], str(room.school.number))
        tables["users"].append(person)
        tables["schoolstaff"].append(post)
        tables["teachers"].append({**person, **post})
    return tables


def _person(teacher: Teacher, school: str) -> Row:
    return {
        "teachernumber": teacher.number,
        "lastfirst": f"{teacher.last}, {teacher.first}",
        "last_name": teacher.last,
        "first_name": teacher.first,
        "email_addr": teacher.email,
        "homeschoolid": school,
    }


def _post(number: str, school: str) -> Row:
    return {
        "id": number,
        "users_dcid": number,
        "schoolid": school,
        "status": "1",
        "staffstatus": "1",
    }
