"""What a sensor remembers between ticks: which version of each partition's files it asked for."""

import base64
import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from hashlib import sha256
from typing import Self

from teamster.libraries.ssh.files import RemoteFile

_FORMAT = 2


class State(StrEnum):
    """How far a version has come."""

    OPEN = "o"
    """It may still be growing, or a run was asked for and has not succeeded."""
    DONE = "d"
    """A run succeeded."""
    GIVEN_UP = "x"
    """Runs failed as often as allowed; a new version starts afresh."""


class RunState(StrEnum):
    """What became of a requested run."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Entry:
    """One partition: the version of its files, and how far that came."""

    version: str
    state: State


@dataclass(frozen=True)
class Request:
    """A run to ask for.

    Attributes:
        asset: The asset.
        partition: The partition; empty for an asset without partitions.
        source_version: Names what is asked for, the same whoever asks and however often.
        attempt: From 1.
    """

    asset: str
    partition: str
    source_version: str
    attempt: int

    @property
    def run_key(self) -> str:
        """Names this attempt."""
        return f"{self.source_version}|{self.attempt}"


@dataclass(frozen=True)
class Patience:
    """When a file counts as whole, and how often a failed run is asked for again.

    Attributes:
        settle_seconds: A file older than this is whole; a younger one is when it has not changed
            from one tick to the next.
        max_attempts: Runs asked for a version at the most.
    """

    settle_seconds: float = 300
    max_attempts: int = 3


@dataclass
class Ledger:
    """Asset -> partition -> entry, pruned to what is still listed.

    Attributes:
        entries: What is remembered.
        resume_at: The asset that the next tick begins with, where this one ran out of time.
        seen_at: Asset -> when a new version was last seen, seconds since 1970. Not known for what
            was there when the ledger began.
        reported: Asset -> a short name of what was last reported of its files.
    """

    entries: dict[str, dict[str, Entry]] = field(default_factory=dict)
    resume_at: str = ""
    seen_at: dict[str, int] = field(default_factory=dict)
    reported: dict[str, str] = field(default_factory=dict)

    def update(
        self,
        asset: str,
        partitions: Mapping[str, Iterable[RemoteFile]],
        now: float,
        patience: Patience,
        runs_of: Callable[[str], Sequence[RunState]],
    ) -> list[Request]:
        """Compares a listing with what is remembered, and remembers the listing.

        Args:
            asset: The asset.
            partitions: Partition -> its files, as they are listed now.
            now: The time, seconds since 1970.
            patience: When to ask, and how often.
            runs_of: What became of the runs of a source version, whoever asked for them.

        Returns:
            The runs to ask for now.
        """
        before = self.entries.get(asset, {})
        after: dict[str, Entry] = {}
        requests: list[Request] = []
        for partition, given in partitions.items():
            files = list(given)
            version = version_of(files)
            known = before.get(partition)
            entry, is_settled = known or Entry(version, State.OPEN), True
            if known is None or known.version != version:
                age = now - max(file.mtime.timestamp() for file in files)
                entry, is_settled = Entry(version, State.OPEN), age >= patience.settle_seconds
                if asset in self.entries:
                    self.seen_at[asset] = int(now)
            if is_settled and entry.state is State.OPEN:
                source_version = f"{asset}|{partition}|{version}"
                runs = runs_of(source_version)
                entry = replace(entry, state=_state(runs, patience))
                if entry.state is State.OPEN and RunState.RUNNING not in runs:
                    # A run that was asked for and lost gets the same key: it cannot run twice.
                    requests.append(Request(asset, partition, source_version, len(runs) + 1))
            after[partition] = entry
        self.entries[asset] = after
        return requests

    def forget_all_but(self, assets: Iterable[str]) -> None:
        """Forgets assets that are watched no more."""
        kept = set(assets)
        for known in (self.entries, self.seen_at, self.reported):
            for asset in known.keys() - kept:
                del known[asset]

    def learned(self) -> str:
        """Returns what a tick learns about files, to be compared with what was known before."""
        return json.dumps([self._plain_entries(), self.resume_at])

    def _plain_entries(self) -> dict[str, dict[str, str]]:
        return {
            asset: {key: f"{entry.state}{entry.version}" for key, entry in found.items()}
            for asset, found in self.entries.items()
        }

    def dump(self) -> str:
        """Returns the ledger as a cursor: some 14 bytes a partition."""
        data = {
            "format": _FORMAT,
            "resume_at": self.resume_at,
            "seen_at": self.seen_at,
            "reported": self.reported,
            "entries": self._plain_entries(),
        }
        packed = zlib.compress(json.dumps(data, separators=(",", ":")).encode(), 9)
        return base64.b85encode(packed).decode()

    @classmethod
    def load(cls, cursor: str | None) -> Self:
        """Reads a cursor; none, or one of another format, is an empty ledger."""
        try:
            data = json.loads(zlib.decompress(base64.b85decode(cursor or "")))
        except (ValueError, zlib.error):
            return cls()
        if data.get("format") != _FORMAT:
            return cls()
        entries = {
            asset: {partition: Entry(text[1:], State(text[0])) for partition, text in found.items()}
            for asset, found in data["entries"].items()
        }
        return cls(entries, data["resume_at"], data["seen_at"], data["reported"])


def _state(runs: Sequence[RunState], patience: Patience) -> State:
    if RunState.SUCCEEDED in runs:
        return State.DONE
    return State.GIVEN_UP if runs.count(RunState.FAILED) >= patience.max_attempts else State.OPEN


def version_of(files: Iterable[RemoteFile]) -> str:
    """Returns a short name of files' identities: path, size and modification time."""
    digest = sha256()
    for file in sorted(files):
        digest.update(f"{file.path}\0{file.size}\0{file.mtime.timestamp():.0f}\n".encode())
    return digest.hexdigest()[:12]
