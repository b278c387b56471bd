"""A schema's fingerprint: the same for two schemas only if whatever reads them reads the same.

Every Avro object carries its writer schema's fingerprint, in the file's own header and, where the
storage keeps metadata beside an object, there too: a listing then tells which objects differ.
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from teamster.core.schema import AvroSchema

HEADER_KEY = "teamster.schema"
"""The fingerprint's name in an Avro file's header. Names with ``avro.`` are Avro's own."""

OBJECT_KEY = "teamster-schema"
"""The fingerprint's name in an object's metadata, which becomes an HTTP header."""

_PRIMITIVE = {"null", "boolean", "int", "long", "float", "double", "bytes", "string"}
_NAMED = {"record", "error", "enum", "fixed"}


def fingerprint(schema: AvroSchema) -> str:
    """Returns the SHA-256 of a schema's canonical form, in hex.

    Unlike Avro's Parsing Canonical Form, which tells only how bytes are laid out, it keeps what a
    reader makes of them: logical types, defaults, aliases, the attributes that a warehouse knows
    (BigQuery's ``sqlType``).

    Args:
        schema: A record schema.

    Returns:
        64 hexadecimal digits. Docs, the order of keys and the spelling of names do not count;
        names, types and the order of fields do.
    """
    text = json.dumps(canonical(schema), sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()


def header_metadata(schema: AvroSchema) -> dict[str, str]:
    """Returns what an Avro file's header says beside the schema itself."""
    return {HEADER_KEY: fingerprint(schema)}


def object_metadata(schema: AvroSchema) -> dict[str, str]:
    """Returns what an Avro object's metadata says, where the storage keeps some."""
    return {OBJECT_KEY: fingerprint(schema)}


def canonical(avro_type: Any, namespace: str = "") -> Any:
    """Returns a type in the one spelling that all equal ones share.

    Args:
        avro_type: A type, or a whole schema.
        namespace: The namespace that its names belong to.

    Returns:
        Plain data: full names, no docs, no wrapping that says nothing.
    """
    if isinstance(avro_type, list):
        return [canonical(branch, namespace) for branch in avro_type]
    if isinstance(avro_type, str):
        return avro_type if avro_type in _PRIMITIVE else _full_name(avro_type, namespace)
    kept = _without_docs(avro_type)
    kind = kept["type"]
    if isinstance(kind, str) and kind in _NAMED:
        kept["name"] = _full_name(kept["name"], kept.pop("namespace", namespace))
        namespace = kept["name"].rpartition(".")[0]
    elif kind not in ("array", "map"):  # a primitive type, or a wrapped one of any kind
        kept["type"] = canonical(kind, namespace)
    if "aliases" in kept:
        kept["aliases"] = sorted(_full_name(name, namespace) for name in kept["aliases"])
    if "fields" in kept:
        kept["fields"] = [canonical_field(field, namespace) for field in kept["fields"]]
    for inner in ("items", "values"):
        if inner in kept:
            kept[inner] = canonical(kept[inner], namespace)
    return kept["type"] if kept.keys() == {"type"} else kept


def canonical_field(field: Mapping[str, Any], namespace: str = "") -> dict[str, Any]:
    """Returns a record's field in the one spelling that all equal ones share."""
    kept = _without_docs(field)
    kept["type"] = canonical(kept["type"], namespace)
    if "aliases" in kept:
        kept["aliases"] = sorted(kept["aliases"])
    return kept


def _without_docs(given: Mapping[str, Any]) -> dict[str, Any]:
    """Returns a copy without docs, and without what fastavro notes in a schema it has parsed."""
    return {key: given[key] for key in given if key != "doc" and not key.startswith("__")}


def _full_name(name: str, namespace: str) -> str:
    """Source: Apache Avro 1.12 specification, "Names"."""
    return f"{namespace}.{name}" if namespace and "." not in name else name
