"""What a case of docs/failures.md is: how it comes about, and what must come of it."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from benchmarks.proxy import HOST, Proxy, proxy
from teamster.core.schema import SchemaLike, text_model
from teamster.libraries.ssh.files import RemoteFile
from teamster.libraries.ssh.resources import SSHResource
from tests.libraries.sftp.vendor import Vendor

CANARY = "Zebedee"
"""Stands for a student: it may be in the object and in the quarantine, and nowhere else."""

GOOD = "id,name\n1,Good\n"
TEXT = text_model("table", "id name")
Rows: TypeAlias = Sequence[tuple[Any, ...]]
Outcome: TypeAlias = Literal[
    "read", "retried", "fails at once", "refused", "quarantined", "skipped"
]


@dataclass
class Scene:
    """A server, and a way to it, that a case arranges.

    Attributes:
        vendor: The server; its resource is the way to it.
        kind: ``asyncssh`` or ``openssh``.
        known_host: The server's host key, as in a known_hosts line.
        home: The user's home folder here.
        open: Closed when the case is over.
    """

    vendor: Vendor
    kind: str
    known_host: str
    home: Path
    open: ExitStack
    proxies: list[Proxy] = field(default_factory=list)

    def put(self, content: str | bytes, name: str = "table.csv") -> Path:
        """Puts a file into the folder that the feed looks at."""
        return self.vendor.put(f"/data/{name}", content)

    def login(self, **fields: Any) -> None:
        """Changes how the feed logs in."""
        self.vendor = replace(self.vendor, resource=self.vendor.login(**fields))

    def proxied(self, **fields: Any) -> Proxy:
        """Puts a proxy before the server."""
        between = self.open.enter_context(proxy(HOST, self.vendor.resource.remote_port))
        self.login(remote_port=between.port, **fields)
        self.proxies.append(between)
        return between

    def before_download(self, action: Callable[[], object]) -> None:
        """Acts in each run when everything is listed and nothing is fetched yet."""

        class Interrupted(SSHResource):
            @contextmanager
            def session(self, **limits: Any) -> Any:
                with super().session(**limits) as session:
                    for name in ("fetch", "fetching"):
                        setattr(session, name, _behind(action, getattr(session, name)))
                    yield session

        given = self.vendor.resource
        fields = {name: getattr(given, name) for name in SSHResource.model_fields}
        self.vendor = replace(self.vendor, resource=Interrupted(**fields))


def _behind(action: Callable[[], object], fetch: Callable[..., Any]) -> Callable[..., Any]:
    def interrupted(files: Sequence[RemoteFile], spool: Path) -> Any:
        assert files
        action()
        return fetch(files, spool)

    return interrupted


@dataclass(frozen=True)
class Case:
    """A line of the table.

    Attributes:
        name: The line's first cell.
        outcome: Its second cell.
        arrange: Brings the case about.
        error: The error that the run ends with; the line names it. None where it succeeds.
        says: Texts that the error, or else a warning of the run, must hold.
        rows: What the object then holds; None where the last one must be unchanged.
        rejected: How many rows are in the quarantine.
        kind: Which factory the feed is of.
        options: The feed's options beyond the usual ones.
        schema: The feed's schema.
        secret: The canary is no cell but a secret, or stands where only its reader finds it.
        connections: How many are made where nothing is tried again.
        servers: On which servers the case can exist.
    """

    name: str
    outcome: Outcome
    arrange: Callable[[Scene], object]
    error: type[Exception] | None = None
    says: Sequence[str] = ()
    rows: Rows | None = None
    rejected: int = 0
    kind: Literal["file", "archive", "folder"] = "file"
    options: Mapping[str, Any] = field(default_factory=dict)
    schema: SchemaLike = TEXT
    secret: bool = False
    connections: int = 1
    servers: Sequence[str] = ("asyncssh", "openssh")


def content(data: str | bytes, name: str = "table.csv") -> Callable[[Scene], object]:
    """Arranges a file of the given content."""
    return lambda scene: scene.put(data, name)
