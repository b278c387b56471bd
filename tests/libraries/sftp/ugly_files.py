"""Whole files as vendors might make them: nearly regular, with an ugliness or two each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.libraries.sftp.ugly_cells import (
    KINDS,
    LONG_TEXTS,
    cells_of,
    field_named,
    kind_of_type,
    mostly,
    spelled,
)

MANY = 1_000_000
BAD = "\ue000"
"""Stands in a text for bytes that no encoding made."""

BAD_BYTES = b"\xff \xc3 \xe2\x82 \xc0\xaf \xed\xa0\x80 \xf5\x80\x80\x80 \0".split()


@dataclass(frozen=True)
class UglyFiles:
    """Files of one feed, and how the feed reads them.

    Attributes:
        contents: The bytes of each.
        schema: The feed's schema.
        options: Its reading options.
        uglinesses: What is wrong with the files, in words.
    """

    contents: Sequence[bytes]
    schema: dict[str, Any]
    options: Mapping[str, Any]
    uglinesses: Sequence[str]


@dataclass
class Draft:
    """A file before it is put together.

    Attributes:
        layout: The format's options.
        header: Its header's lines, each of cells as they stand in the file.
        rows: Its rows, likewise.
        fields: The schema's field of each column, None for one that the schema lacks.
        ends: The line ends, taken in turns.
        above: Lines above the header.
    """

    layout: Mapping[str, Any]
    header: list[list[str]]
    rows: list[list[str]]
    fields: Sequence[Mapping[str, Any] | None]
    ends: Sequence[str]
    above: Sequence[str]

    def text(self, *, last_end: bool) -> str:
        """Returns the file's text."""
        sep = self.layout["sep"]
        lines = [*self.above, *(sep.join(row) for row in (*self.header, *self.rows))]
        ended = [line + self.ends[at % len(self.ends)] for at, line in enumerate(lines)]
        if ended and not last_end:
            ended[-1] = lines[-1]
        return "".join(ended)


LAYOUTS = st.fixed_dictionaries(
    {
        "sep": mostly(",", "\t", "|", ";", "\t", "|", "→", "||", "~|~", ", ", share=0.75),
        "quote": mostly('"', "'", None, "¶"),
        "escape": mostly(None, "\\", "^"),
        "double_quote": mostly(True, False, share=0.97),
        # In Shift JIS and GB 18030 a character's second byte may be that of a sign in ASCII.
        "encoding": mostly(
            *("utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-16-le", "ascii"),
            *("shift_jis", "gb18030", "utf-7"),
            share=0.87,
        ),
        "skip_lines": mostly(0, 1, 3, share=0.94),
        "skip_until": mostly(None, *["[cC][12345]"] * 3, "nowhere", share=0.94),
        "comment": mostly(None, "#", "//", share=0.75),
    }
)
_USUAL = {"sep": ",", "quote": '"', "escape": None, "double_quote": True, "encoding": "utf-8"}
PLAIN = LAYOUTS.map(lambda layout: {**layout, **_USUAL})
ENDS = mostly(
    *(["\n"], ["\r\n"], ["\r\n"], ["\r\n"], ["\n", "\r\n"], ["\n"] * 9 + ["\r"]),
    *(["\r"], ["\r", "\n", "\n"]),
    share=0.6,
)
HEADERS = mostly("one", "two", "three", "none", share=0.8)
UNKNOWN = ["New One", "extra é", "", "c1", "C1", "c1_2", "_extra", "source_line", "2nd", "column 2"]
ABOVE = ["Report of 2026", "", '"a quote', "#x", "a,b,c", "c0"]
PROVENANCE: dict[str, Sequence[Any]] = {
    "source_file_name": ["string", ["null", "string"]],
    "source_file_mtime": ["string", {"type": "long", "logicalType": "timestamp-millis"}],
    "source_line": ["long", "string", ["null", "int"], ["null", "string"]],
}
MAP = {"type": "map", "values": "string"}


@st.composite
def ugly_files(draw: st.DrawFn) -> UglyFiles:
    """Draws files, their schema and how they are read."""
    layout: dict[str, Any] = draw(PLAIN | LAYOUTS)
    if layout["escape"] == layout["sep"] or layout["quote"] == layout["sep"]:
        layout = {**layout, "sep": ","}
    header = draw(HEADERS) if layout["skip_until"] is None else "one"
    n_columns = draw(st.sampled_from([4, 2, 6, 3, 1]))
    columns = [draw(field_named(f"c{at + 1}")) for at in range(n_columns)]
    schema = {"type": "record", "name": "ugly", "fields": draw(_schema(columns))}
    n_files = draw(st.sampled_from([1] * 6 + [2, 3]))
    contents: list[bytes] = []
    uglinesses: list[str] = []
    of_file: list[Any] = []
    for number in range(n_files):
        if header != "none" or not number:
            of_file = _taken(draw, columns)
        draft = draw(_draft(layout, header, of_file))
        names = draw(st.lists(st.sampled_from(sorted(UGLINESSES)), max_size=2))
        for name in names:
            UGLINESSES[name](draft, draw)
        uglinesses += names
        contents.append(_encoded(draw, draft, names))
    if header == "none":
        layout["columns"] = [_name(each, at) for at, each in enumerate(of_file)]
    elif header != "one":
        layout["header_lines"] = 2 if header == "two" else 3
    return UglyFiles(contents, schema, draw(_options(layout)), uglinesses)


@st.composite
def _schema(draw: st.DrawFn, columns: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    more = [
        {"name": name, "type": draw(st.sampled_from(types))}
        for name, types in PROVENANCE.items()
        if draw(st.integers(0, 3)) == 3
    ]
    if draw(st.integers(0, 3)) == 3:
        more.append({"name": "_extra", "type": draw(mostly(["null", MAP], [MAP, "null"], MAP))})
    if draw(st.integers(0, 9)) == 9:
        more.append(draw(field_named("c1_2")))  # what a header that repeats itself may become
    together = [*columns, *more]
    return draw(st.permutations(together)) if draw(st.booleans()) else together


@st.composite
def _options(draw: st.DrawFn, layout: Mapping[str, Any]) -> dict[str, Any]:
    options: dict[str, Any] = {
        "format": {"type": "delimited", **layout},
        "max_rejected_rows": draw(st.sampled_from([0, 1, 3, MANY, MANY, MANY])),
    }
    if draw(st.integers(0, 9)) == 9:
        options["ignore_cols"] = draw(st.sampled_from([["c2", "new_one"], ["column_2"], ["c1"]]))
    if draw(st.integers(0, 19)) == 19:
        options["slugify_cols"] = False
    return options


def _taken(draw: st.DrawFn, columns: Sequence[Any]) -> list[Any]:
    """Returns the columns of a file: the schema's, some missing, others beside them."""
    taken: list[Any] = list(columns)
    what = draw(st.sampled_from(["all"] * 4 + ["fewer", "more", "twice", "other order"]))
    match what:
        case "fewer" if len(taken) > 1:
            taken.pop(draw(st.integers(0, len(taken) - 1)))
        case "more":
            taken.insert(draw(st.integers(0, len(taken))), None)
        case "twice":
            taken.append(draw(st.sampled_from(taken)))
        case "other order":
            taken.reverse()
    return taken


def _name(of_field: Mapping[str, Any] | None, at: int) -> str:
    return UNKNOWN[at % len(UNKNOWN)] if of_field is None else str(of_field["name"])


@st.composite
def _draft(draw: st.DrawFn, layout: Mapping[str, Any], header: str, columns: list[Any]) -> Draft:
    always = draw(st.integers(0, 4)) == 4
    shown = draw(mostly(str, str.upper, " {} ".format, "\n{}".format))
    names = [
        spelled(shown(_name(each, at)), layout, always=always) for at, each in enumerate(columns)
    ]
    upper = [["Part"], ["", "Of", "it"]]
    headers = {"none": [], "one": [names], "two": [*upper[1:], names], "three": [*upper, names]}
    of_columns = [cells_of(each) if each else st.sampled_from(["", "x", "é"]) for each in columns]
    patterns = [
        [spelled(draw(cells), layout, always=always) for cells in of_columns]
        for _ in range(draw(st.sampled_from([3, 1, 5])))
    ]
    n_rows, step = (
        draw(st.sampled_from([40, 20, 80, 5, 40, 30, 1, 0, 200])),
        draw(st.integers(1, 3)),
    )
    rows = [list(patterns[at * step % len(patterns)]) for at in range(n_rows)]
    n_above = layout["skip_lines"] + (2 if layout["skip_until"] else 0)
    above = [draw(st.sampled_from(ABOVE)) for _ in range(n_above)]
    return Draft(layout, headers[header], rows, columns, draw(ENDS), above)


def _encoded(draw: st.DrawFn, draft: Draft, uglinesses: Sequence[str]) -> bytes:
    text = draft.text(last_end=draw(st.booleans()))
    if "byte order mark" in uglinesses:
        text = "\ufeff" + text
    encoding = draft.layout["encoding"]
    content = text.encode(encoding, "replace")
    if BAD in text:
        content = content.replace(BAD.encode(encoding, "replace"), draw(st.sampled_from(BAD_BYTES)))
    if "cut short" in uglinesses:
        content = content[: draw(st.integers(0, len(content)))]
    return content


Ugliness = Callable[[Draft, st.DrawFn], None]


def _place(draft: Draft, draw: st.DrawFn) -> tuple[list[str], int]:
    """Returns a row and one of its columns."""
    if not draft.rows:
        draft.rows.append([""])
    row = draw(st.sampled_from(draft.rows))
    return row, draw(st.integers(0, len(row) - 1))


def _line(*lines: str) -> Ugliness:
    """Returns what puts one of some lines among the rows."""

    def put(draft: Draft, draw: st.DrawFn) -> None:
        draft.rows.insert(draw(st.integers(0, len(draft.rows))), [draw(st.sampled_from(lines))])

    return put


def _cell(*cells: str) -> Ugliness:
    """Returns what puts one of some cells, as they are, into a row; ``q`` is the quote."""

    def put(draft: Draft, draw: st.DrawFn) -> None:
        row, at = _place(draft, draw)
        row[at] = draw(st.sampled_from(cells)).replace("q", draft.layout["quote"] or '"')

    return put


def _misfit(draft: Draft, draw: st.DrawFn) -> None:
    """Puts a value into a row that is not of its column's type."""
    row, at = _place(draft, draw)
    of_field = draft.fields[at] if at < len(draft.fields) else None
    if of_field:
        wrong = KINDS[kind_of_type(of_field["type"])].misfit or [""]
        row[at] = spelled(draw(st.sampled_from([*wrong, ""])), draft.layout, always=False)


def _ragged(draft: Draft, draw: st.DrawFn) -> None:
    """Makes a row shorter or longer."""
    row, at = _place(draft, draw)
    by = draw(st.sampled_from([[], [], ["x"], [""], ["", ""], ["", "x"], ["x", "", ""]]))
    row[:] = [*row, *by] if by else row[: at + 1]


def _all_ragged(draft: Draft, draw: st.DrawFn) -> None:
    """Makes all rows shorter or longer than the header, each as all others."""
    by = draw(st.sampled_from([None, [""], ["", ""], ["x"]]))
    for row in draft.rows:
        row[:] = row[:-1] or row if by is None else [*row, *by]


def _header_again(draft: Draft, draw: st.DrawFn) -> None:
    """Repeats the header among the rows."""
    for again in draft.header[-1:]:
        draft.rows.insert(draw(st.integers(0, len(draft.rows))), list(again))


UGLINESSES: dict[str, Ugliness] = {
    "blank line": _line("", "", " ", "   ", "\t", "\u3000", "\x0c"),
    "only separators": _line(",", ",,,,", "||", ";", "\t\t"),
    "comment": _line("# note", '#"', "#", '// note, with a " quote', " # no comment"),
    "a line's end": _cell("a\rb", "\r", "a\nb", "\n", "a\r\nb", "\r\r\n", "\n\r", "qa\rbq", "q\nq"),
    "quote left open": _cell("qopen", "q", "qa\n", "qqq"),
    "stray quote": _cell("abqc", "aq", "qabqc", " qaq", "qaq ", "qqa", "aqq", "qaqqbq"),
    "quotes not doubled": _cell("qsay qhiq nowq", "qback\\qslash\\qq", "qqaqq", "qa\\q", "qaqbq"),
    "control character": _cell("a\0b", "\0", "\x1c", "\x85", "\u2028", "\x1a", "\x0b", "\ufdd0"),
    "bad bytes": _cell(BAD, f"a{BAD}b", f"q{BAD}q", f"é{BAD}"),
    "byte order mark": _cell("\ufeff", "x"),
    "long cell": _cell(*LONG_TEXTS, *(f"q{text}\n,qq{text}q" for text in LONG_TEXTS[::5])),
    "not of its type": _misfit,
    "ragged": _ragged,
    "all ragged": _all_ragged,
    "header again": _header_again,
    "cut short": lambda draft, draw: None,  # once it is encoded
}
