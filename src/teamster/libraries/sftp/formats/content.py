"""What a file is by its first bytes, said before a reader takes it for what it is not."""

import codecs
from typing import Final

from teamster.core.errors import UnreadableFile
from teamster.libraries.ssh.files import LocalFile

_HEAD = 1024

ZIP: Final = "an Excel workbook or zip archive"
OLD_EXCEL: Final = "an old Excel workbook, or one with a password"
PDF: Final = "a PDF"
GZIP: Final = "a gzip file"
TEXT: Final = "delimited text"
MARKUP: Final = "an HTML or XML page"
EMPTY: Final = "empty"

_MAGIC = {
    b"PK\x03\x04": ZIP,
    b"PK\x05\x06": ZIP,
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": OLD_EXCEL,
    b"%PDF-": PDF,
    b"\x1f\x8b": GZIP,
    b"7z\xbc\xaf\x27\x1c": "a 7z archive",
    b"Rar!\x1a\x07": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "a zstd file",
    b"\xfd7zXZ\x00": "an xz file",
    b"BZh91AY&SY": "a bzip2 file",
}
_REMEDIES = {
    ZIP: "set format: {type: excel}, or read it with build_sftp_archive_asset",
    OLD_EXCEL: "set format: {type: excel}",
    PDF: "set format: {type: pdf, row_pattern: …}",
    GZIP: "gzip is unpacked once, and not within an archive: ask the vendor for a plain file",
    TEXT: "leave format out, or set format: {type: delimited}",
    MARKUP: "often a server's error page: look at the file",
}
_OTHER_REMEDY = "ask the vendor for a plain, gzip or zip file"
# The longest first: UTF-32's mark begins with UTF-16's.
_MARKS = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}


def kind_of(head: bytes) -> str:
    """Returns what a file is by its first bytes, in words."""
    if not head:
        return EMPTY
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            return kind
    return MARKUP if head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"<") else TEXT


def head_of(file: LocalFile) -> bytes:
    """Returns a file's first bytes."""
    with file.path.open("rb") as opened:
        return opened.read(_HEAD)


def refuse_other(file: LocalFile, wanted: str, kind: str) -> UnreadableFile:
    """Returns what to say of a file that is not what its feed says.

    Args:
        file: The file.
        wanted: What the feed says, in words.
        kind: What it is, from :func:`kind_of`.
    """
    remedy = _REMEDIES.get(kind, _OTHER_REMEDY)
    return UnreadableFile(f"{file.name} is {kind} by its first bytes, not {wanted}; {remedy}")


def check_is_text(file: LocalFile, wanted: str, encoding: str) -> None:
    """Refuses a file that is no text, or text of an encoding that nobody declared.

    Args:
        file: The file.
        wanted: What the feed says it is, in words.
        encoding: The encoding that it is read with.

    Raises:
        UnreadableFile: It says what the file is and what to set.
    """
    head = head_of(file)
    kind = kind_of(head)
    if kind not in (TEXT, MARKUP, EMPTY):
        raise refuse_other(file, wanted, kind)
    found = _wide_encoding(head)
    if found and not codecs.lookup(encoding).name.startswith(("utf-16", "utf-32")):
        raise UnreadableFile(
            f"{file.name} is text in {found} by its first bytes, not {encoding}; declare it: "
            f"file_encoding: {found}, or encoding: {found} in format"
        )


def _wide_encoding(head: bytes) -> str | None:
    for mark, encoding in _MARKS.items():
        if head.startswith(mark):
            return encoding
    half = len(head) // 2
    if half >= 4 and not any(head[1 : 2 * half : 2]) and all(head[0 : 2 * half : 2]):
        return "utf-16"
    if half >= 4 and not any(head[0 : 2 * half : 2]) and all(head[1 : 2 * half : 2]):
        return "utf-16-be"
    return None
