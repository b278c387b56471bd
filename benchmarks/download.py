"""Files fetched near and far, against OpenSSH's own ``sftp`` command, and many at once against one.

The server is OpenSSH's; the distance is the proxy's. The contenders take turns. Of big files the
time is that of everything, from connecting on; of small ones that of fetching alone.
"""

import io
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import paramiko

from benchmarks.proxy import HOST, distant
from benchmarks.report import print_header, print_row, seconds
from teamster.libraries.ssh.files import RemoteFile
from teamster.libraries.ssh.resources import SSHResource
from tests.sshd import SSHD, openssh_server

MB = 1_000_000
BIG = ((500 * MB, 0.0), (50 * MB, 0.010), (50 * MB, 0.040))  # bytes, seconds of round trip
SMALL = (200, 50_000, 0.040)  # files, bytes each, seconds of round trip
QUICK_BIG = ((5 * MB, 0.0), (MB, 0.010))
QUICK_SMALL = (8, 5_000, 0.010)
REPEATS = 5


@dataclass
class Place:
    """A server, and a folder to fetch into.

    Attributes:
        resource: How to log in.
        drop: The folder that the server shows.
        spool: Where files are fetched to.
        key: The user's private key.
    """

    resource: SSHResource
    drop: Path
    spool: Path
    key: Path

    def seen_through(self, port: int) -> "Place":
        """Returns the place as it is behind a proxy."""
        resource = self.resource.model_copy(update={"remote_port": port})
        return Place(resource, self.drop, self.spool, self.key)


def run(*, quick: bool = False) -> None:
    """Measures and prints two tables."""
    if not (SSHD and shutil.which("sftp")):
        print("not measured: OpenSSH's sshd or sftp is not installed")
        return
    with TemporaryDirectory() as folder, server(Path(folder)) as place:
        print_header(["file", "round trip", "`sftp` command", "Teamster", "ratio"])
        for size, round_trip in QUICK_BIG if quick else BIG:
            with at_distance(place, round_trip) as reached:
                big_file(reached, size, round_trip)
        print()
        print_header(["files", "round trip", "fetched", "time", "ratio"])
        n_files, size, round_trip = QUICK_SMALL if quick else SMALL
        with at_distance(place, round_trip) as reached:
            small_files(reached, n_files, size, round_trip)


def big_file(place: Place, size: int, round_trip: float) -> None:
    """Prints the row of one big file."""
    (file,) = planted(place, 1, size)
    theirs, ours = taking_turns([by_command, by_session], place, file)
    times = (f"{theirs:.2f} s", f"{ours:.2f} s", f"{ours / theirs:.2f}")
    print_row([f"{size // MB} MB", milliseconds(round_trip), *times])


def small_files(place: Place, n_files: int, size: int, round_trip: float) -> None:
    """Prints the rows of many small files: what is one at a time takes long, and is timed once."""
    files = planted(place, n_files, size)
    resource = place.resource
    alone = resource.model_copy(update={"max_downloads": 1})
    with resource.session() as session, alone.session() as patient:
        for each in (session, patient):
            each.read_at(files[0].path, 1, 0)  # connects
        together = seconds(lambda: session.fetch(files, place.spool), REPEATS)
        one_a_call = seconds(lambda: [session.fetch([file], place.spool) for file in files])
        one_open = seconds(lambda: patient.fetch(files, place.spool))
    with by_paramiko(place) as usual:
        one_by_paramiko = seconds(lambda: [usual(file) for file in files])
    rows = {
        f"{resource.max_downloads} at once, the default": together,
        "`max_downloads: 1`": one_open,
        "one after the other": one_a_call,
        "one after the other, paramiko": one_by_paramiko,
    }
    for how, taken in rows.items():
        times = (f"{taken:.2f} s", f"{taken / together:.0f} ×")
        print_row([f"{n_files} × {size // 1000} kB", milliseconds(round_trip), how, *times])


def taking_turns(
    contenders: Sequence[Callable[[Place, RemoteFile], Path]], place: Place, file: RemoteFile
) -> list[float]:
    """Returns the median time of each, a slow moment of the machine being everybody's."""
    times: list[list[float]] = [[] for _ in contenders]
    for _ in range(REPEATS):
        for contender, of_one in zip(contenders, times, strict=True):
            began = time.perf_counter()
            fetched = contender(place, file)
            of_one.append(time.perf_counter() - began)
            assert fetched.stat().st_size == file.size
            fetched.unlink()
    return list(map(median, times))


def by_command(place: Place, file: RemoteFile) -> Path:
    """Fetches a file with the ``sftp`` command."""
    target = place.spool / "by-command"
    options = ["StrictHostKeyChecking=accept-new", f"UserKnownHostsFile={place.spool}/known_hosts"]
    subprocess.run(
        ["sftp", "-q", "-b", "-", "-F", "none", "-i", str(place.key)]
        + [part for option in options for part in ("-o", option)]
        + ["-P", str(place.resource.remote_port), f"{place.resource.username}@{HOST}"],
        input=f"get {file.path} {target}\n".encode(),
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return target


def by_session(place: Place, file: RemoteFile) -> Path:
    """Fetches a file as an asset does."""
    with place.resource.session() as session:
        (fetched,) = session.fetch([file], place.spool)
    return fetched.path


@contextmanager
def by_paramiko(place: Place) -> Iterator[Callable[[RemoteFile], None]]:
    """Connects the usual way; gives what fetches a file."""
    with paramiko.SSHClient() as client:
        client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        key = paramiko.Ed25519Key.from_private_key(io.StringIO(place.key.read_text()))
        resource = place.resource
        client.connect(HOST, resource.remote_port, resource.username, pkey=key)
        with client.open_sftp() as sftp:
            yield lambda file: sftp.get(file.path, str(place.spool / "by-paramiko"))


def planted(place: Place, n_files: int, size: int) -> list[RemoteFile]:
    """Lays out files whose bytes no compression makes fewer."""
    shutil.rmtree(place.drop)
    place.drop.mkdir()
    files = []
    for number in range(n_files):
        path = place.drop / f"{number}.csv"
        with path.open("wb") as file:
            for start in range(0, size, MB):
                file.write(os.urandom(min(MB, size - start)))
        files.append(RemoteFile(str(path), size, datetime.fromtimestamp(0, UTC)))
    return files


@contextmanager
def at_distance(place: Place, round_trip: float) -> Iterator[Place]:
    port = place.resource.remote_port
    with distant(port, round_trip) if round_trip else nullcontext(port) as reached:
        yield place.seen_through(reached)


@contextmanager
def server(folder: Path) -> Iterator[Place]:
    """Runs OpenSSH's server over a folder."""
    drop, spool, key = folder / "drop", folder / "spool", folder / "key"
    for each in (drop, spool):
        each.mkdir()
    with openssh_server(folder, drop) as resource:
        key.touch(mode=0o600)
        key.write_text(resource.key_string or "")
        yield Place(resource, drop, spool, key)


def milliseconds(round_trip: float) -> str:
    return f"{round_trip * 1000:.0f} ms"
