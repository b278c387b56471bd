"""Pages by key: nothing that comes or goes moves what is still to be read."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teamster.core.errors import UnexpectedAnswer
from tests.libraries.rest.listings import KEYSET, Records, read, resource_of
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
    assert len(api.asked) <= -(-len(ids) // cap) + 1 + len(faults), "lists by key are read once"


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
