"""Parents and children: each chain of requests has pages and totals of its own."""

import pytest

from teamster.core.schema import text_model
from tests.libraries.rest.listings import PAGINATIONS, Records, build
from tests.libraries.rest.runs import Runs, error_of
from tests.libraries.rest.server import Answered, App, Asked, serving
from tests.libraries.sftp.vendor import metadata_of

CANARY = "canary9"


def schools_and_students(
    students: dict[str, list[int]], kind: str = "offset", missing: str = ""
) -> App:
    """Returns an API of schools, each with students of its own."""
    schools = [{"id": number, "name": f"School {number}"} for number in students]
    tables = {
        number: Records([{"id": each} for each in ids], kind, 3) for number, ids in students.items()
    }
    of_schools = Records(schools, kind, 2)

    def app(asked: Asked) -> Answered:
        _, first, *rest = asked.path.split("/")
        assert first == "schools"
        if not rest:
            return of_schools(asked)
        return Answered({}, 404) if rest[0] == missing else tables[rest[0]](asked)

    return app


@pytest.mark.parametrize("kind", PAGINATIONS)
def test_children_of_every_parent_are_read_in_pages_of_their_own(runs: Runs, kind: str) -> None:
    """What dlt's paginator loses: children of later parents that have more than one page."""
    students = {"a": [], "b": [1, 2, 3, 4, 5, 6, 7], "c": [8], "d": [9, 10, 11, 12]}
    asset = build(
        "/schools/{school}/students",
        parent={
            "endpoint": "/schools",
            "records": "data",
            "pagination": PAGINATIONS[kind],
            "total": {"type": "header"},
            "key": "id",
            "fields": {"school": "id"},
            "copied": {"school_id": "id", "nothing": "x.y"},
        },
        pagination=PAGINATIONS[kind],
        total={"type": "header"},
        key="id",
        avro_schema=text_model("student", "id school_id nothing"),
    )
    with serving(schools_and_students(students, kind)) as api:
        result = runs.run(api, asset)
    assert [(row["school_id"], int(row["id"])) for row in runs.rows()] == [
        (school, number) for school, numbers in students.items() for number in numbers
    ]
    assert metadata_of(result)["stated_total"] == 12


@pytest.mark.parametrize("when_missing", ["fail", "skip"])
@pytest.mark.parametrize("counted", [False, True])
def test_a_parent_without_an_answer(runs: Runs, when_missing: str, counted: bool) -> None:
    parent = {
        "endpoint": "/schools",
        "records": "data",
        "pagination": "offset",
        "fields": {"school": "id"},
        "when_missing": when_missing,
    }
    path = "/schools/{school}/students"
    total = {"type": "endpoint", "endpoint": f"{path}/count"} if counted else None
    asset = build(path, parent=parent, pagination="offset", total=total)
    app = schools_and_students({"a": [1], CANARY: [2], "c": [3]}, missing=CANARY)
    with serving(app) as api:
        result = runs.run(api, asset, raise_on_error=False)
    if when_missing == "skip":
        assert [row["id"] for row in runs.rows()] == ["1", "3"]
        return
    name, text = error_of(result)
    assert name == "RequestRefused"
    assert f"GET {path}{'/count' if counted else ''}: status 404" in text
    assert CANARY not in text


@pytest.mark.parametrize("shrinks", ["schools", "students"])
def test_lists_that_shrink_as_they_are_read_lose_nothing(runs: Runs, shrinks: str) -> None:
    """No total is stated: parents, and each one's children, are read twice."""

    def go(table: Records, asked: Asked) -> None:
        if table.served == 1:
            del table.rows[0]

    schools = Records([{"id": f"s{number}"} for number in range(7)], "page", 3)
    students = {
        row["id"]: Records([{"id": f"{row['id']}-{number}"} for number in range(5)], "offset", 2)
        for row in schools.rows
    }
    (schools if shrinks == "schools" else students["s4"]).before = go
    path = "/schools/{school}/students"
    parent = {
        "endpoint": "/schools",
        "records": "data",
        "pagination": "page",
        "fields": {"school": "id"},
    }

    def app(asked: Asked) -> Answered:
        _, _, *rest = asked.path.split("/")
        return students[rest[0]](asked) if rest else schools(asked)

    with serving(app) as api:
        runs.run(api, build(path, parent=parent, pagination="offset", key="id"))
    there = [row["id"] for school in schools.rows for row in students[school["id"]].rows]
    assert [row["id"] for row in runs.rows()] == there
    assert len(there) == (30 if shrinks == "schools" else 34)


def test_grandchildren(runs: Runs) -> None:
    def app(asked: Asked) -> Answered:
        parts = asked.path.strip("/").split("/")
        level, above = len(parts) // 2, "".join(parts[1::2])
        rows = [{"id": f"{above}{'stu'[level]}{number:03}"} for number in range((30, 20, 2)[level])]
        return Answered({"data": rows})

    asset = build(
        "/schools/{school}/classes/{klass}/students",
        parent={
            "endpoint": "/schools/{school}/classes",
            "records": "data",
            "fields": {"klass": "id", "school": "school"},
            "parent": {
                "endpoint": "/schools",
                "records": "data",
                "fields": {"school": "id"},
                "copied": {"school": "id"},
            },
        },
        key="id",
    )
    with serving(app) as api:
        runs.run(api, asset)
    assert [row["id"] for row in runs.rows()] == [
        f"s{school:03}s{school:03}t{klass:03}u{student:03}"
        for school in range(30)
        for klass in range(20)
        for student in range(2)
    ]


def test_a_parent_that_fills_nothing_is_told(runs: Runs) -> None:
    parent = {"endpoint": "/schools", "records": "data", "fields": {"school": "uuid"}}
    with serving(schools_and_students({"a": [1]})) as api:
        result = runs.run(api, build("/{school}", parent=parent), raise_on_error=False)
    assert "record 1 has no text or number at uuid" in error_of(result)[1]
