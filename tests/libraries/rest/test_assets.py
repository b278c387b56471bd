"""Runs of REST assets with the real IO manager: what they write, and what they leave alone."""

import json
import re
from typing import Any

import pytest
from dagster import AssetSelection
from pydantic import BaseModel

from teamster.core.errors import (
    AnswerIncomplete,
    NoRecords,
    SuspectRowCount,
    TooManyRejectedRows,
    UnexpectedAnswer,
    UnreadableFile,
)
from tests.libraries.rest.listings import (
    Records,
    build,
    numbered,
    resource_of,
)
from tests.libraries.rest.runs import Runs, data_version, error_of
from tests.libraries.rest.server import Answered, App, serving
from tests.libraries.sftp.vendor import check_of, metadata_of

CANARY = "canary9"


def answering(body: Any, **fields: Any) -> App:
    return lambda asked: Answered(body, **fields)


def test_records_become_an_object_with_its_metadata_and_checks(runs: Runs) -> None:
    rows = [{**row, "more": {"x": 1}} for row in numbered(23)]
    with serving(Records(rows)) as api:
        result = runs.run(api, build(pagination="offset", total={"type": "header"}, key="id"))
    assert runs.rows() == [{"id": str(row["id"]), "name": row["name"]} for row in rows]
    metadata = metadata_of(result)
    expected = {"records": 23, "stated_total": 23, "pages": 5, "requests": 5, "rejected_rows": 0}
    assert expected.items() <= metadata.items()
    assert metadata["endpoint"] == "/things"
    check = check_of(result)
    assert not check.passed
    assert check.metadata["extras"].value == "more"


def test_the_same_records_are_the_same_version(runs: Runs) -> None:
    table = Records(numbered(9))
    with serving(table) as api:
        versions = [data_version(runs.run(api, build(pagination="offset")))]
        table.cap = 2
        versions.append(data_version(runs.run(api, build(pagination="offset"))))
        table.rows[3]["name"] = "other"
        versions.append(data_version(runs.run(api, build(pagination="offset"))))
    assert versions[0] == versions[1] != versions[2]


def test_each_partition_asks_for_itself(runs: Runs) -> None:
    schools = {"type": "static", "partition_keys": ["1", "2"]}
    daily = {"type": "daily", "start_date": "2025-07-01"}
    asset = build(
        "/schools/{school}/things",
        partitions_def={"type": "multi", "partitions_defs": {"school": schools, "date": daily}},
        partition_aliases={"school": {"2": "south & west"}},
        params={
            "from": "{date.start:%m/%d/%Y}",
            "to": "{date.end:%m/%d/%Y}",
            "all": True,
            "none": None,
            "many": ["a", "b"],
        },
        headers={"X-School": "{school}"},
        when_empty="write",
    )
    with serving(answering({"data": [{"id": 1}]})) as api:
        runs.run(api, asset, "2025-09-30|2")
        (asked,) = api.asked
    assert asked.path == "/schools/south%20%26%20west/things"
    assert asked.query == {
        "from": ["09/30/2025"],
        "to": ["10/01/2025"],
        "all": ["true"],
        "many": ["a", "b"],
    }
    assert asked.headers["x-school"] == "south & west"
    hive = ["_dagster_partition_date=2025-09-30", "_dagster_partition_school=2"]
    assert runs.rows(*hive) == [{"id": "1", "name": None}]


@pytest.mark.parametrize(
    ("options", "total", "outcome"),
    [
        ({}, None, "fail"),
        ({"when_empty": "fail"}, {"type": "header"}, "fail"),
        ({"when_empty": "write"}, None, "write"),
        ({"when_empty": "skip"}, None, "skip"),
        ({}, {"type": "header"}, "write"),
        ({}, {"type": "endpoint", "endpoint": "/things/count"}, "write"),
    ],
)
def test_no_records_never_replace_good_ones_unasked(
    runs: Runs, options: dict[str, Any], total: Any, outcome: str
) -> None:
    table = Records(numbered(3))
    asset = build(pagination="offset", total=total, **options)
    with serving(table) as api:
        runs.run(api, asset)
        table.rows.clear()
        result = runs.run(api, asset, raise_on_error=False)
    assert len(runs.rows()) == (0 if outcome == "write" else 3)
    assert result.success == (outcome != "fail")
    if outcome == "fail":
        assert error_of(result)[0] == NoRecords.__name__


class Typed(BaseModel):
    id: int | None = None
    name: str | None = None


ROWS = [{"id": 1, "name": CANARY}, {"id": 2, "name": {"x": CANARY}}]
HTML = {"Content-Type": "text/html"}
TOTAL = {"type": "body", "path": "meta.total"}

FAILING: dict[str, tuple[App, dict[str, Any], type[Exception], str]] = {
    "an object": (answering({"data": {"a": CANARY}}), {}, UnexpectedAnswer, "but an object"),
    "no array": (answering({"error": CANARY}), {}, UnexpectedAnswer, "no array at data"),
    "a text": (answering({"data": CANARY}), {}, UnexpectedAnswer, "no array at data"),
    "another root": (
        answering({"data": ROWS}),
        {"records": ""},
        UnexpectedAnswer,
        "but an object; .*lone_record",
    ),
    "a web page": (
        answering(f"<html>{CANARY}".encode(), headers=HTML),
        {},
        UnexpectedAnswer,
        "web page",
    ),
    "other records": (
        answering({"data": [{"x": CANARY}]}),
        {},
        UnreadableFile,
        "none of its 1 records",
    ),
    "records of another type": (
        answering({"data": [CANARY]}),
        {},
        TooManyRejectedRows,
        "no JSON object",
    ),
    "a value of another type": (
        answering({"data": [{"id": CANARY}]}),
        {"avro_schema": Typed},
        TooManyRejectedRows,
        "line 1, column id: not of type long",
    ),
    "no key": (
        answering({"data": [{"name": CANARY}]}),
        {"key": "id"},
        UnexpectedAnswer,
        "record 1 has no id, its key",
    ),
    "a key twice": (
        answering({"data": [ROWS[0], ROWS[0]]}),
        {"key": "id"},
        AnswerIncomplete,
        "1 of 2",
    ),
    "fewer than stated": (
        answering({"data": ROWS, "meta": {"total": 3}}),
        {"total": TOTAL},
        AnswerIncomplete,
        "states 3",
    ),
    "a total that is no number": (
        answering({"data": ROWS, "meta": {"total": CANARY}}),
        {"total": TOTAL},
        UnexpectedAnswer,
        "no number",
    ),
    "a cursor that is no text": (
        answering({"data": ROWS, "next": [CANARY]}),
        {"pagination": {"type": "cursor", "path": "next"}},
        UnexpectedAnswer,
        "is no text",
    ),
}


@pytest.mark.parametrize("case", FAILING)
def test_what_is_not_as_declared_fails_and_leaves_the_last_object(
    runs: Runs, case: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    app, options, error, said = FAILING[case]
    with serving(Records(numbered(3))) as api:
        runs.run(api, build())
    with serving(app) as api:
        result = runs.run(api, build(**options), raise_on_error=False)
    name, text = error_of(result)
    assert name == error.__name__
    assert re.search(said, text), text
    assert len(runs.rows()) == 3
    told = f"{caplog.text}{''.join(capfd.readouterr())}{[str(e) for e in result.all_events]}"
    assert CANARY not in told


def test_rejected_records_lie_beside_the_output(runs: Runs) -> None:
    rows = [{"id": 1}, {"id": "x"}, {"id": 3}]
    with serving(answering({"data": rows})) as api:
        runs.run(api, build(avro_schema=Typed, max_rejected_rows=1))
    assert [row["id"] for row in runs.rows()] == [1, 3]
    (rejected,) = runs.rows(name="quarantine")
    assert (rejected["line"], rejected["column"]) == (2, "id")
    assert json.loads(rejected["cells"][0]) == {"id": "x"}


@pytest.mark.parametrize(
    ("body", "options"),
    [
        ([{"id": 1}], {"records": ""}),
        ({"a": {"b": [{"id": 1}]}}, {"records": "a.b"}),
        ({"a.b": [{"id": 1}]}, {"records": ["a.b"]}),
        ({"data": [{"x": {"y": {"id": 1}}}]}, {"record": "x.y"}),
        ({"data": {"id": 1}}, {"lone_record": True}),
        ({"id": 1}, {"records": "", "lone_record": True}),
        ({"data": [{"Id": 1}]}, {"slugify_cols": True}),
        ({"data": [{"I-D": 1}]}, {"slugify_cols": True, "slugify_replacements": [["-", ""]]}),
        ({"data": [{"id": 1, "x": 2}]}, {"ignore_cols": ["x"]}),
        (b"id,name\n1,\n", {"records": "", "format": "csv"}),
    ],
)
def test_records_are_where_the_endpoint_says(
    runs: Runs, body: Any, options: dict[str, Any]
) -> None:
    with serving(answering(body)) as api:
        result = runs.run(api, build(**options))
    assert runs.rows() == [{"id": "1", "name": None}]
    assert check_of(result).passed


@pytest.mark.parametrize("body", [{"data": None}, {}, {"data": []}])
def test_an_absent_array_may_be_an_empty_one(runs: Runs, body: Any) -> None:
    with serving(answering(body)) as api:
        runs.run(api, build(absent_is_empty=True, when_empty="write"))
    assert runs.rows() == []


def test_no_content_is_no_records(runs: Runs) -> None:
    with serving(answering(b"", status=204)) as api:
        runs.run(api, build(when_empty="write"))
    assert runs.rows() == []


def test_a_csv_that_is_cut_short_is_asked_for_again(runs: Runs) -> None:
    answers = iter([b"id,name\n1,a\n2", b'id,name\n1,"a\n', b"id,name\n1,a\n2,b\n"])
    with serving(lambda asked: Answered(next(answers))) as api:
        runs.run(api, build(records="", format="csv"))
    assert [row["id"] for row in runs.rows()] == ["1", "2"]


def test_a_drop_that_is_suspect_is_held_back(runs: Runs) -> None:
    table = Records(numbered(20))
    asset = build(pagination="offset", volume={"max_fall": 0.5, "on_breach": "block"})
    with serving(table) as api:
        runs.run(api, asset)
        del table.rows[5:]
        result = runs.run(api, asset, raise_on_error=False)
        assert error_of(result)[0] == SuspectRowCount.__name__
        assert len(runs.rows()) == 20
        config = {"ops": {"kipptaf__vendor__table": {"config": {"approve_volume": True}}}}
        runs.run(api, asset, run_config=config)
    assert len(runs.rows()) == 5


def test_a_check_alone_is_told_what_to_do(runs: Runs) -> None:
    asset = build()
    (key,) = asset.check_keys
    with serving(Records([])) as api:
        result = runs.run(api, asset, selection=AssetSelection.checks(key), raise_on_error=False)
    assert "materialize the asset" in error_of(result)[1]


def test_a_run_after_faults_reads_everything(runs: Runs) -> None:
    """What a run that failed has read is not taken for anything by the next one."""
    asset = build(pagination="offset", total={"type": "header"})
    with serving(Records(numbered(23))) as api:
        api.faults = dict.fromkeys(range(3, 6), "502")
        resource = resource_of(api, max_attempts=3)
        assert not runs.run(api, asset, resource=resource, raise_on_error=False).success
        assert not runs.storage.exists() or not list(runs.storage.rglob("data"))
        runs.run(api, asset)
    assert len(runs.rows()) == 23
