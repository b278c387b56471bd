"""What differs between two schemas of one asset, field by field."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from teamster.core.fingerprint import canonical, canonical_field
from teamster.core.resolution import is_nullable, matched, shown_type
from teamster.core.schema import AvroSchema, expanded

_SHOWN = ("name", "namespace", "type", "fields", "doc")
"""Keys that are shown in other ways, or not at all."""


_WHOLE = "(record)"


@dataclass(frozen=True)
class Difference:
    """One difference of a schema that objects were written with from the asset's present one.

    Attributes:
        field: The field's dotted name, as it is at present where it is there.
        change: ``added``, ``removed``, ``renamed``, ``type changed``, ``attributes changed`` or
            ``order changed``.
        written: What it was; empty where it was not there.
        present: What it is; empty where it is no longer there.
    """

    field: str
    change: str
    written: str = ""
    present: str = ""

    def __str__(self) -> str:
        sides = " -> ".join(side for side in (self.written, self.present) if side)
        return f"{self.field}: {self.change}" + (f" ({sides})" if sides else "")


def differences(written: AvroSchema, present: AvroSchema) -> list[Difference]:
    """Returns what differs, in the order of the present schema; removed fields stand behind it.

    Args:
        written: The schema that objects were written with.
        present: The asset's present schema.
    """
    was, is_now = expanded(written), expanded(present)
    found = list(_of_records(was, is_now, ""))
    if was["name"] != is_now["name"]:
        found.append(Difference(_WHOLE, "renamed", was["name"], is_now["name"]))
    return found


def _of_records(
    written: Mapping[str, Any], present: Mapping[str, Any], prefix: str
) -> Iterator[Difference]:
    takes = matched(written["fields"], present["fields"])
    sources = {
        takes[field["name"]]["name"]: field
        for field in reversed(written["fields"])
        if field["name"] in takes
    }
    for field in present["fields"]:
        source = sources.get(field["name"])
        name = prefix + field["name"]
        if source is None:
            yield Difference(name, "added", present=_shown_new(field))
        else:
            yield from _of_field(source, field, name)
    for field in written["fields"]:
        if field["name"] not in takes:
            yield Difference(prefix + field["name"], "removed", shown_type(field["type"]))
    name = prefix.rstrip(".") or _WHOLE
    if _attributes(written) != _attributes(present):
        yield _attributes_changed(name, written, present)
    if not _same_order(list(sources), [field["name"] for field in present["fields"]]):
        yield Difference(name, "order changed")


def _same_order(backwards: Sequence[str], present: Sequence[str]) -> bool:
    common = set(backwards)
    return [name for name in present if name in common] == list(backwards)[::-1]


def _of_field(
    written: Mapping[str, Any], present: Mapping[str, Any], name: str
) -> Iterator[Difference]:
    if canonical_field(written) == canonical_field(present):
        return
    if written["name"] != present["name"]:
        yield Difference(name, "renamed", written["name"], present["name"])
    yield from _of_types(written["type"], present["type"], name)
    if _attributes(written) != _attributes(present):
        yield _attributes_changed(name, written, present)


def _of_types(written: Any, present: Any, name: str) -> Iterator[Difference]:
    if canonical(written) == canonical(present):
        return
    was, within_was = _unwrapped(written)
    is_now, within_now = _unwrapped(present)
    nested = isinstance(was, Mapping) and isinstance(is_now, Mapping)
    if nested and "fields" in was and "fields" in is_now:
        if within_was != within_now or was["name"] != is_now["name"]:
            yield Difference(name, "type changed", shown_type(written), shown_type(present))
        yield from _of_records(was, is_now, f"{name}.")
    elif shown_type(written) != shown_type(present):
        yield Difference(name, "type changed", shown_type(written), shown_type(present))
    else:  # symbols, sizes, units: what the short form does not show
        sides = (json.dumps(canonical(side)) for side in (written, present))
        yield Difference(name, "type changed", *sides)


def _unwrapped(avro_type: Any) -> tuple[Any, list[str]]:
    """Returns the type within null, arrays and maps, and those around it."""
    around: list[str] = []
    while True:
        if isinstance(avro_type, list) and len(avro_type) == 2 and is_nullable(avro_type):
            around.append("null" if avro_type[0] == "null" else "or null")
            avro_type = avro_type[0] if avro_type[1] == "null" else avro_type[1]
        elif isinstance(avro_type, Mapping) and avro_type["type"] in ("array", "map"):
            around.append(avro_type["type"])
            avro_type = avro_type["items" if avro_type["type"] == "array" else "values"]
        else:
            return avro_type, around


def _attributes(given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns what a field or a record has beside its name, its type and its fields."""
    kept = {key: given[key] for key in given if key not in _SHOWN and not key.startswith("__")}
    return {**kept, "aliases": sorted(kept["aliases"])} if "aliases" in kept else kept


def _attributes_changed(
    name: str, written: Mapping[str, Any], present: Mapping[str, Any]
) -> Difference:
    was, is_now = _attributes(written), _attributes(present)
    changed = [
        key for key in sorted({**was, **is_now}) if was.get(key, ...) != is_now.get(key, ...)
    ]
    sides = [
        ", ".join(f"{key} {json.dumps(side[key])}" for key in changed if key in side) or "none"
        for side in (was, is_now)
    ]
    return Difference(name, "attributes changed", *sides)


def _shown_new(field: Mapping[str, Any]) -> str:
    default = f", default {json.dumps(field['default'])}" if "default" in field else ""
    return shown_type(field["type"]) + default
