"""Avro schemas: from Pydantic models, from plain data, from their names; and names fit for Avro."""

import functools
import importlib
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, count
from typing import Any, TypeAlias

import fastavro
from pydantic import BaseModel, ConfigDict, Field, create_model
from slugify import slugify

from teamster.core.errors import ConfigError

AvroSchema: TypeAlias = dict[str, Any]
"""A record schema as plain data: ``{"type": "record", "name": …, "fields": […]}``."""

SchemaLike: TypeAlias = AvroSchema | type[BaseModel] | str
"""What a factory takes for a schema: plain data, a Pydantic model, or ``"package.module:Name"``."""

EXTRA_FIELD = "_extra"
"""The optional map field that receives the columns a schema does not know."""

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9_]+")
_SLUG = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)*")


def text_model(
    name: str, columns: str | Iterable[str], types: Mapping[str, Any] | None = None
) -> type[BaseModel]:
    """Makes a model whose every column is nullable text, as vendors' files deliver them.

    Args:
        name: The record's name.
        columns: Column names as they stand after slugging; text is split at white space.
        types: Columns that are something else -> annotation, e.g. ``{"score": int}``, a model for
            a record, ``[str]`` or ``[model]`` for an array of it; they can be null as well.

    Returns:
        A Pydantic model, a nullable field a column, in the order given.

    Raises:
        ConfigError: A name is given twice or is not a valid Avro name, or a type is given for a
            column that is not there.
    """
    names = columns.split() if isinstance(columns, str) else list(columns)
    typed = types or {}
    for column in names:
        if avro_name(column) != column:
            raise ConfigError(f"{name}: {column!r} is not a valid Avro name")
    if len(set(names)) != len(names):
        twice = sorted({column for column in names if names.count(column) > 1})
        raise ConfigError(f"{name}: columns stand twice: {', '.join(twice)}")
    if set(typed) - set(names):
        raise ConfigError(
            f"{name}: types of no column: {', '.join(sorted(set(typed) - set(names)))}"
        )
    return record_model(name, {column: _nullable(typed.get(column, str)) for column in names})


def _nullable(annotation: Any) -> Any:
    return (list[annotation[0]] if isinstance(annotation, list) else annotation) | None


def record_model(name: str, columns: Mapping[str, Any]) -> type[BaseModel]:
    """Makes a model of typed columns, each with the default null.

    Args:
        name: The record's name.
        columns: Column name -> annotation, e.g. ``{"score": int | None}``.

    Returns:
        A Pydantic model. A column that Pydantic cannot have as an attribute (a leading underscore,
        a method's name) keeps its Avro name by an alias.
    """
    fields: dict[str, Any] = {}
    for column, annotation in columns.items():
        attribute = column
        while attribute.startswith("_") or hasattr(BaseModel, attribute) or attribute in fields:
            attribute = f"column_{attribute.lstrip('_')}"
        alias = None if attribute == column else column
        fields[attribute] = (annotation, Field(default=None, alias=alias))
    return create_model(name, __config__=ConfigDict(protected_namespaces=()), **fields)


def resolve_schema(schema: SchemaLike) -> AvroSchema:
    """Turns whatever a factory accepts into a record schema as plain data.

    Args:
        schema: Plain data, a Pydantic model, or ``"package.module:Name"`` of either.

    Returns:
        The schema; the same object for the same model or name.

    Raises:
        ConfigError: The name cannot be imported, or what it names is no record schema.
    """
    if isinstance(schema, str):
        return _schema_by_name(schema)
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        return _schema_of_model(schema)
    if isinstance(schema, Mapping) and schema.get("type") == "record":
        return _checked(dict(schema))
    raise ConfigError(
        "avro_schema must be a record schema, a Pydantic model or 'package.module:Name', "
        f"not {type(schema).__name__}"
    )


def _checked(schema: AvroSchema) -> AvroSchema:
    try:
        fastavro.parse_schema(schema)
        names = field_names(schema)
    except Exception as error:  # fastavro's own, or KeyError and TypeError for a wrong shape
        problem = f"{type(error).__name__}: {error}"
        raise ConfigError(f"avro_schema {schema.get('name')!r}: {problem}") from None
    twice = [name for name, times in Counter(names).items() if times > 1]
    invalid = [name for name in [*schema["name"].split("."), *names] if avro_name(name) != name]
    if twice or invalid:
        raise ConfigError(
            f"avro_schema {schema['name']!r}: a field's name stands twice, or is no valid Avro "
            f"name: {', '.join([*twice, *invalid])}"
        )
    return schema


@functools.cache
def _schema_by_name(name: str) -> AvroSchema:
    module_name, _, attribute = name.partition(":")
    if not (module_name and attribute):
        raise ConfigError(f"avro_schema {name!r} is not spelled 'package.module:Name'")
    try:
        found = getattr(importlib.import_module(module_name), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"avro_schema {name!r} cannot be imported: {error}") from error
    return resolve_schema(found)


@functools.cache
def _schema_of_model(model: type[BaseModel]) -> AvroSchema:
    import py_avro_schema  # a fifth of a small process's memory, and few have a model to convert

    option = py_avro_schema.Option
    options = (
        option.NO_DOC | option.NO_AUTO_NAMESPACE | option.MILLISECONDS | option.USE_FIELD_ALIAS
    )
    try:
        schema: AvroSchema = json.loads(py_avro_schema.generate(model, options=options))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"avro_schema {model.__name__}: {error}") from None
    return schema


def field_names(schema: AvroSchema) -> list[str]:
    """Returns the names of a record schema's fields, in order."""
    return [field["name"] for field in schema["fields"]]


def expanded(schema: AvroSchema) -> AvroSchema:
    """Returns a schema in which each named type is written out wherever it is used.

    A type that holds itself keeps its name inside itself.
    """
    written_out = fastavro.schema.expand_schema(schema)
    assert isinstance(written_out, dict)
    return written_out


def has_extra(schema: AvroSchema) -> bool:
    """Tells whether a schema has the ``_extra`` map that keeps unknown columns."""
    return EXTRA_FIELD in field_names(schema)


def non_null(avro_type: Any) -> Any:
    """Returns the one branch of a nullable union that is not null; any other type as it is."""
    if isinstance(avro_type, list):
        branches = [branch for branch in avro_type if branch != "null"]
        return branches[0] if len(branches) == 1 else branches
    return avro_type


def avro_name(text: str) -> str:
    """Mends a text into a valid Avro name, changing as little as possible.

    Source: Apache Avro 1.12 specification, "Names": ``[A-Za-z_][A-Za-z0-9_]*``.
    """
    name = _NOT_IN_A_NAME.sub("_", text.strip())
    return f"_{name}" if not name or name[0].isdigit() else name


def column_name(
    cell: str, *, slugify_cols: bool = True, replacements: Iterable[Sequence[str]] = ()
) -> str:
    """Turns a cell of a file's header into a valid Avro name.

    Args:
        cell: The cell as it stands in the file.
        slugify_cols: Slug it (lower case, ASCII, ``_``); otherwise mend only what is no Avro name.
        replacements: Pairs applied before slugging, such as ``("%", "percent")``.

    Returns:
        The name; empty where the cell is.
    """
    pairs = [(str(old), str(new)) for old, new in replacements]
    if slugify_cols and not pairs and _SLUG.fullmatch(cell):
        return cell  # slugging takes ten times as long to say so
    name = slugify(cell, separator="_", replacements=pairs) if slugify_cols else cell.strip()
    return avro_name(name) if name else ""


def distinct(names: Iterable[str]) -> list[str]:
    """Makes names distinct, losing none: what came before gets ``_2``, ``_3`` and so on.

    A name that is empty becomes ``column_<position>``. No name is given away that another column
    has of its own: of ``a, a, a_2`` the second becomes ``a_3``.
    """
    given = list(names)
    own = set(given)
    result: dict[str, None] = {}
    for position, base in enumerate(given, start=1):
        name = base or f"column_{position}"
        if name in result or not base:
            candidates = chain([name], (f"{name}_{number}" for number in count(2)))
            name = next(each for each in candidates if each not in result and each not in own)
        result[name] = None
    return list(result)


def column_names(
    header: Sequence[str],
    *,
    slugify_cols: bool = True,
    replacements: Iterable[Sequence[str]] = (),
) -> list[str]:
    """Turns a file's header into distinct valid Avro names, one a cell.

    Args:
        header: The header's cells as they stand in the file.
        slugify_cols: See :func:`column_name`.
        replacements: See :func:`column_name`.
    """
    pairs = list(replacements)
    return distinct(
        column_name(cell, slugify_cols=slugify_cols, replacements=pairs) for cell in header
    )
