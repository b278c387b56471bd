"""Partition dimensions: how each is spelled in a path, and where each comes from."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dagster import (
    PartitionsDefinition,
    StaticPartitionsDefinition,
    TimeWindowPartitionsDefinition,
)

from teamster.core.errors import ConfigError
from teamster.core.partitions import (
    SINGLE,
    FiscalYearSpelling,
    dimension_definitions,
    fiscal_start_month,
)
from teamster.core.paths import DateSpelling, PathPattern, Spelling, TextSpelling, group_names
from teamster.libraries.sftp.options import MatchOptions


@dataclass(frozen=True)
class Patterns:
    """The feed's regular expressions, by the part of the path that each is for."""

    folder: PathPattern
    file: PathPattern
    member: PathPattern | None = None

    @property
    def in_path(self) -> frozenset[str]:
        """Dimensions that the remote path carries."""
        return self.folder.dimensions | self.file.dimensions

    @property
    def in_member(self) -> frozenset[str]:
        """Dimensions that the archive member's name carries."""
        return self.member.dimensions if self.member else frozenset()


@dataclass(frozen=True)
class Spellings:
    """Makes patterns whose dimensions are spelled as the options say."""

    definition: PartitionsDefinition[Any] | None
    match: MatchOptions

    def pattern(self, source: str) -> PathPattern:
        """Returns the pattern of an expression; a single dimension fills whatever group it has."""
        parts = dimension_definitions(self.definition)
        if SINGLE not in parts:
            return PathPattern(source, self._of_all)
        names = group_names(source)
        return PathPattern(source, {name: self._of(name, parts[SINGLE]) for name in names})

    @cached_property
    def _of_all(self) -> dict[str, Spelling]:
        parts = dimension_definitions(self.definition)
        return {name: self._of(name, part) for name, part in parts.items()}

    def _of(self, name: str, definition: PartitionsDefinition[Any]) -> Spelling:
        path_format = self.match.partition_formats.get(name)
        if isinstance(definition, TimeWindowPartitionsDefinition):
            month = fiscal_start_month(definition)
            if path_format is None and month:
                return FiscalYearSpelling(month, definition.fmt)
            return DateSpelling(definition.fmt, path_format or definition.fmt)
        if path_format is not None:
            raise ConfigError(f"partition_formats: {name} is no dimension of dates")
        known = isinstance(definition, StaticPartitionsDefinition)
        return TextSpelling(
            aliases=self.match.partition_aliases.get(name, {}),
            values=tuple(definition.get_partition_keys()) if known else None,
        )


def named_dimensions(
    definition: PartitionsDefinition[Any] | None, patterns: Patterns, match: MatchOptions
) -> dict[str, PartitionsDefinition[Any]]:
    """Returns dimension -> definition, having checked that each has exactly one origin."""
    carried = patterns.in_path | patterns.in_member
    supplied = set(match.partition_sources)
    parts = dimension_definitions(definition)
    if SINGLE in parts:
        names = carried | supplied
        if len(names) != 1:
            raise ConfigError(
                f"the partition has one dimension, and {len(names)} groups or sources carry it "
                f"({', '.join(sorted(names)) or 'none'}); name one group (?P<name>…) in a regex"
            )
        parts = dict.fromkeys(names, parts[SINGLE])
    if carried & supplied:
        raise ConfigError(f"partition_sources: {_listed(carried & supplied)} has a group already")
    if set(parts) - carried - supplied:
        raise ConfigError(
            f"no named group carries dimension {_listed(set(parts) - carried - supplied)}; add "
            "(?P<name>…) to a regex, or name its origin in partition_sources"
        )
    for option in ("partition_aliases", "partition_formats", "partition_sources"):
        unknown = set(getattr(match, option)) - set(parts)
        if unknown:
            raise ConfigError(f"{option}: {_listed(unknown)} is no dimension of the partition")
    for name in supplied:
        if not isinstance(parts[name], TimeWindowPartitionsDefinition):
            raise ConfigError(f"partition_sources: {name} is no dimension of dates")
    return parts


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
