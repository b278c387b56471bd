from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import duckdb
import fastavro
import pytest

from teamster.core.schema import resolve_schema
from teamster.libraries.dbt.warehouse import load_avro_extension

PutObject = Callable[..., Path]


def _put_object(
    root: Path,
    key: str,
    schema: Any,
    rows: Sequence[Mapping[str, Any]],
    /,
    *,
    name: str = "data",
    **partitions: str,
) -> Path:
    """Writes an object where the IO manager would: dimensions sorted by name, values quoted."""
    folder = root / key
    for dimension, value in sorted(partitions.items()):
        folder /= f"_dagster_partition_{dimension}={quote(value, safe='')}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("wb") as file:
        fastavro.writer(file, resolve_schema(schema), rows, codec="snappy")
    return folder / name


@pytest.fixture(scope="session")
def put_object() -> PutObject:
    return _put_object


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        load_avro_extension(opened)
        yield opened
