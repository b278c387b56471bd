"""Arrays read element by element are what the whole text says, however it is cut."""

import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.json_stream import JsonStream, MalformedJson, NoSuchArray

DECODER = json.JSONDecoder()
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.text("ab.", min_size=1, max_size=2)


class Trickle(io.StringIO):
    """A file that gives a few characters at a time."""

    def __init__(self, text: str, at_once: int) -> None:
        super().__init__(text)
        self.at_once = at_once

    def read(self, size: int | None = -1) -> str:
        return super().read(self.at_once)


def elements(text: str, path: list[str], at_once: int = 3) -> list[Any]:
    stream = JsonStream(Trickle(text, at_once), DECODER)
    pairs = list(stream.array(path))
    assert [json.loads(text) for _, text in pairs] == [value for value, _ in pairs]
    return [value for value, _ in pairs]


@given(
    wanted=st.lists(VALUES, max_size=5),
    around=st.lists(st.dictionaries(NAMES, VALUES, max_size=3), max_size=3),
    path=st.lists(NAMES, max_size=3),
    indent=st.sampled_from([None, 0, 2]),
    ascii_only=st.booleans(),
    at_once=st.integers(1, 9),
)
def test_an_array_wherever_it_stands_is_read_element_by_element(
    wanted: list[Any],
    around: list[dict[str, Any]],
    path: list[str],
    indent: int | None,
    ascii_only: bool,
    at_once: int,
) -> None:
    whole: Any = wanted
    for depth, name in enumerate(reversed(path)):
        siblings = around[depth] if depth < len(around) else {}
        whole = {**{key: value for key, value in siblings.items() if key != name}, name: whole}
    text = json.dumps(whole, indent=indent, ensure_ascii=ascii_only)
    assert elements(text, path, at_once) == wanted


@given(wanted=st.lists(VALUES, min_size=1, max_size=4), data=st.data())
def test_a_text_cut_short_is_never_taken_for_whole(wanted: list[Any], data: st.DataObject) -> None:
    text = json.dumps(wanted)
    cut = data.draw(st.integers(1, len(text) - 1))
    with pytest.raises(MalformedJson):
        elements(text[:cut], [])


@pytest.mark.parametrize(
    "text", ["[1] 2", "[1,]", "[,1]", "[1 2]", "[1}", "[x]", '["a]', "[[1]", "[" * 100_000]
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(MalformedJson):
        elements(text, [])


@pytest.mark.parametrize(
    ("text", "path"),
    [("", []), ("{}", []), ("5", []), ("[]", ["a"]), ('{"a": 1}', ["a"]), ('{"b": []}', ["a"])],
)
def test_an_array_that_is_not_there_is_told(text: str, path: list[str]) -> None:
    with pytest.raises(NoSuchArray):
        elements(text, path)


@pytest.mark.parametrize("text", ['{"a" [1]}', "{1: [1]}", '{"b": 1 "a": [1]}', '{"b": x}'])
def test_an_object_that_is_no_json_is_refused_on_the_way(text: str) -> None:
    with pytest.raises(MalformedJson):
        elements(text, ["a"])


def whole(text: str, path: list[str], at_once: int = 3) -> tuple[list[Any], Any, bool]:
    stream = JsonStream(Trickle(text, at_once), DECODER)
    pairs = list(stream.elements(path))
    assert [json.loads(text) for _, text in pairs] == [value for value, _ in pairs]
    return [value for value, _ in pairs], stream.envelope, stream.found


@given(
    document=VALUES | st.dictionaries(NAMES, VALUES, max_size=4),
    path=st.lists(NAMES, max_size=2),
    indent=st.sampled_from([None, 1]),
    at_once=st.integers(1, 9),
)
def test_a_document_is_its_elements_and_what_stands_around_them(
    document: Any, path: list[str], indent: int | None, at_once: int
) -> None:
    found, envelope, is_array = whole(json.dumps(document, indent=indent), path, at_once)
    at_path = document
    for name in path:
        at_path = at_path.get(name) if isinstance(at_path, dict) else None
    assert is_array == isinstance(at_path, list)
    assert found == (at_path if is_array else [])
    assert _without(document, path) == envelope


def _without(document: Any, path: list[str]) -> Any:
    """Returns a document with the array at a path emptied."""
    if not path:
        return [] if isinstance(document, list) else document
    if not isinstance(document, dict) or path[0] not in document:
        return document
    return {**document, path[0]: _without(document[path[0]], path[1:])}


@given(
    wanted=st.lists(VALUES, max_size=3),
    after=st.dictionaries(st.text("bc", min_size=1), VALUES, max_size=2),
    data=st.data(),
)
def test_a_document_cut_short_is_never_taken_for_whole(
    wanted: list[Any], after: dict[str, Any], data: st.DataObject
) -> None:
    text = json.dumps({"a": wanted, **after})
    cut = data.draw(st.integers(0, len(text) - 1))
    with pytest.raises(MalformedJson):
        whole(text[:cut], ["a"])


@pytest.mark.parametrize(
    "text", ['{"a": []} 1', '{"a": [1], "a": [2]}', '{"a": [1]]', '{"a": [1],}']
)
def test_a_document_that_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(MalformedJson):
        whole(text, ["a"])
