"""Rows of JSON records fit their schema, so that whoever writes them need not look again."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from upath import UPath

from teamster.core.avro import read_avro, write_avro
from teamster.core.documents import Document, DocumentFit
from teamster.core.drift import FieldsSeen
from teamster.core.errors import UnreadableFile
from teamster.core.fit import first_misfit
from teamster.core.json_text import DECODER
from teamster.core.quarantine import Quarantine
from teamster.core.records import Records, Tally
from teamster.core.schema import EXTRA_FIELD, expanded, resolve_schema
from tests.core.test_avro import SCHEMA


def nullable(kind: Any) -> Any:
    return kind if isinstance(kind, list) else ["null", kind]


TEXTS = {"type": "map", "values": "string"}
OPTIONAL = resolve_schema(
    {
        "type": "record",
        "name": "Row",
        "fields": [
            *({**field, "type": nullable(field["type"])} for field in SCHEMA["fields"]),
            {"name": EXTRA_FIELD, "type": TEXTS},
        ],
    }
)
KNOWN = {"nullable": None}
NAMES = [field["name"] for field in SCHEMA["fields"]]
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from([2**31, 2**63, 1e39, 1e308, "\ud800", "ela", "yes", " 7 ", "1.5e3", ""])
    | st.sampled_from(["2026-01-05", "2026-01-05T09:30:00-05:00", "0001-01-01T00:00+09:00"])
    | st.sampled_from(["12.3456", "1e40", "b5c1e1d0-0000-4000-8000-000000000000"])
    | st.text(max_size=4)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["street", "id", "é"]), inner, max_size=2)
    ),
    max_leaves=5,
)
WHOLE = st.integers(-(2**33), 2**33)
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    **dict.fromkeys(["int", "long", "time", "float", "double", "several"], WHOLE | st.floats()),
    "decimal": st.decimals(-1000, 1000, places=3).map(str),
    "array": st.lists(st.none() | WHOLE, max_size=3),
}
DOCUMENTS = st.lists(
    st.sampled_from([*NAMES, "unknown"]).flatmap(
        lambda name: (LIKELY.get(name, VALUES) | VALUES).map(lambda value: {name: value})
    ),
    max_size=20,
)


def fitted(folder: Path, schema: Any, documents: list[Any]) -> list[Any]:
    tally = Tally(FieldsSeen(schema))
    with Quarantine(folder, 10**6) as quarantine:
        fit = DocumentFit("the records", schema, tally, quarantine)
        texts = [json.dumps(document) for document in documents]
        read = [
            Document(number, DECODER.decode(text), text)
            for number, text in enumerate(texts, start=1)
        ]
        return list(fit.rows(read))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("quarantine")


@given(documents=DOCUMENTS)
def test_whatever_comes_the_rows_fit(folder: Path, documents: list[Any]) -> None:
    """Those that are handed on: what writers would look at again finds nothing."""
    rows = fitted(folder, OPTIONAL, [KNOWN, *documents])
    assert rows
    fields = expanded(OPTIONAL)["fields"]
    assert [first_misfit(row, fields) for row in rows] == [None] * len(rows)


@given(documents=DOCUMENTS)
def test_fitted_rows_are_written_as_others_are(folder: Path, documents: list[Any]) -> None:
    # Of these, fastavro writes more than it reads.
    readable = [each for each in documents if each.keys().isdisjoint(["uuid", "time"])]
    rows = fitted(folder, OPTIONAL, [KNOWN, *readable])
    written = []
    for name, is_fitted in (("checked", False), ("fitted", True)):
        write_avro(folder / name, Records(rows, OPTIONAL, fitted=is_fitted), OPTIONAL)
        with read_avro(UPath(folder / name)) as records:
            written.append(str(list(records)))
    assert written[0] == written[1]


def test_fitted_rows_are_still_told_where_they_cannot_be_written(tmp_path: Path) -> None:
    schema = resolve_schema(
        {"type": "record", "name": "Row", "fields": [{"name": "number", "type": "long"}]}
    )
    with pytest.raises(UnreadableFile, match="record 1, field number: str does not fit"):
        write_avro(tmp_path / "x", Records([{"number": "x"}], schema, fitted=True), schema)
    other = resolve_schema({**schema, "name": "Other"})
    with pytest.raises(UnreadableFile, match="record 1, field number: float does not fit"):
        write_avro(tmp_path / "x", Records([{"number": 1.5}], schema, fitted=True), other)
