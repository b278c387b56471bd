"""Only what changed: laid over the last object, which always holds everything."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from dagster import AssetsDefinition
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from teamster.core.schema import text_model
from teamster.libraries.rest import since as since_module
from teamster.libraries.rest.assets import build_rest_asset
from tests.libraries.rest.listings import KEY, always
from tests.libraries.rest.runs import Runs, data_version, error_of
from tests.libraries.rest.server import Answered, Asked, serving
from tests.libraries.sftp.vendor import metadata_of

SCHEMA = text_model("thing", "id name version gone")
MARK = {"endpoint": "/version", "path": "newest"}


@dataclass
class Changing:
    """A table that counts its changes.

    Attributes:
        rows: id -> its record.
        version: How many changes there were.
    """

    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    version: int = 0
    fulls: int = 0

    def put(self, number: str, name: str, gone: bool = False) -> None:
        """Changes a record."""
        self.version += 1
        self.rows[number] = {"id": number, "name": name, "version": self.version, "gone": gone}

    def __call__(self, asked: Asked) -> Answered:
        if asked.path == "/version":
            return Answered({"newest": self.version})
        least, most = asked.get("since"), asked.get("until")
        self.fulls += not least
        versions = range(int(least or 0) + 1, int(most or self.version) + 1)
        rows = [row for row in self.rows.values() if row["version"] in versions]
        return Answered(rows)

    @property
    def names(self) -> dict[str, str]:
        """id -> name of all that are not gone."""
        return {number: row["name"] for number, row in self.rows.items() if not row["gone"]}


def build(**options: Any) -> AssetsDefinition:
    params = {"since": "{since}", "until": "{until}"}
    since = {"params": params, "mark": MARK, "deleted": "gone"}
    since |= options.pop("since", {})
    schema = options.pop("avro_schema", SCHEMA)
    options = {"key": "id", "since": since, "when_empty": "write", **options}
    return build_rest_asset(KEY, "/things", "rest_vendor", schema, **options)


def names(runs: Runs) -> dict[str, str]:
    rows = runs.rows()
    found = {row["id"]: row["name"] for row in rows}
    assert len(found) == len(rows)
    return found


def test_changes_are_laid_over_what_is_there(runs: Runs) -> None:
    table = Changing()
    for number in "abc":
        table.put(number, "old")
    with serving(table) as api:
        first = runs.run(api, build())
        assert metadata_of(first)["since_mark"] == "3"
        table.put("b", "new")
        table.put("c", "old", gone=True)
        table.put("d", "new")
        second = runs.run(api, build())
        assert metadata_of(second)["changes"] == 3
        assert names(runs) == {"a": "old", "b": "new", "d": "new"}
        third = runs.run(api, build())
        assert metadata_of(third)["changes"] == 0
        assert names(runs) == {"a": "old", "b": "new", "d": "new"}
    assert table.fulls == 1
    assert metadata_of(third)["dagster/row_count"] == 3
    assert "warnings" not in metadata_of(third)
    assert data_version(first) != data_version(second) == data_version(third)


@pytest.mark.parametrize(
    "options",
    [
        {"params": {"active": True}},
        {"avro_schema": text_model("thing", "id name gone")},
        {"slugify_cols": True},
        {"since": {"full_every": "1 minute"}},
    ],
)
def test_everything_is_read_where_changes_would_not_do(
    runs: Runs, options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = Changing()
    table.put("a", "old")
    with serving(table) as api:
        runs.run(api, build(**options) if "since" in options else build())

        class Later(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return datetime.now(tz) + timedelta(minutes=2)

        monkeypatch.setattr(since_module, "datetime", Later)
        runs.run(api, build(**options))
    assert table.fulls == 2


def test_everything_is_read_where_the_object_is_gone(runs: Runs) -> None:
    table = Changing()
    table.put("a", "old")
    with serving(table) as api:
        runs.run(api, build())
        runs.storage.joinpath(*KEY, "data").unlink()
        runs.run(api, build())
    assert table.fulls == 2
    assert names(runs) == {"a": "old"}


def test_a_run_that_failed_leaves_the_mark_as_it_was(runs: Runs) -> None:
    table = Changing()
    table.put("a", "old")
    with serving(table) as api:
        runs.run(api, build())
        table.put("b", "new")
        api.faults = {len(api.asked) + number: "502" for number in range(1, 20)}
        assert not runs.run(api, build(), raise_on_error=False).success
        api.faults = {}
        runs.run(api, build())
    assert names(runs) == {"a": "old", "b": "new"}


def test_the_servers_clock_is_a_mark(runs: Runs) -> None:
    asset = build_rest_asset(
        KEY,
        "/things",
        "rest_vendor",
        SCHEMA,
        key="id",
        since={
            "params": {"filter": "changed>='{since}'"},
            "overlap": "2 hours",
            "time_format": "%Y-%m-%d %H:%M:%S",
        },
    )
    with serving(lambda asked: Answered([{"id": 1}])) as api:
        for _ in range(2):
            runs.run(api, asset)
        assert api.asked[0].query == {}
        (text,) = api.asked[1].query["filter"]
    said = datetime.strptime(text, "changed>='%Y-%m-%d %H:%M:%S'")
    ago = datetime.now(UTC).replace(tzinfo=None) - said
    assert timedelta(hours=2) <= ago < timedelta(hours=2, minutes=1)


def test_a_counted_mark_reaches_back(runs: Runs) -> None:
    table = Changing()
    table.put("a", "old")
    since = {"mark": {**MARK, "overlap": 3}}
    with serving(table) as api:
        for number in "bcdef":
            runs.run(api, build(since=since))
            table.put(number, "new")
        runs.run(api, build(since=since))
    asked = [each.get("since") for each in api.asked if each.path == "/things"]
    assert asked == ["", "0", "0", "0", "1", "2"]
    assert names(runs) == {"a": "old", **dict.fromkeys("bcdef", "new")}


def test_what_comes_again_unchanged_is_no_new_version(runs: Runs) -> None:
    table = Changing()
    for number in "abc":
        table.put(number, "old")
    since = {"mark": {**MARK, "overlap": 1}}
    with serving(table) as api:
        versions = [data_version(runs.run(api, build(since=since))) for _ in range(3)]
        table.put("c", "new")
        versions.append(data_version(runs.run(api, build(since=since))))
    assert versions[1] == versions[2] != versions[3]


def test_an_overlap_needs_a_count(runs: Runs) -> None:
    since = {"mark": {**MARK, "overlap": 3}}
    app = always(Answered({"newest": "2026-01-05"}))
    with serving(app) as api:
        result = runs.run(api, build(since=since), raise_on_error=False)
    assert "the mark at newest is no whole number; leave overlap out" in error_of(result)[1]


def test_no_mark_is_told(runs: Runs) -> None:
    with serving(lambda asked: Answered({"data": []})) as api:
        result = runs.run(api, build(records="data"), raise_on_error=False)
    assert "GET /version: no mark at newest" in error_of(result)[1]


def test_another_run_meanwhile_is_noticed(runs: Runs) -> None:
    table = Changing()
    table.put("a", "old")
    data = runs.storage.joinpath(*KEY, "data")

    def app(asked: Asked) -> Answered:
        if asked.get("since"):  # the other run writes its object now
            content = data.read_bytes()
            data.unlink()
            data.write_bytes(content)
        return table(asked)

    with serving(app) as api:
        runs.run(api, build())
        result = runs.run(api, build(), raise_on_error=False)
    assert error_of(result)[0] == "ObjectChanged"


CHANGES = st.lists(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.text("xyz", max_size=2), st.booleans())),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=max(1, settings.default.max_examples // 6),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(changes=CHANGES)
def test_the_object_is_always_the_table(
    runs: Runs, changes: list[list[tuple[str, str, bool]]]
) -> None:
    """Whatever changes between runs, the object is what reading everything would give."""
    table = Changing()
    runs.storage.joinpath(*KEY, "data").unlink(missing_ok=True)
    with serving(table) as api:
        for step in changes:
            for number, name, gone in step:
                table.put(number, name, gone)
            runs.run(api, build())
            assert {key: value or "" for key, value in names(runs).items()} == table.names
