"""Hypothesis profiles for all tests: HYPOTHESIS_PROFILE=nightly looks longer and harder.

And Google's services, for tests that ask for them.
"""

import os
from collections.abc import Iterator
from functools import cache

import pytest
from alembic.script import ScriptDirectory
from hypothesis import settings

from tests.emulators import BigQueryEmulator, GcsEmulator, bigquery_emulator, gcs_emulator

settings.register_profile("ci", deadline=None, derandomize=False, max_examples=60, print_blob=True)
settings.register_profile("nightly", settings.get_profile("ci"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

# For each SQLite file that it opens Dagster reads its ninety migrations: once a process will do.
ScriptDirectory.from_config = cache(ScriptDirectory.from_config)  # type: ignore[method-assign]


@pytest.fixture(scope="session")
def gcs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GcsEmulator]:
    """Cloud Storage: set its `variables` (monkeypatch) to lead Google's clients there."""
    with gcs_emulator(tmp_path_factory.mktemp("gcs")) as running:
        yield running


@pytest.fixture(scope="session")
def bigquery(
    gcs: GcsEmulator, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BigQueryEmulator]:
    """BigQuery, which reads the objects of `gcs`."""
    with bigquery_emulator(tmp_path_factory.mktemp("bigquery"), gcs.folder) as running:
        yield running
