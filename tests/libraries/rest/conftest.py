"""A storage and a spool for runs of REST assets."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.libraries.rest.runs import Runs, runs_in


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    """Runs in a storage of their own."""
    with runs_in(tmp_path) as made:
        yield made
