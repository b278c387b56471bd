"""What records hold against what their schema says, as dotted field names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from teamster.core.schema import EXTRA_FIELD, AvroSchema, expanded


@dataclass
class _Shape:
    """What a type nests: a record's fields, an array's items, a map's values."""

    fields: dict[str, "_Shape"] | None = None
    items: "_Shape | None" = None
    values: "_Shape | None" = None


@dataclass
class FieldsSeen:
    """The fields that records showed, measured by a schema as the records pass.

    Attributes:
        schema: The schema to measure by.
        extras: Dotted names of fields that the schema lacks.
        seen: Dotted names of the schema's fields that some record had.
    """

    schema: AvroSchema
    extras: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)
    _records: set[str] = field(default_factory=set)
    """Prefixes under which some record stood; the records themselves stand under the empty one."""

    def __post_init__(self) -> None:
        """Prepares the schema for many records."""
        self._shape = _shape(expanded(self.schema))

    def names(self, names: Iterable[str]) -> None:
        """Notes the column names of flat records."""
        self._walk(dict.fromkeys(names), self._shape, "")

    def record(self, record: Mapping[str, Any]) -> None:
        """Notes the fields of one record, those of nested records included."""
        self._walk(record, self._shape, "")

    @property
    def missing(self) -> list[str]:
        """Dotted names of schema fields that no record had, sorted.

        A nested record's fields count only where some record had the nested record.
        """
        return sorted(self._absent(self._shape, ""))

    def _walk(self, value: Any, shape: _Shape, prefix: str) -> None:
        if isinstance(value, Mapping):
            if shape.fields is not None:
                self._walk_record(value, shape.fields, prefix)
            elif shape.values is not None:
                for inner in value.values():  # a map's keys are data: they are not named
                    self._walk(inner, shape.values, prefix)
        elif isinstance(value, (list, tuple)) and shape.items is not None:
            for item in value:
                self._walk(item, shape.items, prefix)

    def _walk_record(
        self, record: Mapping[str, Any], fields: Mapping[str, _Shape], prefix: str
    ) -> None:
        self._records.add(prefix)
        for name, inner in record.items():
            dotted = f"{prefix}{name}"
            if name not in fields:
                self.extras.add(dotted)
                continue
            self.seen.add(dotted)
            if isinstance(inner, (Mapping, list, tuple)):
                self._walk(inner, fields[name], f"{dotted}.")

    def _absent(self, shape: _Shape, prefix: str) -> Iterable[str]:
        while shape.fields is None and (shape.items or shape.values):
            shape = shape.items or shape.values or shape
        if prefix not in self._records:
            return
        for name, inner in (shape.fields or {}).items():
            dotted = f"{prefix}{name}"
            if dotted in self.seen:
                yield from self._absent(inner, f"{dotted}.")
            elif dotted != EXTRA_FIELD:
                yield dotted


def _shape(avro_type: Any) -> _Shape:
    """Returns what a type nests; of a union what any of its branches does."""
    shape = _Shape()
    for branch in avro_type if isinstance(avro_type, list) else [avro_type]:
        match branch:
            case {"type": "record", "fields": fields}:
                inner = {field["name"]: _shape(field["type"]) for field in fields}
                shape.fields = {**(shape.fields or {}), **inner}
            case {"type": "array", "items": items}:
                shape.items = _shape(items)
            case {"type": "map", "values": values}:
                shape.values = _shape(values)
    return shape
