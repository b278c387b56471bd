"""Room for files that wait in the spool."""

from dataclasses import dataclass, field
from threading import Lock


@dataclass
class Room:
    """Room for files that wait: they enter in the thread that fetches, and leave where they go on.

    Once a file did not fit, none does until there is a good deal of room: fetching a few dozen
    files at once costs less than one for each that leaves.

    Attributes:
        max_files: How many wait at the most.
        max_bytes: How many bytes they have at the most; one file alone always fits.
        refill_at: The share of either that may still wait when files are fetched again.
    """

    max_files: float
    max_bytes: float
    refill_at: float = 0.5
    is_full: bool = False
    _files: int = 0
    _bytes: int = 0
    _lock: Lock = field(default_factory=Lock)

    def enter(self, size: int) -> bool:
        """Counts a file in, if it fits."""
        with self._lock:
            fits = self._files < self.max_files and self._bytes + size <= self.max_bytes
            self.is_full = self.is_full or not (fits or not self._files)
            if not self.is_full:
                self._files += 1
                self._bytes += size
            return not self.is_full

    def correct(self, more: int) -> None:
        """Counts bytes that were not expected; negative where there were fewer."""
        with self._lock:
            self._bytes += more

    def leave(self, size: int) -> bool:
        """Counts a file out; returns whether the room was full and is so no more."""
        with self._lock:
            self._files -= 1
            self._bytes -= size
            was_full = self.is_full
            self.is_full = was_full and not self._is_free_enough()
            return was_full and not self.is_full

    def _is_free_enough(self) -> bool:
        files, size = self.max_files * self.refill_at, self.max_bytes * self.refill_at
        return not self._files or (self._files <= files and self._bytes <= size)
