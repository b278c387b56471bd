"""The check that tells silence from breakage: what came last, and what nobody takes."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetKey,
    AssetsDefinition,
    MetadataValue,
    multi_asset_check,
)

from teamster.core.durations import overdue_after, shown_duration
from teamster.core.errors import Permanent
from teamster.libraries.sftp.assets import feeds_of
from teamster.libraries.sftp.feed import Feed
from teamster.libraries.sftp.survey import Found, survey

CHECK_NAME = "files_arriving"
_PATHS_SHOWN = 50


@dataclass(frozen=True)
class Arrivals:
    """How it stands with a feed's files.

    Attributes:
        asset_key: The feed's asset.
        problems: What someone should look at; nothing where all is well.
        metadata: The figures and names behind it.
    """

    asset_key: AssetKey
    problems: Sequence[str]
    metadata: dict[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        """Whether there is nothing to look at."""
        return not self.problems

    @property
    def description(self) -> str:
        """The problems, in a sentence."""
        return "; ".join(self.problems) or "files come as expected"

    def result(self) -> AssetCheckResult:
        """Returns it as a check that ran reports it."""
        return AssetCheckResult(check_name=CHECK_NAME, **self._fields())

    def evaluation(self) -> AssetCheckEvaluation:
        """Returns it as a sensor reports it."""
        return AssetCheckEvaluation(check_name=CHECK_NAME, **self._fields())

    def _fields(self) -> dict[str, Any]:
        return {
            "asset_key": self.asset_key,
            "passed": self.passed,
            "severity": AssetCheckSeverity.WARN,
            "metadata": self.metadata,
            "description": self.description,
        }


def arrivals_of(
    feed: Feed, found: Found | Permanent, now: float, seen_at: float | None = None
) -> Arrivals:
    """Tells how it stands with a feed's files.

    Args:
        feed: The feed.
        found: What its server holds, or why that cannot be told.
        now: The time, seconds since 1970.
        seen_at: When a new file was first seen, where that is known: vendors' clocks and the dates
            of copied files may lie.
    """
    if isinstance(found, Permanent):
        return Arrivals(feed.asset_key, [str(found)])
    newest = found.newest
    files = {file.path for present in found.partitions.values() for file in present}
    metadata: dict[str, Any] = {"files": len(files), "partitions": len(found.partitions)}
    came_at = None
    if newest is not None:
        came_at = max(newest.mtime.timestamp(), seen_at or 0)
        metadata["last_file"] = newest.path
        metadata["last_file_came"] = MetadataValue.timestamp(datetime.fromtimestamp(came_at, UTC))
    problems = list(_overdue(feed, came_at, now))
    for name, what, paths in (
        ("unmatched_files", "files that no feed takes", found.unmatched),
        ("unreadable", "folders or archives that cannot be read", found.unreadable),
        ("without_member", "archives without the feed's member", _missed_members(feed, found)),
    ):
        if paths:
            more = found.unmatched_not_kept if name == "unmatched_files" else 0
            problems.append(f"{what}: {len(paths) + more}")
            metadata[name] = "\n".join(paths[:_PATHS_SHOWN])
    if found.hostile:
        problems.append(f"names with a path or control characters in them: {found.hostile}")
    return Arrivals(feed.asset_key, problems, metadata)


def _overdue(feed: Feed, came_at: float | None, now: float) -> Iterator[str]:
    every = feed.asset.expected_every
    if every is None:
        return
    expected = f"one is expected every {shown_duration(every)}"
    if came_at is None:
        yield f"there is no file, {expected}"
    elif now - came_at > overdue_after(every).total_seconds():
        last = datetime.fromtimestamp(came_at, UTC)
        yield f"no new file since {last:%Y-%m-%d %H:%M} UTC, {expected}"


def _missed_members(feed: Feed, found: Found) -> Sequence[str]:
    return [] if feed.match.when_missing == "skip" else found.without_member


def build_sftp_checks(assets: Sequence[AssetsDefinition]) -> list[AssetChecksDefinition]:
    """Makes the check ``files_arriving`` of SFTP assets, one definition a server.

    It warns when no file came for a quarter longer than ``expected_every``, when a file lies in the
    feed's folders that none of these assets takes (``ignore_files`` names those that nobody should
    miss), when a folder of a partition appears that is not defined, when something cannot be read.
    The sensor reports it on its ticks; it can be run by hand, too.

    Args:
        assets: Assets made by the SFTP factories; others are an error.

    Raises:
        ConfigError: An asset was not made by an SFTP factory.
    """
    servers: dict[tuple[str, str], list[Feed]] = {}
    for feed in feeds_of(assets):
        servers.setdefault((feed.asset_key.path[0], feed.ssh_resource_key), []).append(feed)
    return [_check_of_server(*server, feeds) for server, feeds in servers.items()]


def _check_of_server(location: str, server: str, feeds: Sequence[Feed]) -> AssetChecksDefinition:
    specs = [
        AssetCheckSpec(
            CHECK_NAME,
            asset=feed.asset_key,
            description="Files come as often as expected, and none is left over.",
        )
        for feed in feeds
    ]

    @multi_asset_check(
        name=f"{location}__{server}__{CHECK_NAME}",
        specs=specs,
        can_subset=True,
        required_resource_keys={server},
    )
    def _check(context: AssetCheckExecutionContext) -> Iterator[AssetCheckResult]:
        with getattr(context.resources, server).session() as session:
            results = survey(feeds, session)
        asked_for = {key.asset_key for key in context.selected_asset_check_keys}
        for feed, found in zip(feeds, results, strict=True):
            if feed.asset_key in asked_for and found is not None:
                yield arrivals_of(feed, found, time.time()).result()

    return _check
