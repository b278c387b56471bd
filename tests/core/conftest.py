"""Each test of the core has storage and spool folders of its own, and no settings from outside."""

import uuid
from pathlib import Path

import pytest
from upath import UPath

from tests.core.places import place_of


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "TEAMSTER_STORAGE_URL",
        "TEAMSTER_TEST_STORAGE_URL",
        "TEAMSTER_SPOOL_DIR",
        "TEAMSTER_HOME",
        "DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(params=["local", "memory", "gcs"])
def root(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> UPath:
    """A storage's root: a folder, Cloud Storage, and another object store that fsspec knows."""
    if request.param == "memory":
        return UPath(f"memory://{uuid.uuid4().hex}/root")
    kind = "folder" if request.param == "local" else request.param
    return place_of(kind, request, tmp_path, monkeypatch) / "root"


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which private spools are made; a test can see what is left in it."""
    folder = tmp_path / "spools"
    folder.mkdir()
    monkeypatch.setenv("TEAMSTER_SPOOL_DIR", str(folder))
    return folder
