"""Google's own SQL, GoogleSQL (ZetaSQL), compiled to WebAssembly: what BigQuery's dialect is.

It parses statements, resolves their names and types as BigQuery does, and evaluates queries by its
reference implementation. BigQuery's emulator translates to DuckDB's SQL and is no judge of that.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, timedelta
from functools import cache
from typing import Any

import wasmtime
import zetasql.core.wasm_client
from zetasql.api import Analyzer, CatalogBuilder, Parser, PreparedQuery, TableBuilder
from zetasql.core.exceptions import ServerError as Wrong
from zetasql.core.local_service import ZetaSqlLocalService
from zetasql.types import (
    AnalyzerOptions,
    LanguageOptions,
    ProductMode,
    SimpleCatalog,
    TypeKind,
    ZetaSQLBuiltinFunctionOptions,
)


class _CachingConfig(wasmtime.Config):
    """Compiles quickly, and once: what was compiled lies in the user's cache folder."""

    def __init__(self) -> None:
        super().__init__()
        self.cranelift_opt_level = "none"
        self.cache = True


zetasql.core.wasm_client.Config = _CachingConfig

__all__ = ["Wrong", "analyze", "analyzing", "evaluate", "literal", "parse", "texts"]

KINDS = {
    "STRING": TypeKind.TYPE_STRING,
    "INTEGER": TypeKind.TYPE_INT64,
    "FLOAT": TypeKind.TYPE_DOUBLE,
    "BOOLEAN": TypeKind.TYPE_BOOL,
    "DATE": TypeKind.TYPE_DATE,
    "TIMESTAMP": TypeKind.TYPE_TIMESTAMP,
    "NUMERIC": TypeKind.TYPE_NUMERIC,
}
"""BigQuery's names of types, as its API has them -> GoogleSQL's."""

Tables = Mapping[tuple[str, str, str], Mapping[str, str]]
"""Project, dataset and table -> column -> one of :data:`KINDS`."""


@cache
def _options() -> AnalyzerOptions:
    language = LanguageOptions.maximum_features()
    language.product_mode = ProductMode.PRODUCT_EXTERNAL
    return AnalyzerOptions(language_options=language, default_timezone="UTC")


def _functions() -> ZetaSQLBuiltinFunctionOptions:
    return ZetaSQLBuiltinFunctionOptions(language_options=_options().language_options)


def parse(statement: str) -> str:
    """Parses a statement and returns its kind, without resolving a name in it.

    Raises:
        Wrong: It is no statement.
    """
    kind = type(Parser.parse_statement_static(statement)).__name__
    return kind.removeprefix("AST").removesuffix("Statement")


def analyze(statement: str, tables: Tables) -> str:
    """Resolves a statement's names and types, and returns its kind.

    Args:
        statement: The statement.
        tables: The tables that there are.

    Raises:
        Wrong: A name or a type in it is not right.
    """
    return _kind(Analyzer(_options(), _catalog(tables)).analyze_statement(statement))


@contextmanager
def analyzing(tables: Tables) -> Iterator[Callable[[str], str]]:
    """Yields :func:`analyze` for many statements over the same tables: they are told once."""
    service = ZetaSqlLocalService.get_instance()
    told = service.register_catalog(simple_catalog=_catalog(tables)).registered_id

    def analyze(statement: str) -> str:
        found = service.analyze(
            sql_statement=statement, options=_options(), registered_catalog_id=told
        )
        return _kind(found.resolved_statement)

    try:
        yield analyze
    finally:
        service.unregister_catalog(registered_id=told)


def _kind(resolved: Any) -> str:
    return type(resolved).__name__.removeprefix("Resolved").removesuffix("Stmt")


def _catalog(tables: Tables) -> SimpleCatalog:
    catalog = CatalogBuilder("tests").with_builtin_functions(_functions()).build()
    nested: dict[tuple[str, ...], SimpleCatalog] = {(): catalog}
    for (project, dataset, table), columns in tables.items():
        built = TableBuilder(table)
        for name, kind in columns.items():
            built.add_column(name, KINDS[kind])
        for path in ((project, dataset), (dataset,)):  # of the one project it need not be said
            for depth in range(1, len(path) + 1):
                if path[:depth] not in nested:
                    nested[path[:depth]] = SimpleCatalog(name=path[depth - 1])
                    nested[path[: depth - 1]].catalog.append(nested[path[:depth]])
            nested[path].table.append(built.build())
    return catalog


def evaluate(query: str) -> list[tuple[Any, ...]]:
    """Evaluates a query without tables."""
    catalog = CatalogBuilder("tests").with_builtin_functions(_functions()).build()
    builder = PreparedQuery.builder().set_sql(query).set_analyzer_options(_options())
    with builder.set_catalog(catalog).prepare() as prepared:
        rows = prepared.execute().content.table_data.row
        return [tuple(map(_value, row.cell)) for row in rows]


def literal(text: str) -> str:
    """Returns a text as SQL."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\t", "\\t") + "'"


def texts(values: Iterable[str]) -> str:
    """Returns a table of texts, `x`, numbered `n`, as SQL."""
    rows = ", ".join(f"({n}, {literal(x)})" for n, x in enumerate(values))
    return f"(select s.n, s.x from unnest(array<struct<n int64, x string>>[{rows}]) as s)"


def _value(cell: Any) -> Any:
    """Returns a cell's value; of a moment ask for `unix_micros`."""
    for name in ("string_value", "int64_value", "double_value", "bool_value"):
        if getattr(cell, name) is not None:
            return getattr(cell, name)
    if cell.date_value is not None:
        return date(1970, 1, 1) + timedelta(days=cell.date_value)
    return None
