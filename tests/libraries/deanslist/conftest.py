"""A storage and a spool for runs, and schools' keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.libraries.deanslist.feeds import KEYS
from tests.libraries.rest.conftest import runs

__all__ = ["runs"]


@pytest.fixture(autouse=True)
def keys() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for key, school in KEYS.items():
            patch.setenv(f"DEANSLIST_API_KEY_{school}", key)
        patch.setenv("DEANSLIST_API_KEY_9101", "")  # put back in the end, whatever tests set
        patch.delenv("DEANSLIST_API_KEY_3", raising=False)
        yield


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spool")
