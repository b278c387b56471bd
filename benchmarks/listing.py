"""500 folders of 20 files, listed many at a time and one at a time, near and far.

The server is OpenSSH's, or asyncssh's where there is none; the distance is the proxy's. The time
is that of the walk alone: the connection is open, as it is for every call of a run but the first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import regex

from benchmarks.proxy import distant
from benchmarks.report import print_header, print_row, seconds
from teamster.cli.demo.server import serve_drop
from teamster.libraries.ssh.resources import SSHResource
from teamster.libraries.ssh.session import SFTPSession
from teamster.libraries.ssh.walk import WalkSpec
from tests.sshd import SSHD, openssh_server

FOLDERS = 500
FILES = 20
ROUND_TRIPS = (0.0, 0.010, 0.040)  # seconds
REPEATS = 5
MANY = SSHResource.model_fields["max_listings"].default
SEVERAL = (MANY, 2 * MANY)


def run(*, quick: bool = False) -> None:
    """Measures and prints a table; a quick run stays near."""
    with server() as (resource, start):
        print(f"Server: {'OpenSSH' if SSHD else 'asyncssh'}; {MANY} listings at once by default.\n")
        print_header(
            ["round trip", "connect, first read", "one at a time"]
            + [f"{several} at once{of}" for several in SEVERAL for of in ("", ", ratio")]
        )
        for round_trip in ROUND_TRIPS[: 1 if quick else None]:
            with distant(resource.remote_port, round_trip) as port:
                measure(resource.model_copy(update={"remote_port": port}), start, round_trip)


def measure(resource: SSHResource, start: str, round_trip: float) -> None:
    """Prints the row of one distance."""
    connect, alone = timed(resource, start, 1, 1)  # long, and much longer than its spread
    cells = [f"{round_trip * 1000:.0f} ms", f"{connect:.2f} s", f"{alone:.2f} s"]
    for several in SEVERAL:
        _, together = timed(resource, start, several, REPEATS)
        cells += [f"{together:.2f} s", f"{alone / together:.0f} ×"]
    print_row(cells)


def timed(
    resource: SSHResource, start: str, max_listings: int, repeats: int
) -> tuple[float, float]:
    """Returns the seconds until a first file is read, and those of a walk thereafter."""
    with resource.model_copy(update={"max_listings": max_listings}).session() as opened:
        connect = seconds(lambda: opened.read_at(f"{start}/000/000.csv", 1, 0))
        return connect, seconds(lambda: walk(opened, start), repeats)


def walk(opened: SFTPSession, start: str) -> None:
    """Lists everything, and sees to it that it is everything."""
    folders = regex.compile(rf"{regex.escape(start)}/\d+")
    listing = opened.walk(WalkSpec(start, folders, regex.compile(r"\d+\.csv")))
    assert len(listing.files) == FOLDERS * FILES


@contextmanager
def server() -> Iterator[tuple[SSHResource, str]]:
    """Runs a server over the folders; gives the way in and the folders' parent there."""
    with TemporaryDirectory() as folder:
        root = Path(folder) / "drop" / "vendor"
        for number in range(FOLDERS):
            (root / "data" / f"{number:03}").mkdir(parents=True)
            for file in range(FILES):
                (root / "data" / f"{number:03}" / f"{file:03}.csv").touch()
        if SSHD:
            with openssh_server(Path(folder), root) as resource:
                yield resource, f"{root}/data"
            return
        with serve_drop(root.parent) as served:
            yield (
                SSHResource(
                    remote_host=served.host,
                    remote_port=served.port,
                    username="vendor",
                    password=served.passwords["vendor"],
                    host_key_fingerprint=served.fingerprint,
                ),
                "/data",
            )
