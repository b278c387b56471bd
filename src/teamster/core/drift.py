"""What records hold against what their schema says, as dotted field names."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from teamster.core.schema import EXTRA_FIELD, AvroSchema


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

    def names(self, names: Iterable[str]) -> None:
        """Notes the column names of flat records."""
        known = _record_fields(self.schema) or {}
        for name in names:
            (self.seen if name in known else self.extras).add(name)

    def record(self, record: Mapping[str, Any]) -> None:
        """Notes the fields of one record, those of nested records included."""
        self._walk(record, self.schema, "")

    @property
    def missing(self) -> list[str]:
        """Dotted names of schema fields that no record had, sorted.

        A nested record's fields count only where some record had the nested record.
        """
        return sorted(self._absent(self.schema, ""))

    def _walk(self, value: Any, avro_type: Any, prefix: str) -> None:
        if isinstance(value, Mapping):
            fields = _record_fields(avro_type)
            if fields is None:  # a map, or a value the schema does not nest
                return
            for name, inner in value.items():
                dotted = f"{prefix}{name}"
                if name not in fields:
                    self.extras.add(dotted)
                    continue
                self.seen.add(dotted)
                if isinstance(inner, (Mapping, list)):
                    self._walk(inner, fields[name], f"{dotted}.")
        elif isinstance(value, list):
            items = _array_items(avro_type)
            for item in value if items is not None else ():
                self._walk(item, items, prefix)

    def _absent(self, avro_type: Any, prefix: str) -> Iterable[str]:
        for name, inner in (_record_fields(avro_type) or {}).items():
            dotted = f"{prefix}{name}"
            if dotted not in self.seen:
                if dotted != EXTRA_FIELD:
                    yield dotted
                continue
            nested = _array_items(inner)
            yield from self._absent(inner if nested is None else nested, f"{dotted}.")


def _branches(avro_type: Any) -> list[Any]:
    return avro_type if isinstance(avro_type, list) else [avro_type]


def _record_fields(avro_type: Any) -> dict[str, Any] | None:
    """Returns name -> type of a record type, or of the records in a union; else None."""
    fields: dict[str, Any] = {}
    found = False
    for branch in _branches(avro_type):
        if isinstance(branch, Mapping) and branch.get("type") == "record":
            found = True
            fields.update({field["name"]: field["type"] for field in branch["fields"]})
    return fields if found else None


def _array_items(avro_type: Any) -> Any:
    """Returns the item type of an array type, or of the array in a union; else None."""
    for branch in _branches(avro_type):
        if isinstance(branch, Mapping) and branch.get("type") == "array":
            return branch["items"]
    return None
