"""Folders, names and links."""

import os

from teamster.core.errors import (
    NoMatchingFile,
    NoSuchDirectory,
    PermissionRefused,
    SeveralMatchingFiles,
)
from tests.libraries.sftp.failures.cases import CANARY, GOOD, Case, Scene, content

FILE = f"id,name\n1,{CANARY}\n"
ROWS = [("1", CANARY)]
DEEP = {"folder": r"/data(/\w+)?"}


def no_folder(scene: Scene) -> None:
    (scene.vendor.root / "data").rename(scene.vendor.root / "renamed")
    scene.vendor.put("/renamed/table.csv", FILE)


def folder_refused(scene: Scene) -> None:
    scene.put(FILE)
    (scene.vendor.root / "data").chmod(0)


def subfolder_refused(scene: Scene) -> None:
    scene.put(FILE)
    (scene.vendor.root / "data" / "locked").mkdir(mode=0)


def file_refused(scene: Scene) -> None:
    scene.put(FILE).chmod(0)


def dotdot(scene: Scene) -> None:
    scene.put(FILE)
    for name in ("..%2Ftable.csv", "..%2F..%2Ftable.csv", "%2Ftable.csv"):  # as `/`, see Hostile
        scene.put("id,name\n2,Wrong\n", name)


def control_characters(scene: Scene) -> None:
    for name in ("table.csv\n", "table\x1b[2J.csv", "table\x07.csv"):
        scene.put(FILE, name)


def not_utf8(scene: Scene) -> None:
    scene.put(FILE)
    scene.put(GOOD, os.fsdecode(b"table\xff.csv"))


def loop(scene: Scene) -> None:
    scene.put(FILE)
    data = scene.vendor.root / "data"
    (data / "here").symlink_to(".")
    (data / "up").symlink_to("../data")
    (data / "self").symlink_to("self")


def link_out(scene: Scene) -> None:
    scene.vendor.put("/private/table.csv", FILE)
    (scene.vendor.root / "data" / "table.csv").symlink_to("../private/table.csv")
    (scene.vendor.root / "data" / "folder").symlink_to("../private")


def link_within(scene: Scene) -> None:
    scene.put(FILE, "table_2026.csv")
    (scene.vendor.root / "data" / "table.csv").symlink_to("table_2026.csv")


def dangling(scene: Scene) -> None:
    scene.put(FILE, "other.csv")
    (scene.vendor.root / "data" / "table.csv").symlink_to("gone.csv")


def several(scene: Scene) -> None:
    scene.put(FILE, "table_a.csv")
    scene.put(FILE, "table_b.csv")


def unfinished(scene: Scene) -> None:
    for ending in ("filepart", "part", "tmp", "bak"):
        scene.put(FILE, f"table.csv.{ending}")


CASES = [
    Case("no such folder", "fails at once", no_folder, NoSuchDirectory, ["/data"]),
    Case(
        "folder not readable",
        *("fails at once", folder_refused, PermissionRefused, ["/data"]),
        secret=True,
    ),
    Case(
        "folder below not readable",
        *("read", subfolder_refused, None, ["refused to list: .*/data/locked"], ROWS),
        options=DEEP,
    ),
    Case("file not readable", "fails at once", file_refused, PermissionRefused, secret=True),
    Case("`..` or `/` in a name", "read", dotdot, rows=ROWS, servers=["asyncssh"], options=DEEP),
    Case(
        "control characters in a name",
        *("fails at once", control_characters, NoMatchingFile, ["3 names with control"]),
        options={"file": r"table.*\.csv\s*"},
    ),
    Case(
        "a name that is not UTF-8", "read", not_utf8, rows=ROWS, options={"file": r"table.*\.csv"}
    ),
    Case("symbolic links in a circle", "read", loop, rows=ROWS, options=DEEP),
    Case("a link out of the folder", "fails at once", link_out, NoMatchingFile, options=DEEP),
    Case("a link inside the folder", "read", link_within, rows=ROWS),
    Case("a link that leads nowhere", "fails at once", dangling, NoMatchingFile, [r"other\.csv"]),
    Case(
        "several files match",
        *("fails at once", several, SeveralMatchingFiles, [r"table_a\.csv, .*table_b\.csv"]),
        options={"file": r"table\w+\.csv"},
    ),
    Case(
        "nothing matches",
        *("fails at once", content(FILE, "tabel.csv"), NoMatchingFile, [r"nearest.*tabel\.csv"]),
    ),
    Case(
        "nothing matches, when_missing: skip",
        *("skipped", content(FILE, "tabel.csv")),
        options={"when_missing": "skip"},
    ),
    Case(
        "a name of an unfinished upload",
        *("fails at once", unfinished, NoMatchingFile, [r"table\.csv\.filepart"]),
    ),
]
