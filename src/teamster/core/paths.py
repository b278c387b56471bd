"""Remote paths as regular expressions whose named groups are partition dimensions.

A :class:`PathPattern` goes both ways: :meth:`~PathPattern.bind` makes of a partition's values the
pattern of the one path they stand for, and :meth:`~PathPattern.parse` reads the values back out of
a path. The law between the two: if ``parse(path)`` is a key, ``bind(key)`` matches ``path``.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Protocol

import regex

from teamster.core.errors import ConfigError
from teamster.core.expressions import Expression, Group, Pattern, read_expression

__all__ = ["DateSpelling", "PathPattern", "Pattern", "Spelling", "TextSpelling", "group_names"]

_SEGMENT = r"[^/]+"


class Spelling(Protocol):
    """How a partition's value of one dimension is spelled in a path."""

    def spell(self, value: str) -> str:
        """Returns the text that stands in the path for a value."""
        ...

    def read(self, text: str) -> str | None:
        """Returns the value that a text in a path stands for, or None if it stands for none."""
        ...

    def expression(self, body: str) -> str:
        """Returns a regular expression that matches every value's text.

        Args:
            body: What stands between the parentheses of the dimension's group; may be empty.
        """
        ...


@dataclass(frozen=True)
class TextSpelling:
    """Values stand for themselves, but for those that the vendor spells differently.

    Attributes:
        aliases: Value -> the vendor's spelling, e.g. ``{"2026": "Current_Year"}``.
        values: The dimension's known values, where they are known.

    Raises:
        ConfigError: Two values would be spelled alike, so that a file would be taken for both.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    values: Collection[str] | None = None

    def __post_init__(self) -> None:
        """Checks that each value's spelling is its own."""
        by_text: dict[str, str] = {}
        for value in dict.fromkeys([*(self.values or ()), *self.aliases]):
            other = by_text.setdefault(self.spell(value), value)
            if other != value:
                raise ConfigError(
                    f"partition_aliases: {other} and {value} are both spelled {self.spell(value)}"
                )

    def spell(self, value: str) -> str:
        """Returns the vendor's spelling of a value."""
        return self.aliases.get(value, value)

    def read(self, text: str) -> str | None:
        """Returns the value that the vendor spells as ``text``.

        Where the values are known, upper and lower case tell values apart only where they must: an
        expression that begins with ``(?i)`` finds ``ELA`` for the value ``ela``.
        """
        if self.values is None:
            spelled = {alias: value for value, alias in self.aliases.items()}
            return spelled.get(text, None if text in self.aliases else text)
        spelled = {self.spell(value): value for value in self.values}
        if text in spelled:
            return spelled[text]
        alike = [spelled[other] for other in spelled if other.casefold() == text.casefold()]
        return alike[0] if len(alike) == 1 else None

    def expression(self, body: str) -> str:
        """Returns the known values' spellings; if unknown, the group's own body and the aliases."""
        if self.values:
            return "|".join(re.escape(self.spell(value)) for value in self.values)
        return "|".join([body or _SEGMENT, *map(re.escape, self.aliases.values())])


@dataclass(frozen=True)
class DateSpelling:
    """Keys of time windows, spelled in the path in a date format of its own.

    Attributes:
        key_format: The ``strftime`` format of the partition keys.
        path_format: The ``strftime`` format of the path.
    """

    key_format: str
    path_format: str

    def spell(self, value: str) -> str:
        """Returns the key's date in the path's format."""
        return datetime.strptime(value, self.key_format).strftime(self.path_format)

    def read(self, text: str) -> str | None:
        """Returns the key of the date that a path shows, its months' names in any case."""
        try:
            value = datetime.strptime(text, self.path_format).strftime(self.key_format)
            return value if self.spell(value).casefold() == text.casefold() else None
        except ValueError:
            return None

    def expression(self, body: str) -> str:
        """Returns the group's own body."""
        return body or _SEGMENT


def group_names(source: str) -> frozenset[str]:
    """Returns the names of an expression's groups.

    Raises:
        ConfigError: See :func:`~teamster.core.expressions.read_expression`.
    """
    return frozenset(group.name for group in read_expression(source).groups)


@dataclass(frozen=True)
class PathPattern:
    """A regular expression over a path, or a part of one, that carries partition dimensions.

    Attributes:
        source: The regular expression. A named group with an empty body, ``(?P<subject>)``, stands
            for the partition's value alone.
        spellings: Dimension -> how its values are spelled here.
        dimensions: The dimensions that this pattern carries.

    Raises:
        ConfigError: The expression is not valid, repeats or nests a dimension's group, or names a
            group that is no dimension.
    """

    source: str
    spellings: Mapping[str, Spelling] = field(default_factory=dict)
    dimensions: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Checks the expression when it is defined, not when the first file comes."""
        object.__setattr__(self, "dimensions", group_names(self.source))
        unknown = self.dimensions - set(self.spellings)
        if unknown:
            raise ConfigError(
                f"regular expression {self.source!r}: group {', '.join(sorted(unknown))} is no "
                f"partition dimension ({', '.join(sorted(self.spellings)) or 'there is none'}); "
                "use (?:…) for a group that only groups"
            )

    @property
    def _expression(self) -> Expression:
        return read_expression(self.source)

    @cached_property
    def any_key(self) -> Pattern:
        """The pattern that matches the paths of every partition."""
        return self.bind({})

    @cached_property
    def as_written(self) -> Pattern:
        """The expression as it stands: it also matches values that no partition has."""
        return self._with(lambda group: self.source[group.body] or _SEGMENT)

    @property
    def literal_prefix(self) -> str:
        """The text with which every match begins, whatever the partition."""
        return self._expression.literal_prefix

    def bind(self, key: Mapping[str, str]) -> Pattern:
        """Returns the pattern of one partition's path, to be used with ``fullmatch``.

        Args:
            key: Dimension -> value. Dimensions that this pattern does not carry are ignored; one
                that it carries and the key lacks stays open.

        Returns:
            A compiled pattern in which each dimension's group matches the value's spelling alone.
        """

        def body_of(group: Group) -> str:
            spelling = self.spellings[group.name]
            if group.name in key:
                return re.escape(spelling.spell(key[group.name]))
            return spelling.expression(self.source[group.body])

        return self._with(body_of)

    def _with(self, body_of: Callable[[Group], str]) -> Pattern:
        parts: list[str] = []
        position = 0
        for group in self._expression.groups:
            parts += [self.source[position : group.body.start], body_of(group)]
            position = group.body.stop
        return regex.compile(self._demanding("".join([*parts, self.source[position:]])))

    def _demanding(self, bound: str) -> str:
        """Adds that no dimension may be left out, even if its group is optional."""
        expression = self._expression
        evadable = [group.name for group in expression.groups if not expression.is_certain(group)]
        conditions = "".join(f"(?({name})|(?!))" for name in evadable)
        return f"(?:{bound}){conditions}" if conditions else bound

    def parse(self, path: str) -> dict[str, str] | None:
        """Reads a path's partition values.

        Args:
            path: The whole path, or the part of one that this pattern is for.

        Returns:
            Dimension -> value, or None if the path belongs to no partition.
        """
        match = self.any_key.fullmatch(path)
        if match is None:
            return None
        key: dict[str, str] = {}
        for name in self.dimensions:
            value = self.spellings[name].read(match[name])
            if value is None:
                return None
            key[name] = value
        return key if self.bind(key).fullmatch(path) else None
