"""JSON: the records of an array, or one record a line."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from pydantic import BaseModel, Field

from teamster.core.documents import Document
from teamster.core.errors import UnreadableFile
from teamster.core.json_stream import JsonStream, MalformedJson, NoSuchArray
from teamster.core.json_text import DECODER
from teamster.libraries.sftp.formats.batches import DocumentBatch, chunks
from teamster.libraries.sftp.formats.text import STRICT, Encoding, Lines, TextFormat, decoded
from teamster.libraries.ssh.files import LocalFile

_NO_RECORD = "the record is no JSON object"
_NO_LINE = "the line is no JSON object"


class Json(BaseModel):
    """An array of records, or an object that holds one."""

    model_config = STRICT

    type: Literal["json"] = "json"
    records: str | None = Field(
        default=None, min_length=1, description="Dotted path to the array, e.g. data.students."
    )
    encoding: Encoding = Field(default="utf-8", description="Encoding; a UTF-8 BOM is dropped.")


class JsonLines(BaseModel):
    """A record a line."""

    model_config = STRICT

    type: Literal["json_lines"] = "json_lines"
    encoding: Encoding = Field(default="utf-8", description="Encoding; a UTF-8 BOM is dropped.")


def read_json(files: Iterable[LocalFile], layout: Json) -> Iterator[DocumentBatch]:
    """Reads the records of an array one by one; they are numbered from 1.

    Raises:
        UnreadableFile: It is no JSON, a byte is not of the encoding, or the array is not there.
    """
    for file in files:
        yield DocumentBatch(file)
        if file.path.stat().st_size:
            with decoded(file, "JSON", layout.encoding) as opened:
                for chunk in chunks(_elements(JsonStream(opened, DECODER), file.name, layout)):
                    yield DocumentBatch(file, chunk)


def _elements(stream: JsonStream, name: str, layout: Json) -> Iterator[Document]:
    number = 0
    path = layout.records.split(".") if layout.records else []
    try:
        for number, (value, text) in enumerate(stream.array(path), start=1):
            fault = None if isinstance(value, dict) else _NO_RECORD
            yield Document(number, value, text, fault)
    except NoSuchArray:
        raise UnreadableFile(
            f"{name} has no array at records: {layout.records}"
            if path
            else f"{name} is no JSON array; set records to the array's dotted path, or type: "
            "json_lines where each line is a record"
        ) from None
    except MalformedJson:
        raise UnreadableFile(
            f"{name} is no JSON after {number} records: it is cut short or malformed"
        ) from None


def read_json_lines(files: Iterable[LocalFile], layout: JsonLines) -> Iterator[DocumentBatch]:
    """Reads one record a line; blank lines are passed over.

    Raises:
        UnreadableFile: It is no text, an array, or a byte is not of the encoding.
    """
    for file in files:
        yield DocumentBatch(file)
        with decoded(file, "JSON lines", layout.encoding) as opened:
            lines = Lines(opened, file.name, TextFormat())
            for chunk in chunks(_lines(lines)):
                yield DocumentBatch(file, chunk)


def _lines(lines: Lines) -> Iterator[Document]:
    first = True
    for line in lines:
        lines.taken.clear()
        text = line.strip()
        if not text:
            continue
        if first and text.startswith("["):
            raise UnreadableFile(f"{lines.name} begins with an array: set type: json in format")
        first = False
        value = _parsed(text)
        fault = None if isinstance(value, dict) else _NO_LINE
        yield Document(lines.number, value, text, fault)


def _parsed(text: str) -> Any:
    """Returns a value, or None where the text is no JSON."""
    try:
        return DECODER.decode(text)
    except (ValueError, RecursionError):
        return None
