"""Regular expressions taken apart: where their named groups stand, and how they begin."""

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeAlias

import regex

from teamster.core.errors import ConfigError

Pattern: TypeAlias = "regex.Pattern[str]"
"""A compiled pattern of the ``regex`` library, which can match partially."""

# Which brackets and bars are syntax, and which are characters.
# Source: the documentation of the `regex` library, version 0 behaviour.
_TOKEN = re.compile(
    r"""
      (?P<escape> \\. )
    | (?P<set> \[\^?\]? (?: \[:\^?[\w\ &.-]*(?:[:=][\w\ &./-]+)?:\] | \\. | [^\]\\] )*+ \] )
    | (?P<comment> \(\?\# (?: \\. | [^)\\] )*+ \) )
    | (?P<flags> \(\? (?: [abefiLmprsuwx] | V[01] )+ \) )
    | (?P<open> \( (?: \?P?< (?P<name> [^\W\d]\w* ) > )? )
    | (?P<close> \) )
    | (?P<bar> \| )
    | (?P<fuzzy> \{ (?: \d+<=? )? \d*[eids] [<,+:}] )
    | (?P<literal> [^.^$*+?{}\[\]] )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_PIECE = r"(?:[\w/ ,=-]|\\[.wWdDsS/-]|\.|\[\^/\])(?:[?*+]|\{\d\d?\})?"
_PLAIN_GROUP = rf"\(\?P<([a-z_][a-z0-9_]*)>((?:{_PIECE})*)\)"
_PLAIN_GROUPS = re.compile(_PLAIN_GROUP, re.ASCII)
_PLAIN = re.compile(rf"(?:{_PIECE}|{_PLAIN_GROUP})*", re.ASCII)
"""What most feeds have. Whatever such an expression says, it is valid and has no flags: compiling
it only to learn so would be most of the time that a feed takes to load."""

_NUMBERED = re.compile(r"\\[1-9]|\\g<[+-]?\d|\(\?(?:\([+-]?\d|[+-]?\d|R\))")
_QUANTIFIER = re.compile(r"(?:[?*+]|\{[^}]*\})[?+]?")
_OPTIONAL = ("", "?", "??", "?+")
_NOT_ALWAYS = ("?", "*", "{")


@dataclass(frozen=True)
class Group:
    """A named group of a regular expression.

    Attributes:
        name: Its name.
        body: Where the expression between its parentheses stands.
        quantifier: What follows it, e.g. ``?``; mostly nothing.
        nested: Whether it stands inside another, unnamed group.
    """

    name: str
    body: slice
    quantifier: str
    nested: bool


@dataclass(frozen=True)
class Expression:
    """A regular expression and its parts; made by :func:`read_expression`.

    Attributes:
        source: The expression.
        any_case: Whether it matches upper and lower case alike.
        groups: Its named groups, in order.
        alternatives: Whether a bar divides the whole of it.
    """

    source: str
    any_case: bool
    groups: tuple[Group, ...]
    alternatives: bool

    def is_certain(self, group: Group) -> bool:
        """Tells whether every match has a group, so that none goes without its value."""
        return not (group.nested or group.quantifier or self.alternatives)

    @cached_property
    def literal_prefix(self) -> str:
        """The text with which every match begins."""
        prefix: list[str] = []
        for token in _TOKEN.finditer("" if self.alternatives else self.source):
            kind, text = token.lastgroup, token[0]
            if not prefix and (kind == "flags" or text == "^"):
                continue
            if text in _NOT_ALWAYS or kind in ("fuzzy", "comment"):
                del prefix[-1:]  # the last character is optional, counted or only similar
            is_class = kind == "escape" and text[1].isalnum()  # \d, \b, \x2f
            varies = self.any_case and text.lower() != text.upper()
            if kind not in ("literal", "escape") or is_class or varies:
                break
            prefix.append(text[-1])
        return "".join(prefix)


@lru_cache(maxsize=512)  # feeds by the thousand keep none of their own
def read_expression(source: str) -> Expression:
    """Takes an expression apart.

    Args:
        source: A regular expression of the ``regex`` library.

    Raises:
        ConfigError: It is not valid; a named group is repeated or stands inside another; or,
            beside named groups, it has what would change its meaning once a value stands in their
            place: references by number, or fuzzy matching.
    """
    if _PLAIN.fullmatch(source):
        found = _PLAIN_GROUPS.finditer(source)
        groups = tuple(Group(each[1], slice(*each.span(2)), "", False) for each in found)
        return Expression(source, False, _checked(source, groups), False)
    compiled = _compiled(source)
    groups, alternatives = _scan(source)
    verbose = groups and compiled.flags & regex.VERBOSE  # its comments may hold brackets
    if verbose or {group.name for group in _checked(source, groups)} != set(compiled.groupindex):
        raise _unfit(source, "it is too intricate to tell its groups apart; write it more simply")
    return Expression(source, bool(compiled.flags & regex.IGNORECASE), groups, alternatives)


def _checked(source: str, groups: tuple[Group, ...]) -> tuple[Group, ...]:
    names = [group.name for group in groups]
    for group in groups:
        if names.count(group.name) > 1:
            raise _unfit(source, f"group {group.name} stands twice; (?P={group.name}) repeats it")
        if group.quantifier not in _OPTIONAL:
            raise _unfit(
                source,
                f"group {group.name} is repeated by {group.quantifier!r}; put the quantifier "
                "inside the group",
            )
    return groups


def _compiled(source: str) -> Pattern:
    try:
        return regex.compile(source)
    except regex.error as error:
        raise ConfigError(f"regular expression {source!r}: {error}") from None


def _scan(source: str) -> tuple[tuple[Group, ...], bool]:
    """Returns an expression's named groups, and whether a bar divides the whole of it."""
    groups: list[Group] = []
    alternatives = False
    misleading = False
    stack: list[tuple[str | None, int]] = []
    for token in _TOKEN.finditer(source):
        kind = token.lastgroup
        if kind == "fuzzy" or (
            kind in ("escape", "open") and _NUMBERED.match(source, token.start())
        ):
            misleading = True
        if kind == "bar" and not stack:
            alternatives = True
        elif kind == "open":
            stack.append((token["name"], token.end()))
        elif kind == "close" and stack:
            name, start = stack.pop()
            if name is None:
                continue
            outer = next((other for other, _ in stack if other), None)
            if outer:
                raise _unfit(source, f"group {name} stands inside group {outer}")
            quantifier = _QUANTIFIER.match(source, token.end())
            body = slice(start, token.start())
            groups.append(Group(name, body, quantifier[0] if quantifier else "", bool(stack)))
    if groups and misleading:
        raise _unfit(
            source,
            "references by number and fuzzy matching do not go with groups that a partition's "
            "values replace; refer to groups by name, match exactly",
        )
    return tuple(groups), alternatives


def _unfit(source: str, problem: str) -> ConfigError:
    return ConfigError(f"regular expression {source!r}: {problem}")
