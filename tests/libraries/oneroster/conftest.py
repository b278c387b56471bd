"""A storage for runs, and a folder for what is read without one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.libraries.rest.runs import Runs, runs_in


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Runs]:
    """Runs in a storage of their own."""
    with runs_in(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for spools."""
    return tmp_path_factory.mktemp("spool")
