"""Places for objects, on this machine and in Cloud Storage, and objects laid there."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from upath import UPath

from teamster.core.avro import write_avro
from teamster.core.fingerprint import object_metadata
from teamster.core.storage import StoredObject, private_spool, put_in_place, stored
from tests.emulators import GcsEmulator

KINDS = ["folder", "gcs"]


def place_of(
    kind: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> UPath:
    """Returns a storage's root of its own."""
    if kind == "folder":
        return UPath(tmp_path / "storage")
    gcs: GcsEmulator = request.getfixturevalue("gcs")
    for name, value in gcs.variables.items():
        monkeypatch.setenv(name, value)
    return UPath(f"gs://{gcs.bucket}/{uuid.uuid4().hex}")


def lay(place: UPath, rows: list[dict[str, Any]], schema: dict[str, Any]) -> StoredObject:
    """Puts an object where an asset's run would, with what it would note."""
    with private_spool() as spool:
        write_avro(spool / "new", rows, schema)
        put_in_place(spool / "new", place, metadata=object_metadata(schema))
    return at(place)


def at(place: UPath) -> StoredObject:
    found = stored(place)
    assert found is not None
    return found
