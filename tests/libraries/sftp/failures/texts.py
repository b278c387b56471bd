"""Delimited text: encodings, headers, rows."""

from teamster.core.errors import TooManyRejectedRows, UnreadableFile
from teamster.core.schema import record_model, text_model
from tests.libraries.sftp.failures.cases import CANARY, Case, content

HEADER = "id,name\n"
FILE = f"{HEADER}1,{CANARY}\n"
ROWS = [("1", CANARY)]
BIG = CANARY * 150_000  # 1 MB
TYPED = record_model("table", {"id": int | None, "name": str | None})
LATIN = f"{HEADER}1,{CANARY} Núñez\n".encode("latin-1")
LATIN_ROWS = [("1", f"{CANARY} Núñez")]
GOOD_ROW = "1,Ann\n"
THREE = text_model("table", "id name name_2")
LONG = f"{HEADER}{GOOD_ROW}2,{CANARY},x\n"
UNCLOSED = f'{HEADER}{GOOD_ROW}2,"{CANARY}\n3,Cy\n'
MISTYPED = f"{HEADER}{GOOD_ROW}{CANARY},Bo\n"

ENCODINGS = [
    Case("byte order mark", "read", content(f"\ufeff{FILE}"), rows=ROWS),
    Case(
        "UTF-16, not declared",
        *("refused", content(FILE.encode("utf-16")), UnreadableFile),
        says=["utf-16"],
    ),
    Case(
        "UTF-16, declared",
        *("read", content(FILE.encode("utf-16"))),
        rows=ROWS,
        options={"file_encoding": "utf-16"},
    ),
    Case(
        "latin-1, not declared",
        *("refused", content(LATIN), UnreadableFile),
        says=[r"table\.csv is not utf-8.* offset 19 .*file_encoding"],
    ),
    Case(
        "latin-1, declared",
        *("read", content(LATIN)),
        rows=LATIN_ROWS,
        options={"file_encoding": "latin-1"},
    ),
]

HEADERS = [
    Case("0 bytes", "read", content(""), None, [r"table\.csv is empty"], [], secret=True),
    Case(
        "header and no rows",
        *("read", content(HEADER), None, [r"table\.csv has a header and no rows"], []),
        secret=True,
    ),
    Case(
        "no header",
        *("refused", content(f"{CANARY},1\n{CANARY},2\n"), UnreadableFile, ["is there no header"]),
    ),
    Case(
        "another separator",
        *("refused", content(FILE.replace(",", ";")), UnreadableFile, ["another separator"]),
    ),
    Case(
        "duplicate headers",
        *("read", content(f"id,name,name\n1,{CANARY},x\n"), None, ["column 3 is named name_2"]),
        rows=[("1", CANARY, "x")],
        schema=THREE,
    ),
    Case(
        "headers that collide once they are names",
        *("read", content(f"ID,Name,name \n1,{CANARY},x\n"), None, ["column 3 is named name_2"]),
        rows=[("1", CANARY, "x")],
        schema=THREE,
    ),
]

BODIES = [
    Case("NUL bytes", "read", content(f"{HEADER}1,{CANARY}\0\n"), rows=[("1", f"{CANARY}\0")]),
    Case("a field of 1 MB", "read", content(f"{HEADER}1,{BIG}\n"), rows=[("1", BIG)]),
    Case("rows that are too short", "read", content(f"{HEADER}{CANARY}\n"), rows=[(CANARY, None)]),
    Case(
        "rows that are too long",
        *("quarantined", content(LONG), TooManyRejectedRows),
        says=["1 × more cells", r"table\.csv, line 3"],
        rejected=1,
    ),
    Case(
        "rows that are too long, within max_rejected_rows",
        *("quarantined", content(LONG)),
        rows=[("1", "Ann")],
        rejected=1,
        options={"max_rejected_rows": 1},
    ),
    Case(
        "a quote that is never closed",
        *("quarantined", content(UNCLOSED), TooManyRejectedRows),
        says=["1 × a quote is opened", r"table\.csv, line 3"],
        rejected=1,
    ),
    Case(
        "a quote that is never closed, within max_rejected_rows",
        *("quarantined", content(UNCLOSED)),
        rows=[("1", "Ann"), ("3", "Cy")],
        rejected=1,
        options={"max_rejected_rows": 1},
    ),
    Case(
        "quotes inside a quoted cell that are not doubled",
        *("read", content(f'{HEADER}1,"{CANARY} \\"Z\\" X"\n'), None, ["not doubled"]),
        rows=[("1", f'{CANARY} "Z" X')],
    ),
    Case(
        "a value that is not of its type",
        *("quarantined", content(MISTYPED), TooManyRejectedRows),
        says=[r"1 × not of type long.*table\.csv, line 3, column id"],
        rejected=1,
        schema=TYPED,
    ),
]

WHOLE = [
    Case(
        "lines above the header, not declared",
        *("refused", content(f"Report of {CANARY}\n\n{FILE}"), UnreadableFile),
        says=[r"table\.csv, line 1: none of its 1 columns"],
    ),
    Case(
        "lines above the header, declared",
        *("read", content(f"Report of {CANARY}\n\n{FILE}")),
        rows=ROWS,
        options={"format": {"type": "delimited", "skip_until": "^id,"}},
    ),
    Case(
        "lines above the header, declared, and another header",
        *("refused", content(f"Report of {CANARY}\n\nkey,value\n1,2\n"), UnreadableFile),
        says=["skip_until is found in none of its 4 lines"],
        options={"format": {"type": "delimited", "skip_until": "^id,"}},
    ),
    Case(
        "an HTML page under the name of a text",
        *("refused", content(f"<html><p>{CANARY}</p></html>\n"), UnreadableFile),
    ),
]

CASES = [*ENCODINGS, *HEADERS, *BODIES, *WHOLE]
