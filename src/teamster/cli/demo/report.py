"""What the demo prints at its end: what came in, what is odd about it, and some answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
from dagster import AssetCheckEvaluation, AssetKey, AssetMaterialization
from rich.console import Console
from rich.table import Table

from teamster.cli.demo.answers import ANSWERS, Answer
from teamster.cli.demo.environment import DemoEnvironment
from teamster.core.settings import project_root
from teamster.libraries.dbt.settings import dbt_target, warehouse_path


@dataclass(frozen=True)
class Outcome:
    """What became of one asset, or one partition of it.

    Attributes:
        asset_key: The asset.
        partition_key: The partition.
        rows: Rows in it.
        uri: Where its object lies.
        extras: Fields that its schema lacks.
        warnings: What else someone should know.
        note: Why there is nothing, without that being a failure.
        error: Why it failed.
        is_table: Whether it is a table of the warehouse.
    """

    asset_key: AssetKey
    partition_key: str | None = None
    rows: int | None = None
    uri: str = ""
    extras: str = ""
    warnings: Sequence[str] = ()
    note: str = ""
    error: str = ""
    is_table: bool = False

    @classmethod
    def of(
        cls,
        materialization: AssetMaterialization,
        check: AssetCheckEvaluation | None,
        *,
        is_table: bool = False,
    ) -> "Outcome":
        """Makes one of what a run recorded."""
        metadata = {name: value.value for name, value in materialization.metadata.items()}
        extras = str(check.metadata["extras"].value or "") if check else ""
        rows: Any = metadata.get("dagster/row_count")
        warnings: Any = metadata.get("warnings") or ()
        return cls(
            asset_key=materialization.asset_key,
            partition_key=materialization.partition,
            rows=rows,
            uri=str(metadata.get("dagster/uri", "")),
            extras=extras,
            warnings=tuple(warnings),
            is_table=is_table,
        )

    @property
    def label(self) -> str:
        """The asset, with its partition."""
        key = self.asset_key.to_user_string()
        return f"{key} [{self.partition_key}]" if self.partition_key else key

    @property
    def check(self) -> str:
        """The schema check's result in a word."""
        if self.error:
            return "[red]failed[/red]"
        if self.note:
            return "[dim]none[/dim]"
        return "[yellow]drift[/yellow]" if self.extras else "[green]ok[/green]"


def print_report(
    console: Console, outcomes: Sequence[Outcome], environment: DemoEnvironment
) -> bool:
    """Prints the report.

    Returns:
        Whether every part succeeded, the answers included.
    """
    objects = [outcome for outcome in outcomes if not outcome.is_table]
    tables = [outcome for outcome in outcomes if outcome.is_table]
    console.print(_objects_table(objects))
    _print_oddities(console, objects)
    failed = [outcome for outcome in outcomes if outcome.error]
    built = [outcome for outcome in tables if not outcome.error]
    rows = sum(outcome.rows or 0 for outcome in objects)
    done = [outcome for outcome in objects if outcome.rows is not None]
    console.print(f"\n{len(done)} objects, {rows:,} rows; {len(built)} tables and views in dbt")
    answered = not failed and _print_answers(console)
    for outcome in failed:
        console.print(f"[red]FAILED[/red] {outcome.label}: {outcome.error}", highlight=False)
    if failed:
        console.print(f"The runs' own words are in {_shown(environment.log)}")
    return answered


def _shown(path: Path) -> str:
    root = project_root()
    return str(path.relative_to(root)) if path.is_relative_to(root) else path.name


def _objects_table(outcomes: Sequence[Outcome]) -> Table:
    table = Table(title="What came in", title_justify="left", pad_edge=False)
    table.add_column("asset", overflow="fold", min_width=24)
    table.add_column("partition", overflow="fold")
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("check", no_wrap=True)
    table.add_column("object", overflow="fold", min_width=20)
    for outcome in outcomes:
        table.add_row(
            outcome.asset_key.to_user_string(),
            outcome.partition_key or "",
            "" if outcome.rows is None else f"{outcome.rows:,}",
            outcome.check,
            outcome.uri or outcome.note or outcome.error,
        )
    return table


def _print_oddities(console: Console, outcomes: Sequence[Outcome]) -> None:
    """Prints drift and warnings, each once with the assets it stands for."""
    words: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.extras:
            words.setdefault(f"columns that the schema lacks: {outcome.extras}", []).append(
                outcome.label
            )
        for warning in outcome.warnings:
            words.setdefault(warning, []).append(outcome.label)
    if words:
        console.print("\n[bold]Warnings[/bold]")
    for word, labels in words.items():
        console.print(f"[yellow]![/yellow] {', '.join(labels)}\n    {word}", highlight=False)


def _print_answers(console: Console) -> bool:
    """Prints a few questions' answers out of the warehouse; False if one cannot be had."""
    target = dbt_target()
    if target not in (None, "duckdb"):  # the questions are in DuckDB's SQL
        console.print(f"\nThe tables are in {target}, as the environment says: ask there.")
        return True
    with duckdb.connect(str(warehouse_path()), read_only=True) as warehouse:
        for answer in ANSWERS:
            try:
                console.print("", _answer_table(warehouse, answer))
            except duckdb.Error as error:
                console.print(f"[red]FAILED[/red] {answer.question}: {error}")
                return False
    console.print(
        f"\nAsk more: [bold]{_shown(warehouse_path())}[/bold] is a DuckDB file; "
        "[bold]make dev[/bold] opens the Dagster UI."
    )
    return True


def _answer_table(warehouse: duckdb.DuckDBPyConnection, answer: Answer) -> Table:
    result = warehouse.execute(answer.sql)
    table = Table(title=answer.question, title_justify="left", pad_edge=False)
    for column in result.description or ():
        table.add_column(column[0].replace("_", " "), overflow="fold")
    for row in result.fetchall():
        table.add_row(*("" if value is None else str(value) for value in row))
    return table
