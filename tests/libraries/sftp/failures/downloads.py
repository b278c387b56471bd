"""Files that change between the listing and the end of the download."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from teamster.core.errors import FileChanged, NoMatchingFile
from tests.libraries.sftp.failures.cases import CANARY, Case, Scene
from tests.libraries.sftp.failures.connections import FILE, HALF, ROWS
from tests.libraries.sftp.vendor import MTIME

NEW = f"id,name\n7,{CANARY} the new\n"
NEW_ROWS = [("7", f"{CANARY} the new")]


def appending(scene: Scene) -> Callable[[], None]:
    place = scene.put(FILE)

    def append() -> None:
        with place.open("a") as file:
            file.write(f"801,{CANARY} too\n")

    return append


def grows(scene: Scene) -> None:
    append = appending(scene)
    scene.proxied().after(HALF, append, times=1)


def grows_on(scene: Scene) -> None:
    append = appending(scene)
    proxy = scene.proxied()
    for tries in range(20):  # all of them over one connection
        proxy.after(HALF + tries * len(FILE), append)


def shrinks(scene: Scene) -> None:
    scene.put(FILE)
    scene.proxied().after(HALF, lambda: scene.put(NEW), times=1)


def replaced_in_download(scene: Scene) -> None:
    """By one of the same size: only the modification time tells."""
    scene.put(FILE)
    other = FILE.replace("800,", "900,")
    later = MTIME + timedelta(minutes=1)
    scene.proxied().after(HALF, lambda: scene.vendor.put("/data/table.csv", other, later), times=1)


def replaced_before_download(scene: Scene) -> None:
    scene.put(FILE)
    scene.before_download(lambda: scene.put(NEW))


def vanishes(scene: Scene) -> None:
    place = scene.put(FILE)
    scene.before_download(lambda: place.unlink(missing_ok=True))


def vanishes_in_download(scene: Scene) -> None:
    place = scene.put(FILE)
    scene.proxied().after(HALF, place.unlink, times=1)  # who has it open still gets it


def one_of_many_vanishes(scene: Scene) -> None:
    places = [scene.put(f"id,name\n{n},{CANARY}\n", f"table_{n}.csv") for n in range(9)]
    scene.before_download(lambda: places[6].unlink(missing_ok=True))


MANY: dict[str, Any] = {"kind": "folder", "options": {"file": r"table_\d\.csv"}}

CASES = [
    Case(
        "file grows during the download",
        *("retried", grows),
        rows=[*ROWS, ("801", f"{CANARY} too")],
    ),
    Case("file grows and grows", "retried", grows_on, FileChanged, [r"/data/table\.csv changed"]),
    Case("file shrinks during the download", "retried", shrinks, rows=NEW_ROWS),
    Case(
        "file replaced during the download",
        *("retried", replaced_in_download),
        rows=[*ROWS[:-1], ("900", CANARY)],
    ),
    Case(
        "file replaced between listing and download",
        *("read", replaced_before_download),
        rows=NEW_ROWS,
    ),
    Case("file vanished", "fails at once", vanishes, NoMatchingFile),
    Case(
        "file vanished during the download",
        *("fails at once", vanishes_in_download, NoMatchingFile),
    ),
    Case(
        "file vanished, when_missing: skip", "skipped", vanishes, options={"when_missing": "skip"}
    ),
    Case(
        "one file of many vanished",
        *("fails at once", one_of_many_vanishes, NoMatchingFile, [r"table_6\.csv"]),
        **MANY,
    ),
    Case(
        "one file of many vanished, when_missing: skip",
        *("skipped", one_of_many_vanishes),
        **{**MANY, "options": {**MANY["options"], "when_missing": "skip"}},
    ),
]
