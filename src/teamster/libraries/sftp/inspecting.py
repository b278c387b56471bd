"""A look into an archive before a member of it is taken: what a vendor says of it in a member."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from teamster.core.errors import NoMatchingFile, UnreadableFile
from teamster.core.paths import Pattern
from teamster.libraries.sftp.archives import spellings
from teamster.libraries.sftp.zips import Limits, Zip, open_zip
from teamster.libraries.ssh.files import LocalFile


class DeclaredAbsent(NoMatchingFile):
    """An archive itself says that it has no such member: nothing is written, and nothing fails."""


@dataclass(frozen=True)
class Inspected:
    """What a look sees of an archive.

    Attributes:
        name: What people call it.
        members: The names of its files.
    """

    name: str
    members: Sequence[str]
    _opened: Zip

    def matching(self, pattern: Pattern) -> list[str]:
        """Returns the members whose whole name, or the last part of it, matches."""
        return [name for name in self.members if any(map(pattern.fullmatch, spellings(name)))]

    def read(self, member: str, most: int) -> bytes:
        """Returns what a small member holds.

        Args:
            member: Its name.
            most: The most bytes that it may hold.

        Raises:
            UnreadableFile: It is corrupt, encrypted, or larger.
        """
        infos = [info for info in self._opened.members if info.filename == member]
        if len(infos) != 1:
            raise UnreadableFile(f"{self.name} has {len(infos)} members named {member}")
        content = b""
        for chunk in self._opened.unpacked(infos[0]):
            content += chunk
            if len(content) > most:
                raise UnreadableFile(f"{self.name}/{member} is larger than {most} bytes")
        return content


Look: TypeAlias = Callable[[Inspected, Pattern], None]
"""Looks at an archive and at the pattern of the member that is wanted; raises against it."""


def inspect_archive(archive: LocalFile, look: Look, pattern: Pattern, limits: Limits) -> None:
    """Lets a look see an archive.

    Args:
        archive: The fetched archive.
        look: What looks.
        pattern: Matches the member that is wanted.
        limits: What the archive may be.

    Raises:
        DeclaredAbsent: The archive says that it has no such member.
        UnreadableFile: It is no zip archive, or the look does not like what it sees.
    """
    with archive.path.open("rb") as file, open_zip(file, archive.name, limits) as opened:
        look(Inspected(archive.name, [info.filename for info in opened.members], opened), pattern)
