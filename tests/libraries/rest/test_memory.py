"""Memory does not grow with the records, nor with the size of an answer."""

from pathlib import Path

import pytest

from tests.libraries.rest.server import serving
from tests.libraries.rest.students import read_in_a_process, students

MARGIN = 12  # MiB; the keys of 100,000 records take 0.8 of them


def peak(folder: Path, count: int, size: int) -> float:
    with serving(students(count)) as api:
        found = read_in_a_process(api.url, folder, size, "text")
    assert found["rows"] == count
    assert [path.name for path in folder.iterdir()] == ["storage"]
    return found["peak"]


@pytest.mark.slow
def test_neither_many_records_nor_one_large_answer_take_more_memory(tmp_path: Path) -> None:
    few = peak(tmp_path, 5_000, 1000)
    assert peak(tmp_path, 100_000, 1000) - few < MARGIN
    assert peak(tmp_path, 40_000, 40_000) - few < MARGIN  # an answer of 5.6 MB
