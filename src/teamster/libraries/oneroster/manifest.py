"""A OneRoster archive's ``manifest.csv``: which files it has, and what each of them is.

Sources: 1EdTech "OneRoster CSV Tables" 1.1 (2017), section "manifest.csv", and "OneRoster CSV
Binding" 1.2.1 (2023), section 4. Each ``file.<name>`` is ``bulk`` (everything), ``delta`` (what
changed since the last archive) or ``absent``.
"""

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from teamster.core.errors import UnreadableFile
from teamster.core.paths import Pattern
from teamster.libraries.sftp.inspecting import DeclaredAbsent, Inspected

Mode: TypeAlias = Literal["bulk", "delta", "absent"]
Deltas: TypeAlias = Literal["fail", "keep"]

NAME = "manifest.csv"

_HEADER = ["propertyName", "value"]
_VERSIONS = {"manifest.version": r"1\.0", "oneroster.version": r"1\.[12](\.\d+)?"}
_MODES: dict[str, Mode] = {"bulk": "bulk", "delta": "delta", "absent": "absent"}
_LARGEST = 1 << 20


@dataclass(frozen=True)
class ManifestLook:
    """Looks at the manifest before a file of the archive is taken.

    Attributes:
        deltas: What becomes of a delta file: the run fails, or it is kept, each in its partition.
        required: Whether there must be a manifest. Microsoft's archives have none.
    """

    deltas: Deltas = "fail"
    required: bool = False

    def __call__(self, archive: Inspected, pattern: Pattern) -> None:
        """Raises unless the file that is wanted is there and may be written.

        Raises:
            DeclaredAbsent: The manifest says that there is no such file, and there is none.
            UnreadableFile: The manifest is missing, unreadable or of another version, contradicts
                the archive, or says that the file is a delta where that would overwrite the bulk.
        """
        names = [name for name in archive.members if name.rpartition("/")[2].lower() == NAME]
        if not names:
            if self.required:
                raise UnreadableFile(f"{archive.name} has no {NAME}")
            return
        if len(names) > 1:
            raise UnreadableFile(f"{archive.name} has {len(names)} members named {NAME}")
        shown = f"{archive.name}/{names[0]}"
        modes = modes_of(archive.read(names[0], _LARGEST), shown)
        wanted = {file: mode for file, mode in modes.items() if pattern.fullmatch(file)}
        there = {name.rpartition("/")[2] for name in archive.matching(pattern)}
        for file, mode in wanted.items():
            self._check(file, mode, file in there, shown)

    def _check(self, file: str, mode: Mode, is_there: bool, shown: str) -> None:
        if mode == "absent":
            if not is_there:
                raise DeclaredAbsent(f"{shown} says that {file} is absent")
            raise UnreadableFile(
                f"{shown} says that {file} is absent, and yet it is there: ask the vendor which of "
                "the two is wrong"
            )
        if not is_there:
            raise UnreadableFile(f"{shown} says that {file} is there ({mode}), and it is not")
        if mode == "delta" and self.deltas == "fail":
            raise UnreadableFile(
                f"{shown} says that {file} is a delta: it holds what changed since the last "
                "archive, and written over the last object it would take everything else away. "
                "Ask the vendor for bulk files, or set deltas: keep and a partition for each "
                "delivery"
            )


def modes_of(content: bytes, shown: str) -> dict[str, Mode]:
    """Reads a manifest.

    Args:
        content: Its bytes.
        shown: What people call it.

    Returns:
        Name of each file that it lists, with ``.csv`` -> what the file is.

    Raises:
        UnreadableFile: It is no manifest, of another version, or a property is wrong.
    """
    properties = _properties(content, shown)
    for name, versions in _VERSIONS.items():
        if not re.fullmatch(versions, properties.get(name, "")):
            raise UnreadableFile(
                f"{shown}: {name} is missing or unknown; read are manifest 1.0 of OneRoster 1.1 "
                "and 1.2"
            )
    modes: dict[str, Mode] = {}
    for name, value in properties.items():
        if name.startswith("file."):
            if value not in _MODES:
                raise UnreadableFile(f"{shown}: {name} is neither bulk, delta nor absent")
            modes[f"{name.removeprefix('file.')}.csv"] = _MODES[value]
    return modes


def _properties(content: bytes, shown: str) -> Mapping[str, str]:
    try:
        rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True))
    except UnicodeDecodeError as error:
        raise UnreadableFile(f"{shown}: not UTF-8 at byte {error.start}") from None
    except csv.Error as error:
        raise UnreadableFile(f"{shown}: {error}") from None
    if not rows or [cell.strip() for cell in rows[0][:2]] != _HEADER:
        raise UnreadableFile(f"{shown}: its first line is not {','.join(_HEADER)}")
    properties: dict[str, str] = {}
    for line, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        name, value = row[0].strip(), row[1].strip() if len(row) > 1 else ""
        if properties.setdefault(name, value) != value:
            raise UnreadableFile(f"{shown}, line {line}: a property stands twice with two values")
    return properties
