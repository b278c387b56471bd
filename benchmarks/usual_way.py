"""From a CSV file to an Avro object the usual way: all rows as dicts in a list, then fastavro."""

import csv
import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import fastavro

CONVERTERS: dict[str, Callable[[str], Any]] = {
    "string": str,
    "long": int,
    "double": float,
    "boolean": {"true": True, "false": False}.__getitem__,
    "date": date.fromisoformat,
}


def main(source: str, target: str, schema_file: str) -> None:
    """Converts a file.

    Args:
        source: The CSV file.
        target: The object.
        schema_file: The schema, as JSON; each field is a nullable union with null first.
    """
    schema = json.loads(Path(schema_file).read_text())
    write(rows_of(Path(source), schema), Path(target), schema)


def rows_of(source: Path, schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Reads a file, with no more steps than it takes; where all is text, none are for types."""
    csv.field_size_limit(sys.maxsize)
    with source.open(encoding="utf-8-sig", newline="") as file:
        rows: list[dict[str, Any]] = [
            {name: cell or None for name, cell in row.items()} for row in csv.DictReader(file)
        ]
    kinds = {field["name"]: field["type"][1] for field in schema["fields"]}
    for name, kind in kinds.items():
        if kind != "string":
            convert = CONVERTERS[kind["logicalType"] if isinstance(kind, dict) else kind]
            for row in rows:
                if row[name] is not None:
                    row[name] = convert(row[name])
    return rows


def write(rows: list[dict[str, Any]], target: Path, schema: dict[str, Any]) -> None:
    """Writes an object."""
    with target.open("wb") as file:
        fastavro.writer(file, schema, rows, codec="snappy")
