"""Tables in PDF files: rows told from the rest of the text by a pattern."""

import logging
from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import BaseModel, Field, field_validator

from teamster.core.errors import UnreadableFile
from teamster.libraries.sftp.formats.batches import Batch, Line, batches_of_table, chunks
from teamster.libraries.sftp.formats.content import PDF, head_of, kind_of, refuse_other
from teamster.libraries.sftp.formats.text import STRICT, Regex, search
from teamster.libraries.ssh.files import LocalFile

logging.getLogger("pypdf").setLevel(logging.CRITICAL + 1)  # its messages may hold the file's text


class Pdf(BaseModel):
    """Lines of a PDF's text that match a pattern."""

    model_config = STRICT

    type: Literal["pdf"] = "pdf"
    row_pattern: Regex = Field(description="Tried on each line; its named groups are the columns.")

    @field_validator("row_pattern")
    @classmethod
    def _has_groups(cls, given: str) -> str:
        import regex

        if not regex.compile(given).groupindex:
            raise ValueError("give each column as a named group, (?P<name>…)")
        return given

    @property
    def columns(self) -> list[str]:
        """The names of the groups, in the order in which they stand."""
        import regex

        groups = regex.compile(self.row_pattern).groupindex
        return sorted(groups, key=lambda name: groups[name])


def read_pdf(files: Iterable[LocalFile], layout: Pdf) -> Iterator[Batch]:
    """Reads PDF files; lines that do not match are passed over.

    Raises:
        UnreadableFile: It is no PDF, is encrypted or corrupt, has no line that matches, or the
            pattern takes too long.
    """
    for file in files:
        if not file.path.stat().st_size:
            yield Batch(file, None)
            continue
        seen = _Seen()
        yield from batches_of_table(file, chunks(_rows(file, layout, seen)), layout.columns)
        if not seen.rows:
            what = (
                f"row_pattern matches none of its {seen.lines} lines; has the vendor changed it?"
                if seen.lines
                else "it holds no text; is it a scan?"
            )
            raise UnreadableFile(f"{file.name}: {what}")


class _Seen:
    lines = 0
    rows = 0


def _rows(file: LocalFile, layout: Pdf, seen: _Seen) -> Iterator[Line]:
    """Numbers the lines of all pages through, blank ones passed over."""
    columns = layout.columns
    for text in _pages(file):
        for line in filter(str.strip, text.splitlines()):
            seen.lines += 1
            place = f"{file.name}, line {seen.lines}"
            # The text's left margin is gone: its edge counts as white space too.
            found = search(layout.row_pattern, line, place) or search(
                layout.row_pattern, f" {line}", place
            )
            if found:
                seen.rows += 1
                yield Line(seen.lines, [(found[name] or "").strip() for name in columns])


def _pages(file: LocalFile) -> Iterator[str]:
    kind = kind_of(head_of(file))
    if kind != PDF:
        raise refuse_other(file, "a PDF", kind)
    from pypdf import PdfReader  # slow to import, and few feeds are PDFs
    from pypdf.errors import FileNotDecryptedError

    try:
        with file.path.open("rb") as opened:
            for page in PdfReader(opened).pages:
                yield page.extract_text(extraction_mode="layout")
    except FileNotDecryptedError:
        raise UnreadableFile(f"{file.name} is a PDF with a password; ask for one without") from None
    except Exception as error:  # a broken PDF raises anything; its text may hold the file's
        raise UnreadableFile(
            f"{file.name} is a PDF that cannot be read: {type(error).__name__}"
        ) from None
