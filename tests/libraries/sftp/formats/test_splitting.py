"""Chunks of delimited text split by numpy: what is plainly regular, and what is left alone."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.libraries.sftp.formats.splitting import Signs, split

SIGNS = Signs(ord(","), ord('"'))


def rows(text: str, signs: Signs = SIGNS) -> list[list[str]] | None:
    cells = split(text.encode(), signs).cells
    return None if cells is None else [cells.joined.row(row) for row in range(len(cells.starts))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a,b\nc,d\n", [["a", "b"], ["c", "d"]]),
        ("a,b\r\n,\r\n", [["a", "b"], ["", ""]]),
        ("a,b\nc,d\r\n", [["a", "b"], ["c", "d"]]),
        ('"a,b","c\nd"\n"e ""f""",""\n', [["a,b", "c\nd"], ['e "f"', ""]]),
        ('"""",""""""\n', [['"', '""']]),
        ("é,数\n", [["é", "数"]]),
        ("a\nb\n", [["a"], ["b"]]),
        ("a,b\nc,d", [["a", "b"]]),
    ],
)
def test_regular(text: str, expected: list[list[str]]) -> None:
    assert rows(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "a,b\nc\n",
        "a,b\nc,d,e\n",
        "a,b\n\nc,d\n",
        "a\n\nb\n",
        'a"b,c\n',
        '"a" ,b\n',
        '"a"b",c\n',
        "a,b\rc,d\n",
        '"a\rb",c\n',
        'a,"b\n',
        "no line's end",
        "",
    ],
)
def test_left_to_the_csv_module(text: str) -> None:
    assert rows(text) is None


def test_signs_that_only_the_csv_module_knows() -> None:
    escaping = Signs(ord(","), ord('"'), refused=b"\\")
    assert rows("a,b\n", escaping) == [["a", "b"]]
    assert rows("a\\,,b\n", escaping) is None
    commenting = Signs(ord(","), ord('"'), comment=b"#")
    assert rows("a,#b\n", commenting) == [["a", "#b"]]
    assert rows("a,b\n#c,d\n", commenting) is None
    without_quotes = Signs(ord(";"), None)
    assert rows('"a;b"\n', without_quotes) == [['"a', 'b"']]


def test_lines_are_numbered_as_they_stand() -> None:
    done = split(b'a,"b\nc"\nd,e\n"f\r\n\ng",h\n', SIGNS)
    assert done.cells is not None
    assert done.cells.line_numbers.tolist() == [0, 2, 3]
    assert done.lines == 6


CELLS = st.one_of(
    st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), max_size=6),
    st.sampled_from(['"', '""', "a\nb", ",", "a,b", " "]),
)


@given(st.integers(2, 4).flatmap(lambda n: st.lists(st.lists(CELLS, min_size=n, max_size=n))))
def test_what_pythons_csv_module_writes_is_regular(given: list[list[str]]) -> None:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows(given)
    assert rows(buffer.getvalue()) == (given or None)
