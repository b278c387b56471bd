"""The check that compares a drop's row count with an earlier one, and can hold the drop back."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from dagster import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    AssetRecordsFilter,
    DagsterInstance,
    IntMetadataValue,
    PartitionsDefinition,
)
from pydantic import BaseModel, ConfigDict, Field, model_validator

from teamster.core.errors import ConfigError, SuspectRowCount
from teamster.core.records import Tally
from teamster.core.years import dimensions_of_years, year_before

CHECK_NAME = "volume"
APPROVAL = "approve_volume"
"""The field of a run's configuration by which a drop that was held back is let through."""


class VolumeOptions(BaseModel):
    """When a row count is suspect, and what then happens."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_fall: float | None = Field(
        default=0.5, gt=0, le=1, description="Share of the earlier rows that may be missing."
    )
    max_rise: float | None = Field(
        default=None, gt=0, description="Share of the earlier rows that may come on top."
    )
    compare_with: Literal["last", "year_before"] = Field(
        default="last",
        description="The partition's last materialization, or the same partition a year earlier.",
    )
    on_breach: Literal["warn", "block"] = Field(
        default="warn", description="Warn, or hold the drop back: the last object stays."
    )

    @model_validator(mode="after")
    def _looks_for_something(self) -> "VolumeOptions":
        if self.max_fall is None and self.max_rise is None:
            raise ValueError("give max_fall, max_rise or both")
        return self


def build_check_spec_volume(asset_key: AssetKey, options: VolumeOptions) -> AssetCheckSpec:
    """Declares the check ``volume`` of an asset."""
    limits = {"fall": options.max_fall, "rise": options.max_rise}
    said = " nor ".join(f"{verb}s by over {share:.0%}" for verb, share in limits.items() if share)
    said = f"neither {said}" if " nor " in said else f"never {said}"
    than = "the year before" if options.compare_with == "year_before" else "the last time"
    return AssetCheckSpec(
        name=CHECK_NAME,
        asset=asset_key,
        description=f"The row count {said} against {than}.",
    )


def check_volume_options(
    options: VolumeOptions, definition: PartitionsDefinition[Any] | None
) -> None:
    """Sees that the options fit the asset's partitions.

    Raises:
        ConfigError: There is no dimension of years to go back in.
    """
    if options.compare_with == "year_before" and not dimensions_of_years(definition):
        raise ConfigError(
            "volume: compare_with: year_before needs a partition dimension of years: time windows, "
            "or static keys of four digits"
        )


@dataclass(frozen=True)
class VolumeGuard:
    """Compares one partition's row count with an earlier one.

    Attributes:
        asset_key: The asset.
        partition_key: The partition; None for an asset without.
        options: When a row count is suspect.
        earlier_rows: What to compare with; None where there is nothing.
        approved: Whether someone let this drop through.
    """

    asset_key: AssetKey
    partition_key: str | None
    options: VolumeOptions
    earlier_rows: int | None
    approved: bool = False

    def breach(self, rows: int) -> str:
        """Returns what is suspect about a row count; empty if nothing is."""
        if not self.earlier_rows:
            return ""
        change = rows / self.earlier_rows - 1
        options = self.options
        if options.max_fall is not None and -change > options.max_fall:
            return f"the rows fell by {-change:.0%} ({options.max_fall:.0%} allowed)"
        if options.max_rise is not None and change > options.max_rise:
            return f"the rows rose by {change:.0%} ({options.max_rise:.0%} allowed)"
        return ""

    def held_back_by(
        self, report: Callable[[AssetCheckEvaluation], None]
    ) -> Callable[[Tally], None]:
        """Returns what a stream of records calls at its end.

        Args:
            report: Takes the failed check of a drop that is held back; its run, which fails, can
                report none.

        Returns:
            A function that raises :class:`~teamster.core.errors.SuspectRowCount` if the drop is to
            be held back.
        """

        def hold_back(tally: Tally) -> None:
            breach = self.breach(tally.rows)
            if not breach or self.approved or self.options.on_breach == "warn":
                return
            report(
                AssetCheckEvaluation(
                    asset_key=self.asset_key,
                    check_name=CHECK_NAME,
                    passed=False,
                    severity=AssetCheckSeverity.ERROR,
                    # Not its field for the partition: Dagster 1.13 keeps one such report of each.
                    metadata={**self._metadata(tally.rows), "partition": self.partition_key or ""},
                    description=f"held back: {breach}",
                )
            )
            raise SuspectRowCount(
                f"{breach}: {tally.rows} rows against {self.earlier_rows}. The last object stays "
                f"as it is. If the drop is right, run it again with {APPROVAL}: true in the "
                "configuration of its op"
            )

        return hold_back

    def result(self, rows: int) -> AssetCheckResult:
        """Returns the result of the check for a drop that was let through."""
        breach = self.breach(rows)
        if breach and self.approved:
            breach, said = "", f"approved: {breach}"
        else:
            said = breach or (
                "nothing earlier to compare with" if self.earlier_rows is None else "as before"
            )
        return AssetCheckResult(
            check_name=CHECK_NAME,
            asset_key=self.asset_key,
            passed=not breach,
            severity=AssetCheckSeverity.WARN,
            metadata=self._metadata(rows),
            description=said,
        )

    def _metadata(self, rows: int) -> dict[str, Any]:
        earlier = {} if self.earlier_rows is None else {"earlier_rows": self.earlier_rows}
        return {"rows": rows, **earlier}


def earlier_rows(
    instance: DagsterInstance,
    asset_key: AssetKey,
    definition: PartitionsDefinition[Any] | None,
    partition_key: str | None,
    options: VolumeOptions,
) -> int | None:
    """Returns the row count to compare with, or None where there is none.

    Args:
        instance: Where materializations are recorded.
        asset_key: The asset.
        definition: Its partitions.
        partition_key: The partition that is materialized.
        options: Say whether to look at the partition itself or a year earlier.
    """
    if options.compare_with == "year_before":
        if definition is None or partition_key is None:
            return None
        partition_key = year_before(definition, partition_key)
        if partition_key is None:
            return None
    partitions = None if partition_key is None else [partition_key]
    found = instance.fetch_materializations(
        AssetRecordsFilter(asset_key=asset_key, asset_partitions=partitions), limit=1
    ).records
    materialization = found[0].asset_materialization if found else None
    rows = (materialization.metadata if materialization else {}).get("dagster/row_count")
    return rows.value if isinstance(rows, IntMetadataValue) else None
