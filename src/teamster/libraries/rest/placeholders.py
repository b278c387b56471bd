"""Texts with ``{placeholders}``: partition values, fields of a parent's record, the last mark."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from dagster import PartitionsDefinition, TimeWindowPartitionsDefinition

from teamster.core.errors import ConfigError, UnexpectedAnswer
from teamster.core.partitions import FiscalYearSpelling, fiscal_start_month

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\w+)(?:\.(start|end|last))?(?::([^{}]+))?\}|[{}]")


class PartitionValue:
    """A partition's value of one dimension.

    Args:
        key: The value.
        definition: The dimension's.
        alias: The vendor's spelling, where it is another.
    """

    def __init__(
        self, key: str, definition: PartitionsDefinition[Any], alias: str | None = None
    ) -> None:
        self._key = key
        self._definition = definition
        self._alias = alias

    def text(self, edge: str | None, spelled: str | None) -> str:
        """Returns the value as it goes into a request.

        Args:
            edge: Of a window of time its ``start``, its ``end`` (the first moment after it), or its
                ``last`` day; None for the key.
            spelled: A ``strftime`` format.

        Raises:
            ConfigError: An edge or a format is wanted of what is no window of time.
        """
        if self._alias is not None and edge is None and spelled is None:
            return self._alias
        if not isinstance(self._definition, TimeWindowPartitionsDefinition):
            if edge or spelled:
                raise ConfigError(
                    "an edge or a format is wanted of a dimension that is no window of time"
                )
            return self._key
        month = fiscal_start_month(self._definition)
        if edge is None and spelled is None and month:
            return FiscalYearSpelling(month, self._definition.fmt).spell(self._key)
        if edge is None and spelled is None:
            return self._key
        return self._moment(edge).strftime(spelled or self._definition.fmt)

    def _moment(self, edge: str | None) -> datetime:
        assert isinstance(self._definition, TimeWindowPartitionsDefinition)
        window = self._definition.time_window_for_partition_key(self._key)
        if edge == "end":
            return window.end
        if edge == "last":
            return window.end - timedelta(microseconds=1)
        return window.start


Values = Mapping[str, PartitionValue | str]
"""Placeholder -> value: a partition's, or a text."""


@dataclass(frozen=True)
class Template:
    """A text with placeholders, checked when it is defined.

    Attributes:
        source: The text: ``{name}``, ``{name.start}``, ``{name:%Y-%m-%d}``, ``{name.end:%d}``;
            ``{{`` and ``}}`` are braces.

    Raises:
        ConfigError: A brace stands alone.
    """

    source: str

    def __post_init__(self) -> None:
        """Checks the text."""
        for found in _PLACEHOLDER.finditer(self.source):
            if found[0] in ("{", "}"):
                raise ConfigError(
                    f"{self.source!r}: a brace stands alone; write {{{{ or }}}} for a brace, and "
                    "{name}, {name.start} or {name:%Y-%m-%d} for a placeholder"
                )

    @property
    def names(self) -> set[str]:
        """The names of its placeholders."""
        return {found[1] for found in _PLACEHOLDER.finditer(self.source) if found[1]}

    def fill(self, values: Values) -> str:
        """Returns the text with its placeholders filled."""
        return _PLACEHOLDER.sub(lambda found: _filled(found, values), self.source)

    def fill_path(self, values: Values) -> str:
        """Returns the path with its placeholders filled, each of them within its own segment.

        Raises:
            UnexpectedAnswer: A value would lead to another folder.
        """

        def quoted(found: re.Match[str]) -> str:
            text = _filled(found, values)
            if found[1] and text in ("", ".", ".."):
                raise UnexpectedAnswer(
                    f"{self.source}: {found[1]} is empty, or no name that can stand in a path"
                )
            return quote(text, safe="") if found[1] else text

        return _PLACEHOLDER.sub(quoted, self.source)


def _filled(found: re.Match[str], values: Values) -> str:
    if not found[1]:
        return found[0][0]
    value = values[found[1]]
    if isinstance(value, PartitionValue):
        return value.text(found[2], found[3])
    return value


def names_in(texts: Iterable[str]) -> set[str]:
    """Returns the names of all placeholders in texts."""
    return set().union(*(Template(text).names for text in texts))
