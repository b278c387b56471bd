"""Every environment variable that the code reads is where people look for it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [
    *(ROOT / "src" / "teamster").rglob("*.py"),
    *(path for path in (ROOT / "src" / "dbt").glob("*.yml")),
]
OURS = {
    name
    for path in SOURCES
    for name in re.findall(r"""["'](TEAMSTER_[A-Z_]+)["']""", path.read_text())
}
VENDORS = {
    f"{prefix}_SFTP_{part}"
    for path in (ROOT / "src" / "teamster" / "code_locations").rglob("definitions.py")
    for prefix in re.findall(r'from_env\("([A-Z]+)"\)', path.read_text())
    for part in ("HOST", "PORT", "USERNAME", "PASSWORD", "HOST_KEY_FINGERPRINT")
}


@pytest.mark.parametrize("name", sorted(OURS | VENDORS))
def test_a_variable_stands_in_the_example(name: str) -> None:
    assert re.search(rf"^#?{name}=", (ROOT / ".env.example").read_text(), re.M)


@pytest.mark.parametrize("name", sorted(OURS))
def test_a_variable_of_ours_is_documented(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "configuration.md").read_text()


def test_there_are_variables_to_look_for() -> None:
    assert {"TEAMSTER_STORAGE_URL", "TEAMSTER_WAREHOUSE", "TEAMSTER_SPOOL_DIR"} <= OURS
    assert len(VENDORS) == 20
