"""SFTP to Avro in place, checked: an asset materialized, against the usual script.

The server is OpenSSH's, on loopback. The usual way is paramiko, ``csv.DictReader``, a list of
dicts, ``fastavro.writer``, and a move in place. Each runs in a fresh process, in turns; the time is
that of all its imports and work, Dagster's included.
"""

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.cold import in_turns
from benchmarks.encoding import contents
from benchmarks.exports import Shape, typical
from benchmarks.feed import Feed
from benchmarks.report import MB, print_header, print_row
from teamster.libraries.ssh.resources import SSHResource
from tests.sshd import SSHD, openssh_server

REPEATS = 5
USUAL, OURS = "benchmarks.usual_feed", "benchmarks.our_feed"
COLUMNS = ["files", "usual way", "Teamster", "ratio", "of which imports", "usual, peak"]
COLUMNS += ["Teamster, peak"]
PATTERN = r"\d+\.csv"


@dataclass(frozen=True)
class Drop:
    """Files of a folder.

    Attributes:
        name: What they are, in words.
        n_files: How many they are.
        shape: What each is like.
    """

    name: str
    n_files: int
    shape: Shape


ONE_MB = Shape("1 MB", 92, typical(92), MB)
DROPS = [
    Drop("1 × 200 MB", 1, replace(ONE_MB, size=200 * MB)),
    Drop("1 × 1 MB", 1, ONE_MB),
    Drop("10 × 1 MB", 10, ONE_MB),
    Drop("100 × 1 MB", 100, ONE_MB),
    Drop("1,000 × 20 rows", 1_000, replace(ONE_MB, rows=20)),
]
QUICK = [
    Drop("1 × 2 MB", 1, replace(ONE_MB, size=2 * MB)),
    Drop("10 × 20 rows", 10, DROPS[-1].shape),
]


def run(*, quick: bool = False) -> None:
    """Measures and prints a table."""
    if not SSHD:
        print("not measured: OpenSSH's sshd is not installed")
        return
    print_header(COLUMNS)
    for drop in QUICK if quick else DROPS:
        with TemporaryDirectory() as name:
            folder = Path(name)
            files = folder / "drop"
            files.mkdir()
            with openssh_server(folder, files) as resource:
                measure(drop, folder, resource, 1 if quick else REPEATS)


def measure(drop: Drop, folder: Path, resource: SSHResource, repeats: int) -> None:
    """Prints the row of one drop, having seen that both ways write the same."""
    files = folder / "drop"
    n_rows = drop.shape.write(files / "0.csv")
    for number in range(1, drop.n_files):
        shutil.copyfile(files / "0.csv", files / f"{number}.csv")
    feed = Feed(
        port=resource.remote_port,
        username=resource.username or "",
        key=resource.key_string or "",
        fingerprint=resource.host_key_fingerprint or "",
        drop=str(files),
        pattern=PATTERN,
        schema=drop.shape.schema,
        storage=str(folder / "storage"),
    )
    description = folder / "feed.json"
    feed.save(description)
    costs = in_turns({way: [way, str(description)] for way in (USUAL, OURS)}, repeats)
    hashes = {contents(feed.object_of(way), n_rows * drop.n_files) for way in ("usual", "ours")}
    assert len(hashes) == 1, f"{drop.name}: the two ways write different records"
    usual, ours = costs[USUAL], costs[OURS]
    theirs, own = (cost.imports + cost.seconds for cost in (usual, ours))
    times = [f"{theirs:.2f} s", f"{own:.2f} s", f"{theirs / own:.1f} ×", f"{ours.imports:.2f} s"]
    print_row([drop.name, *times, *(f"{cost.peak:,.0f} MB" for cost in (usual, ours))])
