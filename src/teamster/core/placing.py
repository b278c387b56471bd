"""Objects that one run makes, put in place only if no other run has put its own there meanwhile."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from upath import UPath

from teamster.core.errors import ObjectChanged
from teamster.core.storage import (
    NOTHING,
    put_in_place,
    remove,
    shown_uri,
    stored,
    version_of,
)


class Placing:
    """Notes what lies in a folder before a run reads its first row, and replaces only that.

    Args:
        folder: Where the objects belong.
        root: The storage's root.
        owner: The asset and partition, for people.
        names: The objects that the run may write.
    """

    def __init__(self, folder: UPath, root: UPath, owner: str, names: tuple[str, ...]) -> None:
        self._folder, self._root, self._owner = folder, root, owner
        self._seen = {name: version_of(stored(folder / name)) for name in names}

    def uri(self, name: str) -> str:
        """Returns an object's address as people may see it."""
        return shown_uri(self._folder / name, self._root)

    def put(self, spooled: Path, name: str, metadata: Mapping[str, str] | None = None) -> None:
        """Puts an object in place.

        Raises:
            ObjectChanged: Another run has written it since this one began; that one's stays.
        """
        with self._explained(name):
            self._seen[name] = put_in_place(
                spooled, self._folder / name, replacing=self._seen[name], metadata=metadata
            )

    def remove(self, name: str) -> None:
        """Removes an object that was there when the run began.

        Raises:
            ObjectChanged: Another run has written it since; that one's stays.
        """
        if self._seen[name] != NOTHING:
            with self._explained(name):
                remove(self._folder / name, replacing=self._seen[name])

    @contextmanager
    def _explained(self, name: str) -> Iterator[None]:
        try:
            yield
        except ObjectChanged:
            raise ObjectChanged(
                f"{self._owner}: another run has written {self.uri(name)} while this one was under "
                "way: its object stays as it is, this run's is dropped. Let no two runs of a "
                "partition overlap, and run this one again if its content is wanted"
            ) from None
        except OSError as error:
            raise OSError(error.errno, f"{self.uri(name)}: {error.strerror}") from None
