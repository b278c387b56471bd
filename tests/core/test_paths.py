"""Patterns and keys: whatever parses binds, and no value is ever taken for another."""

import re
from dataclasses import dataclass
from datetime import date

import pytest
import regex
from hypothesis import assume, example, given
from hypothesis import strategies as st

from teamster.core.errors import ConfigError
from teamster.core.partitions import FiscalYearSpelling
from teamster.core.paths import DateSpelling, PathPattern, Spelling, TextSpelling, group_names


def pattern(source: str, **spellings: Spelling) -> PathPattern:
    """A pattern; its groups without a spelling of their own are plain text."""
    texts = {name: TextSpelling() for name in regex.compile(source).groupindex}
    return PathPattern(source, {**texts, **spellings})


# --- generated patterns, with a path of each ---------------------------------------------------

VALUES = st.one_of(
    st.text(st.characters(exclude_characters="/\n\r", exclude_categories=["Cs", "Cc"]), min_size=1),
    st.sampled_from(
        ["202", "2025", "1.0", "1x0", "a+b", "(x)", "[y]", "100%", r"\d", "Año", "..", "|"]
    ),
)
FILLINGS = [  # a piece of a pattern, and a text that it matches
    (r"\d+_", "007_"),
    (r"\w{2,3}-", "ab-"),
    (r"(?:x|yy)", "yy"),
    (r"(x|(y)(y))", "yy"),
    (r"(_CONFIDENTIAL)?", ""),
    (r"(_CONFIDENTIAL)?", "_CONFIDENTIAL"),
    (r"[)(|]", "|"),
    (r"[]x(]", "]"),
    (r"[^)\]]", "("),
    (r"[[:alpha:](]", "("),
    (r"\(\)\|\[", "()|["),
    (r"(?#a ( comment [)", ""),
    (r"(?=.?)(?!zzz)", ""),
    (r"/", "/"),
]
BODIES = [  # a group's body, and the values that it lets through
    ("", VALUES),
    (r"[^/]+", VALUES),
    (r"(?:[^/]|(?:/{9}))+", VALUES),
    (r"\d{4}", st.from_regex(r"[0-9]{4}", fullmatch=True)),
    (r"((\d)\d|(?:x(y)?)){1,2}", st.from_regex(r"([0-9]{2}|xy?){1,2}", fullmatch=True)),
    (r"[()|]+", st.text("()|", min_size=1)),
    (r"ela|math", st.sampled_from(["ela", "math"])),
]


@dataclass(frozen=True)
class Case:
    """A pattern of one to three dimensions, a key, and a path of that key."""

    source: str
    key: dict[str, str]
    path: str


@st.composite
def cases(draw: st.DrawFn) -> Case:
    source = path = ""
    key: dict[str, str] = {}
    for name in draw(st.permutations(["x", "fiscal_year", "été"]))[: draw(st.integers(1, 3))]:
        for _ in range(draw(st.integers(0, 2))):
            piece, text = draw(
                st.sampled_from(FILLINGS) | VALUES.map(lambda value: (re.escape(value), value))
            )
            source, path = source + piece, path + text
        body, values = draw(st.sampled_from(BODIES))
        key[name] = draw(values)
        form = draw(st.sampled_from(["(?P<{}>{})", "(?<{}>{})", "(?P<{}>{})?", "(?:(?P<{}>{}))?"]))
        source += form.format(name, body)
        path += key[name]
    return Case(source, key, path)


@given(cases())
def test_bound_pattern_matches_the_path_of_its_key(case: Case) -> None:
    match = pattern(case.source).bind(case.key).fullmatch(case.path)
    assert match is not None
    assert {name: match[name] for name in case.key} == case.key


@given(cases(), st.sampled_from(["", "x", "_", "/", "0"]))
def test_law_if_a_path_parses_its_key_binds_to_it(case: Case, more: str) -> None:
    made = pattern(case.source)
    for path in (case.path, case.path + more, more + case.path):
        key = made.parse(path)
        if key is not None:
            assert made.bind(key).fullmatch(path)
            assert set(key) == set(case.key)


@given(cases())
def test_known_values_are_found_however_greedy_the_pattern(case: Case) -> None:
    """With known values the two directions agree exactly: what binds also parses."""
    known = {name: TextSpelling(values=[value]) for name, value in case.key.items()}
    assert pattern(case.source, **known).parse(case.path) == case.key


@given(cases())
def test_every_path_begins_with_the_literal_prefix(case: Case) -> None:
    assert case.path.startswith(pattern(case.source).literal_prefix)


@given(cases())
def test_a_match_can_be_told_from_every_beginning_of_a_path(case: Case) -> None:
    bound = pattern(case.source).bind(case.key)
    for end in range(len(case.path)):
        assert bound.fullmatch(case.path[:end], partial=True)


@given(VALUES, VALUES)
@example("202", "2025")
@example("1.0", "1x0")
@example("a", "ab")
@example(".*", "x")
@example("a|b", "a")
def test_a_value_is_never_taken_for_another(value: str, other: str) -> None:
    assume(value != other)
    for source in (r"/x/(?P<k>[^/]+)/y_\d", r"/x/(?P<k>)/y_\d", r"/x/(?:(?P<k>[^/]+)/)?y_\d"):
        assert pattern(source).bind({"k": value}).fullmatch(f"/x/{value}/y_1")
        assert not pattern(source).bind({"k": value}).fullmatch(f"/x/{other}/y_1")
        assert pattern(source).parse(f"/x/{other}/y_1") == {"k": other}


SOUP = st.text("()[]|?*+\\^:#{}<>P=xR1ae-&~ ", max_size=8)


@given(SOUP, SOUP, SOUP, st.text("7()a |", max_size=4))
def test_a_bound_pattern_of_any_shape_carries_its_value(
    before: str, body: str, after: str, path: str
) -> None:
    source = f"{before}(?P<x>{body}){after}"
    try:
        made = PathPattern(source, {"x": TextSpelling()})
    except ConfigError:
        return
    assume("x" in made.dimensions)
    match = made.bind({"x": "7"}).fullmatch(path)
    assert match is None or match["x"] == "7"
    key = made.parse(path)
    assert key is None or made.bind(key).fullmatch(path)


# --- the specification's examples and the shapes of real feeds ---------------------------------


def test_example_of_the_specification() -> None:
    made = pattern(r"/reports/(?P<fiscal_year>\d{4})/")
    assert made.bind({"fiscal_year": "2026"}).fullmatch("/reports/2026/")
    assert not made.bind({"fiscal_year": "2026"}).fullmatch("/reports/2025/")
    assert made.parse("/reports/2026/") == {"fiscal_year": "2026"}


def test_a_file_matches_its_whole_name() -> None:
    bound = pattern(r"students\.csv").bind({})
    assert bound.fullmatch("students.csv")
    for name in ("students.csv.bak", "students.csv.filepart", "old_students.csv", "studentsxcsv"):
        assert not bound.fullmatch(name)


def test_an_optional_dimension_is_not_optional_for_a_key() -> None:
    for source in (
        r"(?P<s>SM|SR)?_?data\.csv",
        r"(?:(?P<s>SM|SR)_)?data\.csv",
        r"(?P<s>S.)_.*|data\.csv",
    ):
        made = pattern(source)
        assert made.bind({"s": "SM"}).fullmatch("SM_data.csv")
        assert not made.bind({"s": "SM"}).fullmatch("data.csv")
        assert made.parse("SM_data.csv") == {"s": "SM"}
        assert made.parse("data.csv") is None


def test_known_values_split_what_is_ambiguous() -> None:
    made = pattern(
        r"(?P<school>\w+)_(?P<table>\w+)\.csv",
        school=TextSpelling(values=["north", "south"]),
        table=TextSpelling(values=["students", "student_enrollment"]),
    )
    assert made.parse("north_student_enrollment.csv") == {
        "school": "north",
        "table": "student_enrollment",
    }
    assert made.parse("east_students.csv") is None


def test_references_by_name_follow_the_value() -> None:
    made = pattern(r"/(?P<y>\d{4})/scores_(?P=y)\.csv")
    assert made.bind({"y": "2025"}).fullmatch("/2025/scores_2025.csv")
    assert not made.bind({"y": "2025"}).fullmatch("/2025/scores_2024.csv")
    assert made.parse("/2025/scores_2024.csv") is None


def test_dimensions_that_a_key_lacks_stay_open() -> None:
    made = pattern(r"(?P<a>\d)_(?P<b>)", b=TextSpelling(values=["x.y", "z"]))
    assert made.bind({"a": "1"}).fullmatch("1_x.y")
    assert not made.bind({"a": "1"}).fullmatch("1_xzy")
    assert made.any_key.fullmatch("2_z")
    assert made.bind({"a": "1", "b": "z", "elsewhere": "?"}).fullmatch("1_z")


def test_an_empty_group_stops_at_the_folder() -> None:
    assert pattern(r"/(?P<a>)/x").parse("/a/b/x") is None


def test_case_is_the_patterns_choice() -> None:
    subject = TextSpelling(values=["ela", "math"])
    assert pattern(r"(?i)scores_(?P<s>)\.csv", s=subject).parse("Scores_ELA.CSV") == {"s": "ela"}
    assert pattern(r"scores_(?P<s>\w+)\.csv", s=subject).parse("scores_ELA.csv") is None
    alike = TextSpelling(values=["ela", "Ela"])
    assert pattern(r"(?i)scores_(?P<s>)\.csv", s=alike).parse("scores_ELA.csv") is None
    assert pattern(r"(?i)scores_(?P<s>)\.csv", s=alike).parse("scores_Ela.csv") == {"s": "Ela"}


# --- spellings ---------------------------------------------------------------------------------

YEARS = TextSpelling({"2026": "Current_Year"}, values=("2024", "2025", "2026"))


@pytest.mark.parametrize("year", [YEARS, TextSpelling({"2026": "Current_Year"})])
@pytest.mark.parametrize("body", [r"\w+", r"\d{4}", ""])
def test_aliases_both_ways(year: TextSpelling, body: str) -> None:
    made = pattern(f"/exports/(?P<y>{body})", y=year)
    assert made.bind({"y": "2026"}).fullmatch("/exports/Current_Year")
    assert not made.bind({"y": "2026"}).fullmatch("/exports/2026")
    assert made.parse("/exports/Current_Year") == {"y": "2026"}
    assert made.parse("/exports/2025") == {"y": "2025"}
    assert made.parse("/exports/2026") is None


def test_aliases_are_text_not_expressions() -> None:
    made = pattern("(?P<y>x)", y=TextSpelling({"a": "1.0 (new)"}))
    assert made.parse("1.0 (new)") == {"y": "a"}
    assert made.parse("1x0 (new)") is None


@pytest.mark.parametrize(
    "spelling",
    [
        lambda: TextSpelling({"2025": "Current", "2026": "Current"}),
        lambda: TextSpelling({"2026": "2025"}, values=("2025", "2026")),
        lambda: TextSpelling({"2025": "2026"}, values=("2025", "2026")),
    ],
)
def test_two_values_never_share_a_spelling(spelling: object) -> None:
    with pytest.raises(ConfigError, match=r"2025 and 2026|2026 and 2025"):
        spelling()


def test_values_may_change_places() -> None:
    swapped = TextSpelling({"a": "b", "b": "a"}, values=("a", "b"))
    assert pattern("(?P<v>.)", v=swapped).parse("a") == {"v": "b"}


@given(st.dates(date(1000, 1, 1)))
def test_dates_both_ways(day: date) -> None:
    for path_format in ("%Y%m%d", "%d%b%Y", "%m-%d-%Y", "%Y/%j"):
        made = pattern(r"x_(?P<d>.+)\.csv", d=DateSpelling("%Y-%m-%d", path_format))
        path = f"x_{day.strftime(path_format)}.csv"
        assert made.parse(path) == {"d": day.isoformat()}
        assert made.bind({"d": day.isoformat()}).fullmatch(path)


@pytest.mark.parametrize(
    "text", ["20250230", "2025013", "202501010", "00010101", "２０２５０１０１", ""]
)
def test_what_is_no_date_belongs_to_no_partition(text: str) -> None:
    made = pattern(r"x_(?P<d>.*)", d=DateSpelling("%Y-%m-%d", "%Y%m%d"))
    assert made.parse(f"x_{text}") is None


def test_months_in_capitals() -> None:
    made = pattern(r"(?i)(?P<d>\w+)\.csv", d=DateSpelling("%Y-%m-%d", "%d%b%Y"))
    assert made.parse("31MAY2025.CSV") == {"d": "2025-05-31"}
    strict = pattern(r"(?P<d>\w+)\.csv", d=DateSpelling("%Y-%m-%d", "%d%b%Y"))
    assert strict.parse("31MAY2025.csv") is None


def test_an_unpadded_date_is_another_spelling() -> None:
    made = pattern(r"(?P<d>.+)", d=DateSpelling("%Y-%m-%d", "%Y-%m-%d"))
    assert made.parse("2025-1-1") is None


@given(st.integers(1001, 9998), st.integers(1, 12))
def test_fiscal_years_both_ways(year: int, start_month: int) -> None:
    made = pattern(r"/(?P<y>\d{4})/", y=FiscalYearSpelling(start_month))
    key = made.parse(f"/{year}/")
    assert key == {"y": f"{year - (start_month > 1)}-{start_month:02}-01"}
    assert made.bind(key).fullmatch(f"/{year}/")


@pytest.mark.parametrize("text", ["0102", "0001", "0000", "26", "02026", "２０２６", "year"])
def test_what_is_no_fiscal_year_belongs_to_no_partition(text: str) -> None:
    assert pattern("(?P<y>.*)", y=FiscalYearSpelling()).parse(text) is None


def test_empty_group_of_fiscal_years() -> None:
    made = pattern("/(?P<y>)/", y=FiscalYearSpelling())
    assert made.parse("/2026/") == {"y": "2025-07-01"}


# --- errors at definition ----------------------------------------------------------------------


def test_a_group_that_is_no_dimension() -> None:
    with pytest.raises(ConfigError, match=r"group y is no partition dimension \(x\).*\(\?:…\)"):
        PathPattern("(?P<x>a)(?P<y>b)", {"x": TextSpelling()})
    with pytest.raises(ConfigError, match="there is none"):
        PathPattern("(?P<x>a)")


@pytest.mark.parametrize(
    "source", ["(", "(?P<x>a", "(?P<x>a)(?P<x>b)", "(?P<x>(?P<y>a))", "(?P<x>a)+"]
)
def test_bad_expressions(source: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(repr(source))):
        PathPattern(source, {"x": TextSpelling(), "y": TextSpelling()})


def test_group_names() -> None:
    assert group_names(r"(?P<a>x)(y)(?<b>[(?P<c>])") == {"a", "b"}
    with pytest.raises(ConfigError):
        group_names("(?P<a>(?P<b>x))")
