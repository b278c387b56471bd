"""Expressions are taken apart as the regex library itself reads them."""

import re

import pytest
import regex
from hypothesis import assume, example, given
from hypothesis import strategies as st

from teamster.core.errors import ConfigError
from teamster.core.expressions import _PLAIN, _scan, read_expression


def group_of(source: str) -> tuple[str, str, bool]:
    """Body and quantifier of the one named group, and whether every match has it."""
    expression = read_expression(source)
    (group,) = expression.groups
    return source[group.body], group.quantifier, expression.is_certain(group)


@pytest.mark.parametrize(
    ("source", "body"),
    [
        (r"(?P<x>a)", "a"),
        (r"(?<x>a)", "a"),
        (r"(?P<x>)", ""),
        (r"(?P<été>a)", "a"),
        (r"(?P<x>(?:a|(b))c)", "(?:a|(b))c"),
        (r"(?P<x>[)(]+)", "[)(]+"),
        (r"(?P<x>[])(]+)", "[])(]+"),
        (r"(?P<x>[^])(]+)", "[^])(]+"),
        (r"(?P<x>[\])(])", r"[\])(]"),
        (r"[[:alpha:](](?P<x>a)", "a"),
        (r"[[:^digit:]()](?P<x>a)", "a"),
        (r"[[:(:](?P<x>a)", "a"),
        (r"\((?P<x>\)\()\)", r"\)\("),
        (r"(?#a ( comment)(?P<x>a)", "a"),
        (r"(?#\) ( )(?P<x>a)", "a"),
        (r"(?=.)(?!b)(?<=^)(?<!c)(?P<x>a)", "a"),
        (r"(?P<x>\d{4})/(?P=x)_\g<x>", r"\d{4}"),
        (r"(?P<x>a)(?(x)b|c)", "a"),
        (r"(?i)(?P<x>a)", "a"),
        (r"(?>(?P<x>a))", "a"),
        (r"\\(?P<x>a)", "a"),
        (r"\p{Lu}\N{LEFT PARENTHESIS}(?P<x>a)", "a"),
    ],
)
def test_body_is_found(source: str, body: str) -> None:
    assert group_of(source)[0] == body


@pytest.mark.parametrize(
    ("source", "quantifier", "certain"),
    [
        (r"a(?P<x>b)c", "", True),
        (r"(?P<x>b)?", "?", False),
        (r"(?P<x>b)??", "??", False),
        (r"(?:(?P<x>b)_)?c", "", False),
        (r"(?P<x>b)|c", "", False),
        (r"(?P<x>b|c)", "", True),
        (r"(?P<x>b)[|]\|(d|e)", "", True),
    ],
)
def test_group_that_a_match_may_lack(source: str, quantifier: str, certain: bool) -> None:
    assert group_of(source)[1:] == (quantifier, certain)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("(", "missing )"),
        ("(?P<x>a", "missing )"),
        ("[a", "unterminated character set"),
        ("(?P<x>a)(?P<x>b)", "group x stands twice"),
        ("(?P<x>a)|(?P<x>b)", "group x stands twice"),
        ("(?|(?P<x>a)|(?P<x>b))", "group x stands twice"),
        ("(?P<x>a(?P<y>b))", "group y stands inside group x"),
        ("(?P<x>(?:(?P<y>b)))", "group y stands inside group x"),
        (r"(?P<x>\d)+", "repeated by '+'"),
        (r"(?P<x>\d)*?", "repeated by '*?'"),
        (r"(?P<x>\d){4}", "repeated by '{4}'"),
        (r"(?P<x>\d){e<=1}", "match exactly"),
        (r"(?:(?P<x>\d)a){e}", "match exactly"),
        (r"(?:(?P<x>\d)a){1<=i<=2,d}", "match exactly"),
        (r"(?P<x>(a|b)c)(d)\2", "by name"),
        (r"(?P<x>a)(?(1)b|c)", "by name"),
        (r"(?P<x>a)\g<1>", "by name"),
        (r"(?P<x>a)(?1)", "by name"),
        ("(?x)a # (\n(?P<x>a)", "too intricate"),
        ("(?x)a # )\n(?P<x>a)", "too intricate"),
        ("(?x:a # (?P<y>b)\n)(?P<x>a)", "too intricate"),
    ],
)
def test_what_cannot_be_bound_is_refused_at_definition(source: str, words: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(words)):
        read_expression(source)


def test_without_named_groups_nothing_is_refused() -> None:
    assert read_expression(r"(a|b)\1").groups == ()
    assert read_expression(r"(?:abc){e<=1}").literal_prefix == ""


@pytest.mark.parametrize(
    ("source", "prefix"),
    [
        (r"/data/x", "/data/x"),
        (r"/data/\w+/x", "/data/"),
        (r"^/data/x$", "/data/x"),
        (r"(?i)/data", "/"),
        (r"(?i)^/2024/x", "/2024/"),
        (r"\.", "."),
        (r"a\.b\ c\_d", "a.b c_d"),
        (r"\x2fdata", ""),
        (r"ab?c", "a"),
        (r"ab*c", "a"),
        (r"ab{0,2}c", "a"),
        (r"ab{e}c", "a"),
        (r"ab+c", "ab"),
        (r"a(b|c)d", "a"),
        (r"a(b|c)d|e", ""),
        (r"a\|b", "a|b"),
        (r"a[|]b", "a"),
        (r"a(?#comment)b", ""),
        (r"/exports/(?P<year>\d{4})/x", "/exports/"),
        ("", ""),
    ],
)
def test_literal_prefix(source: str, prefix: str) -> None:
    assert read_expression(source).literal_prefix == prefix


ATOMS = st.sampled_from(
    ["a", "B", "/", r"\.", r"\(", r"\|", "_", "é", " ", r"\d", r"\w", ".", "[ab]", "[)|(]", "[^/]"]
)
QUANTIFIERS = st.sampled_from(["", "", "", "?", "*", "+", "{0,2}", "{2}", "*?"])


@st.composite
def compounds(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    opening = draw(st.sampled_from(["(", "(?:"]))
    branches = draw(st.lists(inner, min_size=1, max_size=3))
    return opening + "|".join(branches) + ")" + draw(QUANTIFIERS)


SEQUENCES = st.recursive(
    st.builds(str.__add__, ATOMS, QUANTIFIERS),
    lambda inner: st.one_of(compounds(inner), st.lists(inner, min_size=1, max_size=4).map("".join)),
    max_leaves=8,
)
EXPRESSIONS = st.lists(SEQUENCES, min_size=1, max_size=2).map("|".join)


@given(st.data(), EXPRESSIONS, st.booleans())
def test_every_match_begins_with_the_prefix(
    data: st.DataObject, source: str, any_case: bool
) -> None:
    text = data.draw(st.from_regex(source, fullmatch=True))
    if any_case:
        source, text = f"(?i){source}", text.swapcase()
    assume(regex.fullmatch(source, text))
    assert text.startswith(read_expression(source).literal_prefix)


@given(EXPRESSIONS, EXPRESSIONS, EXPRESSIONS)
def test_a_group_is_found_wherever_it_stands(before: str, body: str, after: str) -> None:
    source = f"(?:{before})(?P<x>{body})(?:{after})"
    assert group_of(source) == (body, "", True)


SOUP = st.text("()[]|?*+\\^:#{}<>P=xR1ae-&~ \n", max_size=10)


@given(SOUP, SOUP, SOUP)
@example("(?x:#(\n", "", ")")
@example("[[:alpha:", "", "]](")
def test_scanner_never_misreads_what_the_library_accepts(
    before: str, body: str, after: str
) -> None:
    """Whatever it takes, the library agrees on the names, and that the body is a body."""
    source = f"{before}(?P<x>{body}){after}"
    try:
        expression = read_expression(source)
    except ConfigError:
        return
    assert {group.name for group in expression.groups} == set(regex.compile(source).groupindex)
    for group in expression.groups:
        emptied = source[: group.body.start] + "7" + source[group.body.stop :]
        assert group.name in regex.compile(emptied).groupindex


@given(st.from_regex(_PLAIN, fullmatch=True))
def test_plain_expressions_are_what_compiling_them_would_say(source: str) -> None:
    groups, alternatives = _scan(source)
    names = [group.name for group in groups]
    assume(len(set(names)) == len(names))
    compiled = regex.compile(source)
    assert not compiled.flags & (regex.IGNORECASE | regex.VERBOSE)
    assert set(compiled.groupindex) == set(names)
    read = read_expression(source)
    assert (read.groups, read.any_case, read.alternatives) == (groups, False, alternatives)


def test_most_feeds_are_plain_and_intricate_ones_are_not() -> None:
    for source in (r"/data/(?P<year>\d{4})/x", r"\d+_(?P<kind>[^/]+)\.csv", "(?P<x>)", ""):
        assert _PLAIN.fullmatch(source)
    for source in (
        r"(?i)a",
        "a|b",
        "(?P<x>a)?",
        "(?P<x>(?P<y>a))",
        "[a-z]",
        r"\1",
        "a++",
        "a{2,1}",
    ):
        assert not _PLAIN.fullmatch(source)
