"""Remote paths as regular expressions whose named groups are partition dimensions.

A :class:`PathPattern` goes both ways: :meth:`~PathPattern.bind` makes of a partition's values the
pattern of the one path they stand for, and :meth:`~PathPattern.parse` reads the values back out of
a path. The law between the two: if ``parse(path)`` is a key, ``bind(key)`` matches ``path``.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Protocol, TypeAlias

import regex

from teamster.core.errors import ConfigError

Pattern: TypeAlias = "regex.Pattern[str]"
"""A compiled pattern of the ``regex`` library, which can match partially."""

_NAMED_GROUP = re.compile(r"\(\?P?<([A-Za-z_]\w*)>")
_QUANTIFIER = re.compile(r"(?:[?*+]|\{\d*,?\d*\})[?+]?")
_OPTIONAL = frozenset({"?", "??", "?+"})
_SPECIAL = frozenset(".^$*+?{}[]|()")


class Spelling(Protocol):
    """How a partition's value of one dimension is spelled in a path."""

    def spell(self, value: str) -> str:
        """Returns the text that stands in the path for a value."""
        ...

    def read(self, text: str) -> str | None:
        """Returns the value that a text in a path stands for, or None if it stands for none."""
        ...


@dataclass(frozen=True)
class TextSpelling:
    """Values stand for themselves, but for those that the vendor spells differently.

    Attributes:
        aliases: Value -> the vendor's spelling, e.g. ``{"2026": "Current_Year"}``.
        values: The dimension's known values, where they are known.
    """

    aliases: Mapping[str, str] = field(default_factory=dict)
    values: Collection[str] | None = None

    def spell(self, value: str) -> str:
        """Returns the vendor's spelling of a value."""
        return self.aliases.get(value, value)

    def read(self, text: str) -> str | None:
        """Returns the value that the vendor spells as ``text``."""
        for value, alias in self.aliases.items():
            if alias == text:
                return value
        return None if text in self.aliases else text


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
        """Returns the key of the date that a path shows."""
        try:
            value = datetime.strptime(text, self.path_format).strftime(self.key_format)
            return value if self.spell(value) == text else None
        except ValueError:
            return None


def group_names(source: str) -> frozenset[str]:
    """Returns the names of an expression's groups.

    Raises:
        ConfigError: A named group stands inside another.
    """
    return frozenset(group.name for group in _named_groups(source))


@dataclass(frozen=True)
class _Group:
    """A named group of a regular expression: where it, its body and its quantifier stand."""

    name: str
    body: slice
    quantifier: slice


@dataclass(frozen=True)
class PathPattern:
    """A regular expression over a path, or a part of one, that carries partition dimensions.

    Attributes:
        source: The regular expression. A named group with an empty body, ``(?P<subject>)``, stands
            for the partition's value alone.
        spellings: Dimension -> how its values are spelled here.

    Raises:
        ConfigError: The expression is not valid, repeats or nests a dimension's group, or names a
            group that is no dimension.
    """

    source: str
    spellings: Mapping[str, Spelling] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Checks the expression when it is defined, not when the first file comes."""
        try:
            regex.compile(self.source)
        except regex.error as error:
            raise ConfigError(f"regular expression {self.source!r}: {error}") from None
        unknown = self.dimensions - set(self.spellings)
        if unknown:
            raise ConfigError(
                f"regular expression {self.source!r}: group {', '.join(sorted(unknown))} is no "
                f"partition dimension ({', '.join(sorted(self.spellings)) or 'there is none'}); "
                "use (?:…) for a group that only groups"
            )
        for group in self._groups:
            quantifier = self.source[group.quantifier]
            if quantifier and quantifier not in _OPTIONAL:
                raise ConfigError(
                    f"regular expression {self.source!r}: group {group.name} is repeated by "
                    f"{quantifier!r}; put the quantifier inside the group"
                )

    @cached_property
    def _groups(self) -> tuple[_Group, ...]:
        return tuple(_named_groups(self.source))

    @property
    def dimensions(self) -> frozenset[str]:
        """The dimensions that this pattern carries."""
        return frozenset(group.name for group in self._groups)

    @cached_property
    def any_key(self) -> Pattern:
        """The pattern that matches the paths of every partition."""
        return regex.compile(self._with_bodies(self._open_body))

    @cached_property
    def literal_prefix(self) -> str:
        """The text with which every match begins, whatever the partition."""
        return _literal_prefix(self.source)

    def bind(self, key: Mapping[str, str]) -> Pattern:
        """Returns the pattern of one partition's path, to be used with ``fullmatch``.

        Args:
            key: Dimension -> value. Dimensions that this pattern does not carry are ignored; one
                that it carries and the key lacks stays open.

        Returns:
            A compiled pattern in which each dimension's group matches the value's spelling alone.
        """

        def body(name: str, text: str) -> str:
            if name not in key:
                return self._open_body(name, text)
            return re.escape(self.spellings[name].spell(key[name]))

        return regex.compile(self._with_bodies(body))

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
            text = match.group(name)
            value = None if text is None else self.spellings[name].read(text)
            if value is None:
                return None
            key[name] = value
        return key if self.bind(key).fullmatch(path) else None

    def _open_body(self, name: str, text: str) -> str:
        if text:
            return text
        values = getattr(self.spellings[name], "values", None)
        if not values:
            return r"[^/]+"
        return "|".join(re.escape(self.spellings[name].spell(value)) for value in values)

    def _with_bodies(self, body: Any) -> str:
        parts: list[str] = []
        position = 0
        for group in self._groups:
            new = body(group.name, self.source[group.body])
            parts += [self.source[position : group.body.start], new]
            position = group.body.stop
            if self.source[group.quantifier]:  # an optional dimension is not optional for a key
                parts.append(self.source[position : group.quantifier.start])
                position = group.quantifier.stop
        return "".join([*parts, self.source[position:]])


def _named_groups(source: str) -> Iterator[_Group]:
    """Finds the named groups of an expression, outermost first, and refuses nested ones."""
    stack: list[tuple[str | None, int]] = []
    position = 0
    while position < len(source):
        character = source[position]
        if character == "\\":
            position += 2
            continue
        if character == "[":
            position = _end_of_set(source, position)
            continue
        if character == "(":
            opening = _NAMED_GROUP.match(source, position)
            name = opening.group(1) if opening else None
            outer = next((other for other, _ in stack if other), None)
            if name and outer:
                raise ConfigError(
                    f"regular expression {source!r}: group {name} stands inside group {outer}; "
                    "a dimension's group cannot hold another"
                )
            position = opening.end() if opening else position + 1
            stack.append((name, position))
            continue
        if character == ")" and stack:
            name, start = stack.pop()
            if name:
                quantifier = _QUANTIFIER.match(source, position + 1)
                end = quantifier.end() if quantifier else position + 1
                yield _Group(name, slice(start, position), slice(position + 1, end))
        position += 1


def _end_of_set(source: str, start: int) -> int:
    """Returns the position after the character set that begins at ``start``."""
    position = start + 1
    if source[position : position + 1] == "^":
        position += 1
    if source[position : position + 1] == "]":  # a first ']' is a member, not the end
        position += 1
    while position < len(source) and source[position] != "]":
        position += 2 if source[position] == "\\" else 1
    return position + 1


def _literal_prefix(source: str) -> str:
    """Returns the text before the first character of ``source`` that is not literal."""
    if "|" in source:  # an alternative may begin differently: be safe rather than clever
        source = source[: source.index("|")]
        depth = _first_open(source)
        source = source[:depth] if depth is not None else ""
    prefix: list[str] = []
    position = 0
    while position < len(source) and source[position] not in _SPECIAL:
        width = 1
        character = source[position]
        if character == "\\":
            character = source[position + 1 : position + 2]
            if character.isalnum():  # \d, \w, \b …: a class or an anchor, not a character
                break
            width = 2
        follows = source[position + width : position + width + 1]
        if follows in ("?", "*", "{"):  # the character is optional or counted
            break
        prefix.append(character)
        position += width
    return "".join(prefix)


def _first_open(source: str) -> int | None:
    """Returns where the first group of ``source`` opens that is still open at its end."""
    stack: list[int] = []
    position = 0
    while position < len(source):
        if source[position] == "\\":
            position += 2
            continue
        if source[position] == "[":
            position = _end_of_set(source, position)
            continue
        if source[position] == "(":
            stack.append(position)
        elif source[position] == ")" and stack:
            stack.pop()
        position += 1
    return stack[0] if stack else None
