"""Where things lie, by the environment."""

from pathlib import Path

import pytest

from teamster.core.errors import ConfigError
from teamster.core.settings import (
    checkout,
    project_root,
    sensor_interval_seconds,
    spool_dir,
    storage_url,
)

CHECKOUT = Path(__file__).resolve().parents[2]


def test_by_default_the_checkout() -> None:
    assert project_root() == CHECKOUT
    assert storage_url("kippnewark") == str(CHECKOUT / ".teamster/storage")
    assert spool_dir() is None


def test_teamster_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TEAMSTER_HOME", "home")
    assert project_root() == tmp_path / "home"
    assert checkout() == CHECKOUT
    assert storage_url("kippnewark") == str(tmp_path / "home/.teamster/storage")


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("gs://teamster-{code_location}/dagster", "gs://teamster-kippnewark/dagster"),
        ("memory://x", "memory://x"),
        ("/data/{code_location}", "/data/kippnewark"),
        ("data/x", str(CHECKOUT / "data/x")),
        ("", str(CHECKOUT / ".teamster/storage")),
    ],
)
def test_storage_url(given: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAMSTER_STORAGE_URL", given)
    assert storage_url("kippnewark") == url


def test_spool_dir(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAMSTER_SPOOL_DIR", "/scratch")
    assert spool_dir() == "/scratch"
    monkeypatch.setenv("TEAMSTER_SPOOL_DIR", "")
    assert spool_dir() is None


def test_sensor_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEAMSTER_SENSOR_INTERVAL_SECONDS", raising=False)
    assert sensor_interval_seconds() == 300
    monkeypatch.setenv("TEAMSTER_SENSOR_INTERVAL_SECONDS", "")
    assert sensor_interval_seconds() == 300
    monkeypatch.setenv("TEAMSTER_SENSOR_INTERVAL_SECONDS", "15")
    assert sensor_interval_seconds() == 15


@pytest.mark.parametrize("given", ["0", "-5", "5 min", "1.5", "٣"])
def test_an_interval_that_is_no_whole_number_of_seconds_is_refused(
    given: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAMSTER_SENSOR_INTERVAL_SECONDS", given)
    with pytest.raises(ConfigError, match="TEAMSTER_SENSOR_INTERVAL_SECONDS"):
        sensor_interval_seconds()
