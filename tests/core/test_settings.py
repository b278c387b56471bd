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


TEST = "gs://teamster-test-{code_location}"


@pytest.mark.parametrize(
    ("marked", "url"),
    [
        ("1", "gs://teamster-test-kippnewark"),
        ("0", "gs://teamster-kippnewark"),
        ("", "gs://teamster-kippnewark"),
        ("true", "gs://teamster-kippnewark"),  # Dagster+ says "1" and nothing else
    ],
)
def test_a_branch_deployment_writes_to_the_test_storage(
    marked: str, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEAMSTER_STORAGE_URL", "gs://teamster-{code_location}")
    monkeypatch.setenv("TEAMSTER_TEST_STORAGE_URL", TEST)
    monkeypatch.setenv("DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT", marked)
    assert storage_url("kippnewark") == url


@pytest.mark.parametrize("given", ["", "gs://teamster-{code_location}/"])
@pytest.mark.parametrize("production", ["gs://teamster-{code_location}", None])
def test_a_branch_deployment_never_writes_to_production(
    given: str, production: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_CLOUD_IS_BRANCH_DEPLOYMENT", "1")
    monkeypatch.setenv("TEAMSTER_TEST_STORAGE_URL", given)
    if production:
        monkeypatch.setenv("TEAMSTER_STORAGE_URL", production)
    elif given:
        assert storage_url("kippnewark") == "gs://teamster-kippnewark/"
        return
    with pytest.raises(ConfigError, match="branch deployment: TEAMSTER_TEST_STORAGE_URL must"):
        storage_url("kippnewark")


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
