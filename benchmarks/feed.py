"""A feed as two processes know it: who measures it, and who runs it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

LOCATION, TABLE = "kipptaf", "export"


@dataclass(frozen=True)
class Feed:
    """A folder on a server on loopback, and what is to be made of its files.

    Attributes:
        port: The server's.
        username: Who logs in.
        key: The user's private key, in OpenSSH's format.
        fingerprint: The server's host key.
        drop: The folder.
        pattern: A regular expression of its files' names.
        schema: The schema of their rows.
        storage: Where objects go.
    """

    port: int
    username: str
    key: str
    fingerprint: str
    drop: str
    pattern: str
    schema: dict[str, Any]
    storage: str

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads a description."""
        return cls(**json.loads(path.read_text()))

    def save(self, path: Path) -> None:
        """Writes a description."""
        path.write_text(json.dumps(asdict(self)))

    def object_of(self, way: str) -> Path:
        """Returns where a way's object lies, as our IO manager has it."""
        return Path(self.storage) / LOCATION / way / TABLE / "data"
