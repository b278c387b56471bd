"""JSON values to Avro values: nested where the schema nests, as text where it says so."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from teamster.core.errors import ConfigError
from teamster.core.fit import misfit
from teamster.core.json_text import Number, compact
from teamster.core.schema import EXTRA_FIELD, avro_name, non_null
from teamster.core.values import Converter, converter, type_name

Fit: TypeAlias = Callable[[Any, str], Any]
"""Makes a JSON value fit a type, or raises DoesNotFit. Its second argument is the dotted name."""

_NAMES_KEPT = 10_000


class DoesNotFit(Exception):
    """A value does not fit its type; it is told without the value."""

    def __init__(self, dotted: str, reason: str) -> None:
        super().__init__(dotted, reason)
        self.dotted = dotted
        self.reason = reason


@dataclass
class FieldNames:
    """Field names of a JSON object as Avro names; of two that collide the second gets ``_2``.

    Attributes:
        mend: Makes one name valid.
        renamed: The names given to fields that collided.
    """

    mend: Callable[[str], str] = avro_name
    renamed: list[str] = field(default_factory=list)
    _given: dict[str, str] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def __call__(self, key: str) -> str:
        """Returns the name of a field."""
        if key in self._given:
            return self._given[key]
        own = self.mend(key) or "field"
        if len(self._given) >= _NAMES_KEPT:  # keys are data here: memory stays flat
            return own
        name, number = own, 1
        while name in self._taken:
            number += 1
            name = f"{own}_{number}"
        if number > 1:
            self.renamed.append(name)
        self._taken.add(name)
        self._given[key] = name
        return name


@dataclass
class RecordFit:
    """Makes JSON objects fit a record.

    Attributes:
        schema: The record; named types written out.
        extras: Receives the dotted names of fields that it lacks.
        names: Mends its fields' names.
        ignored: Names of fields that are deliberately not taken.
    """

    schema: Mapping[str, Any]
    extras: set[str]
    names: FieldNames = field(default_factory=FieldNames)
    ignored: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        """Prepares the fields."""
        fields = {each["name"]: each for each in self.schema["fields"]}
        self._keeps_unknown = fields.pop(EXTRA_FIELD, None) is not None
        self._fits = {name: fitter(each["type"], self.extras) for name, each in fields.items()}
        self._required = [
            name
            for name, each in fields.items()
            if "default" not in each and misfit(None, each["type"], name)
        ]

    def __call__(self, value: Any, dotted: str = "") -> dict[str, Any]:
        """Returns the record; fields that the object lacks are absent."""
        if not isinstance(value, Mapping):
            raise DoesNotFit(dotted, "not of type record")
        prefix = f"{dotted}." if dotted else ""
        row: dict[str, Any] = {}
        unknown: dict[str, str] = {}
        for key, each in value.items():
            name = self.names(key)
            fit = self._fits.get(name)
            if name in self.ignored:
                continue
            if fit:
                row[name] = fit(each, f"{prefix}{name}")
                continue
            self.extras.add(f"{prefix}{name}")
            if self._keeps_unknown and each is not None and each != "":
                unknown[name] = _text(each, f"{prefix}{name}")
        if self._keeps_unknown:
            row[EXTRA_FIELD] = unknown
        return row

    def knows_any(self, row: Mapping[str, Any]) -> bool:
        """Tells whether a record has a field of the schema."""
        return not row.keys().isdisjoint(self._fits)

    def check_required(self, row: Mapping[str, Any]) -> None:
        """Raises if a record lacks a field that has neither null nor a default."""
        for name in self._required:
            if name not in row:
                raise DoesNotFit(name, "a field that must not be null is missing")


def fitter(avro_type: Any, extras: set[str]) -> Fit:
    """Returns how JSON values become values of a type.

    Args:
        avro_type: The type; named types written out.
        extras: Receives the dotted names of nested fields that a record lacks.
    """
    if isinstance(avro_type, list):
        only = non_null(avro_type)
        fit = _first_that_fits(avro_type) if isinstance(only, list) else fitter(only, extras)
        return _nullable(fit) if "null" in avro_type else fit
    kind = avro_type["type"] if isinstance(avro_type, Mapping) else avro_type
    if isinstance(avro_type, Mapping) and "logicalType" in avro_type:
        return _scalar(avro_type)
    match kind:
        case "record":
            return _nested(RecordFit(avro_type, extras))
        case "array":
            return _array(fitter(avro_type["items"], extras))
        case "map":
            return _map(fitter(avro_type["values"], extras))
        case "string":
            return _text
    return _scalar(avro_type)


def _nullable(fit: Fit) -> Fit:
    return lambda value, dotted: None if value is None or value == "" else fit(value, dotted)


def _nested(record: RecordFit) -> Fit:
    def fit(value: Any, dotted: str) -> Any:
        row = record(value, dotted)
        record.check_required(row)
        return row

    return fit


def _array(item: Fit) -> Fit:
    def fit(value: Any, dotted: str) -> Any:
        if not isinstance(value, list):
            raise DoesNotFit(dotted, "not of type array")
        return [item(each, dotted) for each in value]

    return fit


def _map(entry: Fit) -> Fit:
    def fit(value: Any, dotted: str) -> Any:
        if not isinstance(value, Mapping):
            raise DoesNotFit(dotted, "not of type map")
        return {_text(key, dotted): entry(each, dotted) for key, each in value.items()}

    return fit


def _text(value: Any, dotted: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        raise DoesNotFit(dotted, "null, where the schema has no null")
    try:
        text = value if isinstance(value, str) else compact(value)
    except RecursionError:
        raise DoesNotFit(dotted, "nested too deeply") from None
    except ValueError:
        raise DoesNotFit(dotted, "NaN or Infinity, which JSON does not know") from None
    if not text.isascii() and misfit(text, "string", dotted):
        raise DoesNotFit(dotted, "not of type string")
    return text


def _scalar(avro_type: Any) -> Fit:
    """Reads a number or text as a cell of that text is read."""
    convert: Converter | None
    try:
        convert = converter(avro_type)
    except ConfigError:  # no cell can hold it, a JSON value may
        return _first_that_fits([avro_type])
    is_boolean = avro_type == "boolean"

    def fit(value: Any, dotted: str) -> Any:
        if isinstance(value, bool) and is_boolean:
            return value
        if not convert or not isinstance(value, str):  # a number is its own text
            raise DoesNotFit(dotted, f"not of type {type_name(avro_type)}")
        try:
            return convert(value)
        except ValueError:
            raise DoesNotFit(dotted, f"not of type {type_name(avro_type)}") from None

    return fit


def _first_that_fits(branches: Iterable[Any]) -> Fit:
    """Checks a value as it is: which branch was meant is not guessed."""
    union = list(branches)
    shown = " or ".join(type_name(branch) for branch in union)

    def fit(value: Any, dotted: str) -> Any:
        try:
            plain = _plain(value)
        except (ValueError, RecursionError):  # more digits, or more levels, than Python reads
            raise DoesNotFit(dotted, f"not of type {shown}") from None
        if misfit(plain, union, dotted):
            raise DoesNotFit(dotted, f"not of type {shown}")
        return plain

    return fit


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, Number):
        return int(value) if value.lstrip("-").isdigit() else float(value)
    return value
