"""Each test of the core has storage and spool folders of its own, and no settings from outside."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TEAMSTER_STORAGE_URL", "TEAMSTER_SPOOL_DIR", "TEAMSTER_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which private spools are made; a test can see what is left in it."""
    folder = tmp_path / "spools"
    folder.mkdir()
    monkeypatch.setenv("TEAMSTER_SPOOL_DIR", str(folder))
    return folder
