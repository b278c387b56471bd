"""Rows that come and go as a table is read: none that stays is lost, and none comes twice."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from teamster.cli.demo.powerschool_api import PowerSchoolApi, Row
from teamster.core.errors import AnswerIncomplete
from teamster.core.schema import field_names, resolve_schema
from teamster.libraries.powerschool import schema
from teamster.libraries.powerschool.assets import build_powerschool_asset
from tests.libraries.lists import CHANGES
from tests.libraries.powerschool.server import app_of, powerschool, read
from tests.libraries.rest.server import Asked, serving

FIELDS = dict.fromkeys(field_names(resolve_schema(schema.Attendance)))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spool")


def attendance(dcid: int) -> Row:
    return {**FIELDS, "dcid": str(dcid), "schoolid": "71"}


def build(**options: Any) -> Any:
    return build_powerschool_asset(
        ["kippnewark", "powerschool", "attendance"],
        "teamster.libraries.powerschool.schema:Attendance",
        "rest_powerschool",
        **{"q": "schoolid==71", **options},
    )


def dcids(rows: Any) -> list[int]:
    return [int(row["dcid"]) for row in rows]


@pytest.mark.parametrize("sort", ["dcid", None])
@settings(max_examples=max(1, settings.default.max_examples // 2))
@given(count=st.integers(0, 12), cap=st.integers(1, 4), changes=CHANGES)
@example(count=8, cap=2, changes=[(3, "drop", 0, 0), (5, "add", 12, 0)])
def test_whatever_changes_as_it_is_read_none_is_lost(
    folder: Path, sort: str | None, count: int, cap: int, changes: list[Any]
) -> None:
    """Attendance is taken anew all day: rows are deleted, and others come."""
    rows = [attendance(10 * number) for number in range(1, count + 1)]
    before = set(dcids(rows))
    calls = 0

    def change(server: PowerSchoolApi, asked: Asked) -> None:
        nonlocal calls
        calls += asked.method == "GET"
        for number, (when, what, where, to) in enumerate(changes):
            if when != calls or asked.method != "GET":
                continue
            if what == "add":
                rows.append(attendance(10 * where + number + 1))
            elif rows:
                row = rows.pop(where % len(rows))
                if what == "move":
                    rows.insert(min(to, len(rows)), row)

    with serving(app_of(powerschool({"attendance": rows}, page_cap=cap), change)) as api:
        try:
            found = dcids(read(api, folder, build(sort=sort)))
        except AnswerIncomplete:
            assert changes
            return
    assert len(set(found)) == len(found)
    assert before.intersection(dcids(rows)) <= set(found)
