"""A CSV file to an Avro object: Teamster's way against the usual one, each in a fresh process.

The usual way is ``csv.DictReader``, a list of dicts, ``fastavro.writer``. Ours is what an asset
does between the fetched file and the object in the spool, without Dagster. The time is that of the
work and of what is imported on its way, as numpy is for big files; what is imported before it, once
in a process whatever it reads, is told below the table. Memory is that of the whole process.

``python -m benchmarks.encoding [--repeats 5] [--huge] [shape …]`` measures some shapes alone;
``--huge`` runs our way over 5 GB, for its memory.
"""

import argparse
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import fastavro

from benchmarks.cold import Cost, cold, in_turns
from benchmarks.exports import (
    Shape,
    distinct,
    long_text,
    type_of_column,
    typical,
    with_stray_quotes,
    with_types,
)
from benchmarks.report import MB, print_header, print_row

REPEATS = 5
USUAL = "benchmarks.usual_way"
OURS = "benchmarks.our_way"
SHAPES = [
    Shape("typical, 200 MB", 92, typical(92), 200 * MB),
    Shape("typical, 50 MB", 92, typical(92)),
    Shape("typed, 20 of 92", 92, with_types, typed=type_of_column),
    Shape("everything quoted", 92, typical(92), quoted=True),
    Shape("everything distinct", 92, distinct, repeated=False),
    Shape("narrow, 4 columns", 4, typical(4)),
    Shape("wide, 860 columns", 860, typical(860)),
    Shape("long text", 6, long_text),
    Shape("irregular", 92, with_stray_quotes),
    Shape("typical, 1,000 rows", 92, typical(92), rows=1_000),
    Shape("typical, 10 rows", 92, typical(92), rows=10),
]
HUGE = Shape("typical, 5 GB", 92, typical(92), 5_000 * MB)
COLUMNS = ["file", "usual way", "Teamster", "ratio", "of CPU time", "usual, peak"]
COLUMNS += ["Teamster, peak", "of which work"]


def run(*, quick: bool = False) -> None:
    """Measures and prints a table."""
    if quick:
        measure([replace(shape, size=MB) for shape in SHAPES], 1)
    else:
        measure(SHAPES, REPEATS)


def measure(shapes: Iterable[Shape], repeats: int) -> None:
    """Prints a row a shape, and what the imports take."""
    print_header(COLUMNS)
    imports: list[str] = []
    for shape in shapes:
        with TemporaryDirectory() as folder:
            usual, ours = of_shape(shape, Path(folder), repeats)
        times = [milliseconds(usual.seconds), milliseconds(ours.seconds)]
        peaks = [usual.peak, ours.peak, ours.peak - ours.imported]
        ratios = [usual.seconds / ours.seconds, usual.cpu / ours.cpu]
        shown = [f"{ratio:.1f} ×" for ratio in ratios]
        print_row([shape.name, *times, *shown, *map(megabytes, peaks)])
        imports = [
            f"{name} {milliseconds(cost.imports)} and {megabytes(cost.imported)}"
            for name, cost in (("the usual way", usual), ("Teamster", ours))
        ]
    print(f"\nImports before the work: {', '.join(imports)}.")


def of_shape(shape: Shape, folder: Path, repeats: int) -> tuple[Cost, Cost]:
    """Returns what both ways take, having seen that they write the same."""
    source, schema = folder / "export.csv", folder / "schema.json"
    n_rows = shape.write(source)
    schema.write_text(json.dumps(shape.schema))
    targets = {USUAL: folder / "usual", OURS: folder / "ours"}
    costs = in_turns(
        {way: [way, str(source), str(target), str(schema)] for way, target in targets.items()},
        repeats,
    )
    hashes = {contents(target, n_rows) for target in targets.values()}
    assert len(hashes) == 1, f"{shape.name}: the two ways write different records"
    return costs[USUAL], costs[OURS]


def contents(path: Path, n_rows: int) -> str:
    """Returns a hash of an object's records, which must be so many."""
    digest = hashlib.sha256()
    found = 0
    with path.open("rb") as file:
        for row in fastavro.reader(file):
            digest.update(repr(row).encode())
            found += 1
    assert found == n_rows
    return digest.hexdigest()


def huge() -> None:
    """Prints what our way alone takes of memory for a file that is larger than it."""
    with TemporaryDirectory() as folder:
        source, schema = Path(folder) / "export.csv", Path(folder) / "schema.json"
        HUGE.write(source)
        schema.write_text(json.dumps(HUGE.schema))
        cost = cold(OURS, str(source), str(Path(folder) / "ours"), str(schema))
    work = megabytes(cost.peak - cost.imported)
    print(f"{HUGE.name}: {cost.seconds:.0f} s, peak {megabytes(cost.peak)}, of which work {work}")


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"


def megabytes(number: float) -> str:
    return f"{number:,.0f} MB"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="CSV to Avro, ours against the usual way.")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="odd: medians are printed")
    parser.add_argument("--huge", action="store_true", help="5 GB, our way alone")
    parser.add_argument("shapes", nargs="*", help="the beginnings of shapes' names; all by default")
    given = parser.parse_args(arguments)
    if given.huge:
        huge()
        return
    named = tuple(given.shapes)
    measure([shape for shape in SHAPES if not named or shape.name.startswith(named)], given.repeats)


if __name__ == "__main__":
    main()
