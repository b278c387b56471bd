"""Pages by key: nothing that comes or goes moves what is still to be read."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teamster.core.errors import ConfigError, RequestRefused, UnexpectedAnswer
from tests.libraries.rest.listings import KEYSET, Records, build, read, resource_of
from tests.libraries.rest.server import Answered, App, Asked, Fault, serving

FAULTS: list[Fault] = ["429", "502", "reset", "slow", "truncated", "short"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spool")


@settings(max_examples=max(1, settings.default.max_examples // 3))
@given(
    ids=st.sets(st.integers(0, 10**20), max_size=30),
    cap=st.integers(1, 9),
    faults=st.dictionaries(st.integers(0, 12), st.sampled_from(FAULTS), max_size=5),
)
def test_every_record_comes_once_by_its_number(
    folder: Path, ids: set[int], cap: int, faults: dict[int, Fault]
) -> None:
    with serving(Records([{"id": each} for each in ids], "keyset", cap)) as api:
        api.faults = faults
        found = read(api, folder, resource_of(api, max_attempts=6), pagination=KEYSET, key="id")
    assert [row["id"] for row in found.values] == sorted(ids)
    assert len(api.asked) <= -(-len(ids) // min(cap, 7)) + 1 + len(faults), (
        "lists by key are read once"
    )


def by_name(names: list[str]) -> App:
    """Returns an API of texts in the order of code points, two a page."""

    def app(asked: Asked) -> Answered:
        later = sorted(name for name in names if name > asked.get("after"))[:2]
        rows = [{"node": {"name": name}} for name in later]
        return Answered({"data": rows}) if rows else Answered({"error": "none left"}, 404)

    return app


def test_texts_ascend_by_code_points(tmp_path: Path) -> None:
    names = ["Z", "a", "é", "007", "10 b", "9"]
    kind = {"type": "keyset", "param": "after", "path": "name", "end_status": 404}
    with serving(by_name(names)) as api:
        found = read(api, tmp_path, pagination=kind, record="node")
    assert [row["name"] for row in found.values] == sorted(names)


def test_one_record_may_stand_alone(tmp_path: Path) -> None:
    def app(asked: Asked) -> Answered:
        return Answered({"data": [] if asked.get("id[gt]") else {"id": 7}})

    with serving(app) as api:
        found = read(api, tmp_path, pagination=KEYSET, lone_record=True)
    assert found.values == [{"id": 7}]
    assert [asked.get("id[gt]") for asked in api.asked] == ["", "7"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"id": 2}, {"id": 1}], "at id do not ascend"),
        ([{"id": 1}, {"id": 1}], "do not ascend.*sort in params"),
        ([{"id": 9}, {"id": "9b"}], "do not ascend"),
        ([{"id": 1.5}, {"id": 2.5}], "do not ascend"),
        ([{"id": 1}, {"no": 2}], "pagination.path: a record has no text or number at id"),
        ([{"id": None}], "no text or number at id"),
    ],
)
def test_keys_that_do_not_ascend_are_told(tmp_path: Path, rows: list[Any], said: str) -> None:
    with serving(lambda asked: Answered({"data": rows})) as api:
        with pytest.raises(UnexpectedAnswer, match=f"GET /things: .*{said}"):
            read(api, tmp_path, pagination=KEYSET)
        assert len(api.asked) == 1


def test_a_server_that_does_not_know_the_parameter_is_told(tmp_path: Path) -> None:
    rows = [{"id": 1}, {"id": 2}]
    with (
        serving(lambda asked: Answered({"data": rows})) as api,
        pytest.raises(UnexpectedAnswer, match=r"do not ascend.*knows no id\[gt\]"),
    ):
        read(api, tmp_path, pagination=KEYSET)
    assert [asked.get("id[gt]") for asked in api.asked] == ["", "2"]


def by_query(rows: list[int], wanted: list[str]) -> App:
    """Returns an API of ids whose one query holds conditions that all must hold, two a page."""

    def app(asked: Asked) -> Answered:
        wanted.append(asked.get("q"))
        after = -1
        for condition in asked.get("q").split(";"):
            name, _, number = condition.rpartition("=gt=")
            after = int(number) if name == "id" else after
        return Answered({"data": [{"id": each} for each in sorted(rows) if each > after][:2]})

    return app


BY_QUERY = {"type": "keyset", "param": "q", "path": "id", "value": "id=gt={key}", "join": ";"}


@pytest.mark.parametrize(
    ("params", "first"),
    [({"q": "a==é b;c==1"}, "a==é b;c==1"), ({"q": ""}, ""), ({"q": None}, ""), ({}, "")],
)
def test_a_key_may_be_joined_to_what_is_asked_for(
    tmp_path: Path, params: dict[str, Any], first: str
) -> None:
    asked: list[str] = []
    with serving(by_query([3, 1, 2], asked)) as api:
        found = read(api, tmp_path, pagination=BY_QUERY, params=params)
    assert [row["id"] for row in found.values] == [1, 2, 3]
    own = f"{first};" if first else ""
    assert asked == [first, f"{own}id=gt=2", f"{own}id=gt=3"]


def test_a_value_without_join_replaces_what_is_asked_for(tmp_path: Path) -> None:
    asked: list[str] = []
    with serving(by_query([1], asked)) as api:
        read(api, tmp_path, pagination={**BY_QUERY, "join": None}, params={"q": "id=gt=0"})
    assert asked == ["id=gt=0", "id=gt=1"]


def test_a_key_that_would_part_the_value_is_told(tmp_path: Path) -> None:
    with (
        serving(lambda asked: Answered({"data": [{"id": "canary;b==2"}]})) as api,
        pytest.raises(UnexpectedAnswer, match="a key at id has ';' in it") as told,
    ):
        read(api, tmp_path, pagination=BY_QUERY)
    assert "canary" not in str(told.value)


def test_words_of_a_server_that_was_shown_a_key_are_not_shown(tmp_path: Path) -> None:
    def app(asked: Asked) -> Answered:
        if asked.get("q"):
            return Answered({"message": f"wrong value canary in {asked.get('q')}"}, 400)
        return Answered({"data": [{"id": "canary"}]})

    with serving(app) as api, pytest.raises(RequestRefused, match="status 400") as told:
        read(api, tmp_path, pagination=BY_QUERY)
    assert "canary" not in str(told.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"value": "id=gt="}, r"value must have the placeholder \{key\}"),
        ({"value": "{key}{school}"}, r"value must have the placeholder \{key\}"),
        ({"value": "{key"}, "a brace stands alone"),
        ({"join": ""}, "join"),
    ],
)
def test_a_wrong_value_is_told(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        build(pagination={**BY_QUERY, **options})


def test_what_does_not_go_with_keys_is_told() -> None:
    for total in ({"type": "header"}, {"type": "body", "path": "total"}):
        with pytest.raises(ConfigError, match="no total but of type endpoint"):
            build(pagination=KEYSET, total=total)
    with pytest.raises(ConfigError, match=r"params\.q must be one text"):
        build(pagination=BY_QUERY, params={"q": ["a==1", "b==2"]})
