"""What assets write, read by others: fastavro, polars, and DuckDB with its Avro extension."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import duckdb
import fastavro
import polars
import pytest

from teamster.libraries.dbt.warehouse import load_avro_extension
from tests.libraries.sftp.fast_and_slow import Way, fast, opened, slow
from tests.libraries.sftp.ugly_cells import KINDS, spelled
from tests.libraries.sftp.ugly_files import UglyFiles

ROWS = 5000  # more than one block
LAYOUT = {"sep": ",", "quote": '"', "escape": None}
Columns = dict[str, list[Any]]
Shape = Callable[[Any], Any]
Cells = Mapping[str, Sequence[str]]


def null_first(avro: Any) -> Any:
    return ["null", avro]


def null_last(avro: Any) -> Any:
    return [avro, "null"]


def never_null(avro: Any) -> Any:
    return avro


@pytest.mark.parametrize("way", [fast, slow])
@pytest.mark.parametrize("shape", [null_first, null_last, never_null])
def test_all_readers_find_the_same_values(way: Way, shape: Shape, tmp_path: Path) -> None:
    cells = {
        name: kind.fit if shape is never_null else ["", *kind.fit] for name, kind in KINDS.items()
    }
    written = object_of(cells, shape, way, tmp_path)
    by_fastavro = columns_by_fastavro(written)
    assert by_fastavro["string"] == [cell or None for cell in islice(cycle(cells["string"]), ROWS)]
    assert all(any(column) for column in by_fastavro.values())
    assert all((None in column) == (shape is not never_null) for column in by_fastavro.values())
    assert columns_by_polars(written) == by_fastavro
    assert columns_by_duckdb(written) == by_fastavro


@pytest.mark.parametrize("way", [fast, slow])
def test_an_object_without_rows_has_its_columns(way: Way, tmp_path: Path) -> None:
    written = object_of({"string": []}, null_first, way, tmp_path)
    assert columns_by_fastavro(written) == {}
    assert columns_by_duckdb(written) == {"string": []}
    # polars 2.1 cannot read any snappy file without rows, whoever wrote it: its reader panics.


def object_of(cells: Cells, shape: Shape, way: Way, folder: Path) -> Path:
    """Writes columns of cells, repeated until there are :data:`ROWS`, as an object."""
    columns = [islice(cycle(column), ROWS) for column in cells.values()]
    lines = [list(cells), *zip(*columns, strict=True)]
    text = "".join(
        ",".join(spelled(cell, LAYOUT, always=False) for cell in line) + "\n" for line in lines
    )
    fields = [{"name": name.replace("-", "_"), "type": shape(KINDS[name].avro)} for name in cells]
    schema = {"type": "record", "name": "table", "fields": fields}
    path = folder / "object"
    with opened(
        UglyFiles([text.encode()], schema, {"max_rejected_rows": 0}, []), folder
    ) as records:
        way(path, records)
    return path


def columns_by_fastavro(path: Path) -> Columns:
    with path.open("rb") as file:
        rows: list[Any] = list(fastavro.reader(file))
    return {name: [row[name] for row in rows] for name in (rows[0] if rows else ())}


def columns_by_polars(path: Path) -> Columns:
    return polars.read_avro(path).to_dict(as_series=False)


def columns_by_duckdb(path: Path) -> Columns:
    connection = duckdb.connect()
    load_avro_extension(connection)
    found = connection.execute("SELECT * FROM read_avro(?)", [str(path)])
    names = [column[0] for column in found.description or ()]
    rows = found.fetchall()
    columns = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    for name, column in columns.items():
        columns[name] = [_as_meant(name, value) for value in column]
    return columns


def _as_meant(name: str, value: Any) -> Any:
    """Reads what DuckDB leaves as it is stored: moments without time zone, decimals as bytes.

    Our dbt sources do the same in SQL: ``teamster.libraries.dbt.avro_sql``.
    """
    match value:
        case datetime():
            return value.replace(tzinfo=UTC)
        case bytes() if name == "decimal":
            return Decimal(int.from_bytes(value, "big", signed=True)).scaleb(-2)
    return value
