"""Delimited text: every dialect that Python's csv module writes, and what vendors add to it."""

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from teamster.core.errors import UnreadableFile
from teamster.libraries.sftp.formats.delimited import Delimited, read_delimited
from tests.libraries.sftp.formats.taking import CANARY, local_file, read, take
from tests.libraries.sftp.vendor import Vendor

TWO = [("1", "Ann"), ("2", "Bo")]

LAYOUTS: dict[str, tuple[str, dict[str, Any]]] = {
    "a separator of two characters": ("id||name\n1||Ann\n2||Bo\n", {"sep": "||"}),
    "no quotes": ("id,name\n1,Ann\n2,Bo\n", {"quote": None}),
    "lines above": ("A report\nof 2026\nid,name\n1,Ann\n2,Bo\n", {"skip_lines": 2}),
    "lines above that vary": (
        'Report, "of 2026\n\nid,name\n1,Ann\n2,Bo\n',
        {"skip_until": r"^id\b"},
    ),
    "comments": ("# by a tool\nid,name\n1,Ann\n# half\n2,Bo\n#", {"comment": "#"}),
    "no header": ("1,Ann\n2,Bo\n", {"columns": ["id", "name"]}),
    "no header below lines": ("x\n1,Ann\n2,Bo\n", {"columns": ["ID", "Name"], "skip_lines": 1}),
    "a header of two lines": ("I,Na\nd,me\n1,Ann\n2,Bo\n", {"header_lines": 2}),
    "escapes": ("id;name\n1;Ann\n2;B\\o\n", {"sep": ";", "escape": "\\", "quote": None}),
    "another encoding": ("id,name\n1,Ann\n2,Bo\n", {"encoding": "utf-16"}),
}


@pytest.mark.parametrize("case", LAYOUTS)
def test_layouts_that_say_the_same_are_read_the_same(tmp_path: Path, case: str) -> None:
    text, options = LAYOUTS[case]
    columns = "i_d na_me" if "header_lines" in options else "id name"
    content = text.encode(options.get("encoding", "utf-8"))
    taken = read(tmp_path, content, columns, format={"type": "delimited", **options})
    assert taken.values == TWO
    assert not taken.rejected
    assert not taken.summary.warnings


def test_a_delimited_feed_with_options_of_its_own_runs(quick_vendor: Vendor) -> None:
    content = 'Made 2026\nid~|~name\n1~|~"a ~|~ b"\n2~|~Bo\n'
    metadata = take(
        quick_vendor, content, format={"type": "delimited", "sep": "~|~", "skip_until": "^id"}
    )
    assert metadata["records"] == 2
    assert quick_vendor.rows()[0] == {"id": "1", "name": "a ~|~ b"}


def test_a_heading_over_several_columns_belongs_to_each(tmp_path: Path) -> None:
    content = ",ELA,,Math,\nid,Score,Level,Score,Level\n1,2,3,4,5\n"
    columns = "id ela_score ela_level math_score math_level"
    taken = read(tmp_path, content, columns, format={"type": "delimited", "header_lines": 2})
    assert taken.values == [tuple("12345")]
    assert not taken.summary.fields.extras


def test_a_comment_is_one_only_where_a_row_begins(tmp_path: Path) -> None:
    content = '#x\nid,name\n1,"two\n# lines"\n#2,gone\n3,#not\n'
    taken = read(
        tmp_path, content, "id name source_line", format={"type": "delimited", "comment": "#"}
    )
    assert taken.values == [("1", "two\n# lines", "3"), ("3", "#not", "6")]


def test_lines_are_numbered_from_the_files_first_whatever_is_passed_over(tmp_path: Path) -> None:
    content = "above\n# note\n\nid,name\n\n# note\n1,Ann\n2,Bo,x\n"
    layout = {"type": "delimited", "skip_lines": 1, "skip_until": "^id", "comment": "#"}
    taken = read(tmp_path, content, "id source_line", format=layout)
    assert taken.values == [("1", "7")]
    assert [row["line"] for row in taken.rejected] == [8]


def test_a_file_in_which_the_header_is_not_found_is_another_file(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="none of its 2 lines") as failure:
        read(tmp_path, f"{CANARY}\n1,2\n", format={"type": "delimited", "skip_until": "^id"})
    assert CANARY not in str(failure.value)


def test_an_empty_file_is_empty_however_it_is_laid_out(tmp_path: Path) -> None:
    for layout in ({"skip_lines": 3}, {"skip_until": "^id"}, {"comment": "#"}, {"sep": "||"}):
        taken = read(tmp_path, "", format={"type": "delimited", **layout})
        assert taken.summary.warnings == ["table.csv is empty"]
    taken = read(tmp_path, "", format={"type": "delimited", "columns": ["id"]})
    assert taken.summary.warnings == ["table.csv has no rows"]


def test_a_pattern_that_never_ends_is_stopped(tmp_path: Path) -> None:
    content = "a" * 5000 + "!\nid\n"
    with pytest.raises(UnreadableFile, match=r"table\.csv, line 1: the pattern takes longer"):
        read(tmp_path, content, format={"type": "delimited", "skip_until": r"^(\w|\w\w)+$(?<=x)"})


def test_the_character_that_stands_for_a_long_separator_is_refused_in_a_row(tmp_path: Path) -> None:
    content = f"id||name\n1||Ann\n2||{CANARY}\ufdd0\n3||Cy\n"
    taken = read(tmp_path, content, format={"type": "delimited", "sep": "||"})
    assert [row["id"] for row in taken.rows] == ["1", "3"]
    assert [row["line"] for row in taken.rejected] == [3]


def test_columns_named_by_the_format_must_be_in_the_schema(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="none of the columns that format names"):
        read(tmp_path, "1,2\n", format={"type": "delimited", "columns": ["x", "y"]})


ENDINGS = ["\n", "\r\n", "\r"]
TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=8)
CELLS = st.one_of(
    TEXT,
    st.sampled_from(['"', '""', "a\nb", "a\r\nb", "a\rb", ",", ";", "'", "\\", "^", "\\\\", " "]),
)
NUMBERS = st.integers(-999, 999) | st.sampled_from([1.5, -0.25])


@given(
    rows=st.lists(st.lists(CELLS | NUMBERS, min_size=1, max_size=4), max_size=6),
    separator=st.sampled_from(",;|\t: "),
    quote=st.sampled_from(['"', "'", None]),
    escape=st.sampled_from([None, "\\", "^"]),
    double_quote=st.booleans(),
    quoting=st.sampled_from(
        [csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC, csv.QUOTE_NONE]
    ),
    ending=st.sampled_from(ENDINGS),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_pythons_csv_module_writes_in_any_dialect_reads_back_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[list[Any]],
    separator: str,
    quote: str | None,
    escape: str | None,
    double_quote: bool,
    quoting: Any,
    ending: str,
    encoding: str,
) -> None:
    # What nobody could read, or Python itself does not write:
    # - line ends other than ENDINGS: csv.reader itself knows no others;
    # - a row of no cells: it is a blank line;
    # - no quote character with a mode that quotes: the csv module refuses the dialect;
    assume(quote is not None or quoting == csv.QUOTE_NONE)
    # - before Python 3.13 a line end within a cell is neither quoted nor escaped if it is not part
    #   of the dialect's own line end: it cannot be told from a row's end;
    bare = set("\r\n") - set(ending)
    always_quoted = quoting in (csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC)
    assume(always_quoted or not any(bare & set(str(cell)) for row in rows for cell in row))
    folder = tmp_path_factory.getbasetemp()
    path = folder / "any.csv"
    with path.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(
            file,
            delimiter=separator,
            quotechar=quote,
            escapechar=escape,
            doublequote=double_quote,
            quoting=quoting,
            lineterminator=ending,
        )
        try:
            writer.writerows(rows)
        except csv.Error:  # - a character needs an escape, and the dialect has none
            assume(False)
    layout = Delimited(
        sep=separator,
        quote=None if quoting == csv.QUOTE_NONE else quote,
        escape=escape,
        double_quote=double_quote,
        encoding=encoding,
        columns=["any"],
    )
    batches = read_delimited([local_file(folder, path.read_bytes())], layout)
    lines = [line for batch in batches for line in batch.lines]
    assert [line.fault for line in lines] == [None] * len(rows)
    assert [line.cells for line in lines] == [[str(cell) for cell in row] for row in rows]


@given(
    rows=st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=6),
    separator=st.sampled_from(["||", "~|~", ", ", "\t\t"]),
)
def test_a_separator_of_several_characters_reads_back_the_same(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], separator: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    text = "".join(
        separator.join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows
    )
    layout = Delimited(sep=separator, columns=["any"])
    assume("\ufdd0" not in text)
    batches = read_delimited([local_file(folder, text)], layout)
    assert [line.cells for batch in batches for line in batch.lines] == rows
