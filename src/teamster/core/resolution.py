"""Whether what one schema wrote can be read by another, told by field before anything is read.

Source: Apache Avro 1.12 specification, "Schema Resolution". It says nothing of logical types; here
one never becomes another, for the same number would then mean something else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from teamster.core.schema import AvroSchema, expanded

_PROMOTIONS = {
    "int": ("long", "float", "double"),
    "long": ("float", "double"),
    "float": ("double",),
    "string": ("bytes",),
    "bytes": ("string",),
}
_NAMED = ("record", "enum", "fixed")
LOGICAL_ATTRIBUTES = ("logicalType", "precision", "scale")
"""What makes a type a logical one."""


@dataclass(frozen=True)
class Obstacle:
    """Something that stands in the way of reading old records by a new schema.

    Attributes:
        field: The new field's dotted name.
        problem: What it is, in words.
        certain: Whether every record is concerned; else it depends on the values.
    """

    field: str
    problem: str
    certain: bool = True

    def __str__(self) -> str:
        return f"field {self.field}: {self.problem}"


def obstacles(written: AvroSchema, present: AvroSchema) -> list[Obstacle]:
    """Returns what stands in the way of reading records of one schema by another.

    The names of the two schemas themselves do not matter: both are the same asset's.

    Args:
        written: The schema that the records were written with.
        present: The schema to read them by. A new field without a default is null where it can be.

    Returns:
        The obstacles, in the order of the fields.
    """
    found = _of_fields(expanded(written)["fields"], expanded(present)["fields"], "")
    return list(dict.fromkeys(found))


def matched(
    written: Sequence[Mapping[str, Any]], present: Sequence[Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """Returns name of a field that was written -> the present field that takes its values.

    A field is found by its name, else by an alias of the present field.
    """
    by_alias = {alias: field for field in present for alias in field.get("aliases", ())}
    by_name = {field["name"]: field for field in present}
    found: dict[str, Mapping[str, Any]] = {}
    for field in written:
        name = field["name"]
        takes = by_name.get(name) or by_alias.get(name)
        if takes is not None:
            found[name] = takes
    return found


def gains_logical_type(written: AvroSchema, present: AvroSchema) -> bool:
    """Tells whether a schema may give plain values of another one a logical type.

    Then a value may not fit, such as a text that is no UUID, though Avro resolves it.
    """
    return not _logical_names(present) <= _logical_names(written)


def _logical_names(avro_type: Any, path: str = "") -> set[str]:
    """Returns where there are logical types; a field that was renamed counts as another."""
    if isinstance(avro_type, list):
        return set().union(*(_logical_names(branch, path) for branch in avro_type))
    if not isinstance(avro_type, Mapping):
        return set()
    found = {f"{path}:{avro_type['logicalType']}"} if "logicalType" in avro_type else set()
    for field in avro_type.get("fields", ()):
        found |= _logical_names(field["type"], f"{path}.{field['name']}")
    for inner in ("type", "items", "values"):
        found |= _logical_names(avro_type.get(inner), path)
    return found


def is_nullable(avro_type: Any) -> bool:
    """Tells whether a type has a place for null."""
    return avro_type == "null" or (isinstance(avro_type, list) and "null" in avro_type)


def shown_type(avro_type: Any) -> str:
    """Returns a type as people read it: ``null | array<decimal(10, 2)>``."""
    if isinstance(avro_type, list):
        return " | ".join(map(shown_type, avro_type))
    if not isinstance(avro_type, Mapping):
        return str(avro_type)
    match avro_type:
        case {"type": "array", "items": inner} | {"type": "map", "values": inner}:
            return f"{avro_type['type']}<{shown_type(inner)}>"
        case {"logicalType": "decimal", "precision": precision}:
            return f"decimal({precision}, {avro_type.get('scale', 0)})"
        case {"logicalType": logical}:
            return str(logical)
        case {"type": kind} if kind in _NAMED:
            return f"{kind} {avro_type['name']}"
    return shown_type(avro_type["type"])


def _of_fields(
    written: Sequence[Mapping[str, Any]], present: Sequence[Mapping[str, Any]], prefix: str
) -> Iterator[Obstacle]:
    takes = matched(written, present)
    sources: dict[str, list[Mapping[str, Any]]] = {}
    for field in written:
        if field["name"] in takes:
            sources.setdefault(takes[field["name"]]["name"], []).append(field)
    for field in present:
        name = prefix + field["name"]
        match sources.get(field["name"], []):
            case []:
                yield from _of_new_field(field, name)
            case [source]:
                yield from _of_type(source["type"], field["type"], name)
            case several:
                names = ", ".join(source["name"] for source in several)
                yield Obstacle(name, f"several fields have its name or alias: {names}")


def _of_new_field(field: Mapping[str, Any], name: str) -> Iterator[Obstacle]:
    if "default" not in field:
        if not is_nullable(field["type"]):
            yield Obstacle(name, "is new, has no default and cannot be null")
    elif field["default"] and _holds_bytes(field["type"]):
        yield Obstacle(name, "is new and has a default of bytes, which is not supported")


def _holds_bytes(avro_type: Any) -> bool:
    if isinstance(avro_type, list):
        return any(map(_holds_bytes, avro_type))
    if not isinstance(avro_type, Mapping):
        return bool(avro_type == "bytes")
    inner = [field["type"] for field in avro_type.get("fields", ())]
    inner += [avro_type[key] for key in ("items", "values") if key in avro_type]
    return avro_type["type"] in ("bytes", "fixed") or any(map(_holds_bytes, inner))


def _of_type(written: Any, present: Any, name: str) -> Iterator[Obstacle]:
    if isinstance(present, list) and _ambiguous(present):
        yield Obstacle(name, f"the branches of {shown_type(present)} cannot be told apart")
    elif isinstance(written, list):
        yield from _of_union(written, present, name)
    elif isinstance(present, list):
        yield from _into_union(written, present, name)
    else:
        yield from _of_one(written, present, name)


def _of_union(written: list[Any], present: Any, name: str) -> Iterator[Obstacle]:
    by_branch = [list(_of_type(branch, present, name)) for branch in written]
    refused = [any(each.certain for each in found) for found in by_branch]
    for branch, found, is_refused in zip(written, by_branch, refused, strict=True):
        if not is_refused:
            yield from found
        elif all(refused):
            if branch != "null" or len(written) == 1:
                yield from found
        else:
            problem = f"a {shown_type(branch)} has no place in {shown_type(present)}"
            yield Obstacle(name, problem, certain=False)


def _into_union(written: Any, present: list[Any], name: str) -> Iterator[Obstacle]:
    by_branch = [list(_of_type(written, branch, name)) for branch in present]
    fitting = [found for found in by_branch if not any(each.certain for each in found)]
    if fitting:
        yield from fitting[0]
        return
    others = [found for branch, found in zip(present, by_branch, strict=True) if branch != "null"]
    if len(others) == 1:
        yield from others[0]
    else:
        yield _mismatch(written, present, name)


def _of_one(written: Any, present: Any, name: str) -> Iterator[Obstacle]:
    kind = _kind(written)
    if not _may_become(written, present):
        yield _mismatch(written, present, name)
    elif kind == "record" and isinstance(written, Mapping):
        yield from _of_fields(written["fields"], present["fields"], f"{name}.")
    elif kind in ("array", "map"):
        inner = "items" if kind == "array" else "values"
        yield from _of_type(written[inner], present[inner], name)
    elif kind == "fixed" and written["size"] != present["size"]:
        yield Obstacle(name, f"its size was {written['size']} bytes and is {present['size']}")
    elif kind == "enum" and "default" not in present:
        gone = [symbol for symbol in written["symbols"] if symbol not in present["symbols"]]
        if gone:
            yield Obstacle(name, f"symbols are gone: {', '.join(gone)}", certain=False)


def _may_become(written: Any, present: Any) -> bool:
    kind, wanted = _kind(written), _kind(present)
    if kind != wanted:
        return wanted in _PROMOTIONS.get(kind, ()) and not _logical(written)
    if kind in _NAMED and not _same_name(written, present):
        return False
    return not _means_something_else(written, present)


def _mismatch(written: Any, present: Any, name: str) -> Obstacle:
    return Obstacle(name, f"{shown_type(written)} cannot become {shown_type(present)}")


def _keys(avro_type: Any) -> Sequence[str]:
    return list(avro_type) if isinstance(avro_type, Mapping) else ()


def _kind(avro_type: Any) -> str:
    """Returns a type's own kind; a name stands only within the type that it names."""
    return str(avro_type["type"] if isinstance(avro_type, Mapping) else avro_type)


def _logical(avro_type: Any) -> dict[str, Any]:
    return {key: avro_type[key] for key in LOGICAL_ATTRIBUTES if key in _keys(avro_type)}


def _means_something_else(written: Any, present: Any) -> bool:
    """Tells whether both have a logical type, and not decimals of which one only holds more."""
    was, wanted = _logical(written), _logical(present)
    if not was or not wanted or was == wanted:
        return False
    decimals = was["logicalType"] == wanted["logicalType"] == "decimal"
    same_scale = was.get("scale", 0) == wanted.get("scale", 0)
    return not (decimals and same_scale and was["precision"] <= wanted["precision"])


def _same_name(written: Any, present: Any) -> bool:
    if not isinstance(written, Mapping) or not isinstance(present, Mapping):
        return bool(written == present)
    names = {written["name"], written["name"].rpartition(".")[2]}
    known = {present["name"].rpartition(".")[2], *present.get("aliases", ())}
    return bool(names & known)


def _ambiguous(branches: list[Any]) -> bool:
    """Tells whether a value, once read, no longer shows which branch it came from."""
    kinds = [_kind(branch) for branch in branches]
    plain = [kind for kind in kinds if kind not in _NAMED]
    return sum(kind in ("record", "map") for kind in kinds) > 1 or len({*plain}) < len(plain)
