"""Old Avro objects rewritten to an asset's present schema, one by one, each whole or not at all.

An object is copied to the spool and rewritten there; the rewritten one is read back and compared
with the old one, record by record. Then the old one is kept beside its place as ``data.before``,
the new one put in place and read back, and the kept one removed. Readers look for ``data`` only.

A run that was killed leaves at most that copy behind; :func:`settle` tells how far it had come.
"""

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import zip_longest
from pathlib import Path
from typing import Any, BinaryIO

import fastavro
from upath import UPath

from teamster.core.avro_header import read_header
from teamster.core.errors import ObjectChanged, Permanent, UnreadableFile
from teamster.core.fingerprint import object_metadata
from teamster.core.raw_avro import raw_records, write_raw
from teamster.core.resolution import gains_logical_type
from teamster.core.schema import AvroSchema
from teamster.core.schema_history import DATA
from teamster.core.storage import (
    NOTHING,
    StoredObject,
    open_object,
    private_spool,
    put_in_place,
    remove,
    stored,
    version_of,
)

KEPT = "data.before"
"""The name of an old object that is kept until the new one is verified."""

_COPIED_AT_ONCE = 1 << 20


def rewrite(found: StoredObject, present: AvroSchema) -> int:
    """Rewrites an object to a schema, and leaves nothing else behind.

    Args:
        found: The object, as it was listed.
        present: The schema.

    Returns:
        How many records it holds.

    Raises:
        ObjectChanged: Another run wrote the object meanwhile; what it wrote stays.
        UnreadableFile: The object cannot be read to its end by the schema; it stays as it is.
        TeamsterError: The storage refused or did not answer; the object is the old or the new one.
        OSError: A folder or disk refused; the same.
    """
    with private_spool() as spool:
        old, new = spool / "old", spool / "new"
        _fetch(found, old)
        with old.open("rb") as file:
            count = write_raw(new, raw_records(file, present), present)
        _compare(old, new, present)
        checksum = _checksum_of(new)
        kept = found.path.parent / KEPT
        kept_version = put_in_place(old, kept, replacing=NOTHING, metadata=found.metadata)
        try:
            version = put_in_place(
                new, found.path, replacing=found.version, metadata=object_metadata(present)
            )
        except ObjectChanged:
            _drop(kept, kept_version)
            raise
        _verify_in_place(found.path, version, checksum, kept)
        _drop(kept, kept_version)
        return count


def settle(kept: StoredObject) -> str:
    """Ends what a run that was interrupted has begun with an object.

    Args:
        kept: The old object that it has kept.

    Returns:
        What was found and done, in words.

    Raises:
        Permanent: The object itself is gone.
        TeamsterError: The storage refused or did not answer; run again.
    """
    place = kept.path.parent / DATA
    found = stored(place)
    if found is None:
        raise Permanent(
            f"there is a kept {KEPT} and no object: somebody removed it meanwhile. Remove the kept "
            f"one too, or rename it {DATA} to have the old object back"
        )
    with private_spool() as spool:
        old, new = spool / "old", spool / "new"
        _fetch(kept, old)
        _fetch(found, new)
        if _checksum_of(old) == _checksum_of(new):
            said = "nothing had been replaced"
        else:
            try:
                schema = _schema_of(new)
                _read_to_its_end(new)
            except UnreadableFile:
                put_in_place(old, place, replacing=found.version, metadata=kept.metadata)
                said = "the object could not be read: the old one is back"
            else:
                said = _origin(old, new, schema)
        _drop(kept.path, kept.version)
        return said


def _origin(old: Path, new: Path, schema: AvroSchema) -> str:
    try:
        _compare(old, new, schema)
    except UnreadableFile:
        return "the object was written anew since"
    return "the object had been replaced and is verified now"


def _fetch(found: StoredObject, target: Path) -> None:
    """Copies an object as it was listed to the spool.

    Raises:
        ObjectChanged: It is another one by now.
    """
    try:
        with open_object(found.path) as source, target.open("wb") as copy:
            shutil.copyfileobj(source, copy, _COPIED_AT_ONCE)
        same = version_of(stored(found.path)) == found.version
    except FileNotFoundError:
        same = False
    if not same:
        raise ObjectChanged("another run wrote or removed the object since it was listed")


def _compare(old: Path, new: Path, schema: AvroSchema) -> None:
    """Sees that a rewritten file holds what the old one does, read by the same schema.

    Raises:
        UnreadableFile: It does not, or one of them cannot be read.
    """
    missing = object()
    with old.open("rb") as before, new.open("rb") as after:
        pairs = zip_longest(raw_records(before, schema), raw_records(after), fillvalue=missing)
        for number, (one, other) in enumerate(pairs, start=1):
            if one is missing or other is missing:
                raise UnreadableFile(f"the rewritten object differs in length at record {number}")
            if one != other and not _same(one, other):
                raise UnreadableFile(
                    f"record {number} would not be the same: {_differing(one, other)}"
                )
    if gains_logical_type(_schema_of(old), schema):
        _read_logical(new)  # a text that is to be a UUID must be one


def _same(one: Any, other: Any) -> bool:
    """Equality for which NaN is itself."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other or (one != one and other != other))


def _differing(one: Any, other: Any) -> str:
    names = [name for name in {**one, **other} if not _same(one.get(name), other.get(name))]
    return f"field {', '.join(names)}" if names else "its fields"


def _read_to_its_end(path: Path) -> None:
    with path.open("rb") as file:
        for _ in raw_records(file):
            pass


def _read_logical(path: Path) -> None:
    """Reads a file to its end as any reader would, its logical types made into Python's.

    Raises:
        UnreadableFile: A value does not fit.
    """
    count = 0
    with path.open("rb") as file:
        try:
            for _ in fastavro.reader(file):
                count += 1
        except Exception as error:  # its text may hold a value
            problem = f"record {count + 1} does not fit its logical types"
            raise UnreadableFile(f"{problem}: {type(error).__name__}") from None


def _schema_of(path: Path) -> AvroSchema:
    with path.open("rb") as file:
        return read_header(file).schema


def _verify_in_place(place: UPath, version: str, checksum: str, kept: UPath) -> None:
    """Reads back what was put in place; where it is not that, puts the old object back.

    Raises:
        UnreadableFile: It was not what was put, and the old object is back.
    """
    try:
        with open_object(place) as file:
            found = _checksum(file)
    except (FileNotFoundError, ObjectChanged):
        return  # a later run has replaced or removed it: that is its own affair
    if found == checksum or version_of(stored(place)) != version:
        return
    old = stored(kept)
    with private_spool() as spool:
        if old is not None:
            _fetch(old, spool / "old")
            put_in_place(spool / "old", place, replacing=version, metadata=old.metadata)
            _drop(kept, old.version)
    raise UnreadableFile("the storage did not hold what was put there: the old object is back")


def _drop(kept: UPath, version: str) -> None:
    """Removes a kept object, unless it is another one or gone."""
    with suppress(ObjectChanged):
        remove(kept, replacing=version)


def _checksum_of(path: Path) -> str:
    with path.open("rb") as file:
        return _checksum(file)


def _checksum(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    for piece in _pieces(file):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_COPIED_AT_ONCE):
        yield piece
