"""Zip archives and gzip files."""

import gzip
import io
import os
import struct
import zipfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache

import pytest

from teamster.core.errors import (
    ConfigError,
    NoMatchingFile,
    SeveralMatchingFiles,
    UnreadableFile,
)
from tests.libraries.sftp.failures.cases import CANARY, Case, Scene, content
from tests.libraries.sftp.vendor import zip_of
from tests.libraries.sftp.zipping import zip_crypto

HEADER = "id,name\n"
FILE = f"{HEADER}1,{CANARY}\n"
ROWS = [("1", CANARY)]
BOMB = f"{FILE}".encode() + b"2,Bo\n" * 15_000_000  # 75 MB, packed to less than 1/500
VARIABLE = "VENDOR_ZIP_PASSWORD"
LOCKED = {"archive_password_env": VARIABLE}
_LOCAL, _CENTRAL = b"PK\x03\x04", b"PK\x01\x02"


@cache
def bomb() -> bytes:
    return zip_of({"readme.txt": CANARY, "table.csv": BOMB})


@cache
def gzip_bomb() -> bytes:
    return gzip.compress(BOMB)


def stored(text: str) -> bytes:
    """Makes an archive that is not compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("table.csv"), text)
    return buffer.getvalue()


def zipped(data: bytes) -> Callable[[Scene], object]:
    """Arranges an archive."""
    return content(data, "table.zip")


def lying_bomb(scene: Scene) -> None:
    """A bomb whose directory says that it is small."""
    data = bytearray(bomb())
    for signature, at in ((_LOCAL, 22), (_CENTRAL, 24)):
        struct.pack_into("<I", data, data.rindex(signature) + at, len(FILE))
    scene.put(bytes(data), "table.zip")


def locked(password: str | None) -> Callable[[Scene], None]:
    """Arranges an archive whose password is ``right``, and what the environment says it is."""

    def arrange(scene: Scene) -> None:
        scene.put(zip_crypto({"table.csv": FILE}, "right"), "table.zip")
        patch = scene.open.enter_context(pytest.MonkeyPatch.context())
        patch.delenv(VARIABLE, raising=False)
        if password is not None:
            patch.setenv(VARIABLE, password)

    return arrange


def wrong_crc(scene: Scene) -> None:
    data = bytearray(stored(FILE + "2,Bo\n" * 1000))
    data[1000] ^= 0xFF
    scene.put(bytes(data), "table.zip")


ZIPS = [
    Case("zip bomb", "refused", lambda scene: scene.put(bomb(), "table.zip"), UnreadableFile),
    Case("zip bomb that lies about its size", "refused", lying_bomb, UnreadableFile),
    Case(
        "zip with more members than max_members",
        *("refused", zipped(zip_of({"table.csv": FILE, "a": "", "b": ""})), UnreadableFile),
        says=[r"table\.zip lists more members .*max_members"],
        options={"max_members": 2},
    ),
    Case(
        "zip with a member named `../`",
        *("read", zipped(zip_of({"../../table.csv": FILE, "../../../etc/x": "x"}))),
        rows=ROWS,
    ),
    Case(
        "encrypted zip, no password given",
        *("refused", locked(None), UnreadableFile, ["is encrypted"]),
        secret=True,
    ),
    Case(
        "encrypted zip, the variable is not set",
        *("fails at once", locked(None), ConfigError, [f"{VARIABLE}.* is not set"]),
        secret=True,
        options=LOCKED,
    ),
    Case(
        "encrypted zip, wrong password",
        *("refused", locked(f"{CANARY}-1"), UnreadableFile, [f"password in {VARIABLE} is wrong"]),
        secret=True,
        options=LOCKED,
    ),
    Case(
        "encrypted zip, right password",
        *("read", locked("right")),
        rows=ROWS,
        secret=True,
        options=LOCKED,
    ),
    Case("corrupt zip member", "refused", wrong_crc, UnreadableFile, [r"table\.zip/table\.csv"]),
    Case(
        "zip cut short", "refused", zipped(stored(FILE)[:-20]), UnreadableFile, ["no readable zip"]
    ),
    Case(
        "zip of 0 bytes", "refused", zipped(b""), UnreadableFile, ["no readable zip"], secret=True
    ),
    Case(
        "no such member",
        *("fails at once", zipped(zip_of({"tabel.csv": FILE})), NoMatchingFile),
        says=[r"there are: tabel\.csv"],
    ),
    Case(
        "several members match",
        *("fails at once", zipped(zip_of({"a/table.csv": FILE, "b/table.csv": FILE}))),
        error=SeveralMatchingFiles,
        says=[r"a/table\.csv, b/table\.csv"],
    ),
    Case(
        "member of 0 bytes",
        *("read", zipped(zip_of({"table.csv": ""})), None),
        says=[r"table\.zip/table\.csv is empty"],
        rows=[],
        secret=True,
    ),
    Case(
        "text under the name of a zip",
        *("refused", zipped(FILE.encode()), UnreadableFile, ["no readable zip"]),
    ),
]

GZIPS = [
    Case("gzip under the name of a text", "read", content(gzip.compress(FILE.encode())), rows=ROWS),
    Case(
        "gzip bomb",
        *("refused", lambda scene: scene.put(gzip_bomb()), UnreadableFile),
        says=[r"table\.csv unpacks to more than it may"],
    ),
    Case(
        "gzip cut short",
        *("refused", content(gzip.compress(FILE.encode() + os.urandom(999))[:-9]), UnreadableFile),
        says=[r"table\.csv is no readable gzip"],
    ),
]

CASES = [*(replace(case, kind="archive") for case in ZIPS), *GZIPS]
