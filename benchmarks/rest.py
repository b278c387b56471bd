"""REST: a million records of an endpoint into Avro, and the memory that takes."""

import tempfile
from pathlib import Path

from benchmarks.report import print_header, print_row
from tests.libraries.rest.server import serving
from tests.libraries.rest.students import read_in_a_process, students


def run(quick: bool = False) -> None:
    print_header(["records", "a page", "time", "records a second", "peak of the process"])
    for count in (1000, 10_000) if quick else (1000, 100_000, 1_000_000):
        with tempfile.TemporaryDirectory() as folder, serving(students(count)) as api:
            found = read_in_a_process(api.url, Path(folder))
        assert found["rows"] == count
        rate = count / found["seconds"]
        print_row(
            [
                f"{count:,}",
                "1,000",
                f"{found['seconds']:.1f} s",
                f"{rate:,.0f}",
                f"{found['peak']:.0f} MiB",
            ]
        )


if __name__ == "__main__":
    run()
