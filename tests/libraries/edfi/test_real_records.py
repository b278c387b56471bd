"""Real records of an ODS: each must be stored as it was sent."""

import json
from pathlib import Path
from typing import Any

import pytest

from teamster.libraries.edfi.assets import build_edfi_asset
from tests.libraries.edfi.ods import Ods
from tests.libraries.edfi.test_edfi import ENTRIES, run
from tests.libraries.lists import Rows, without_nulls
from tests.libraries.rest.contract import ROOT
from tests.libraries.rest.runs import Runs
from tests.libraries.rest.server import serving
from tests.libraries.sftp.vendor import check_of

SAMPLES = ROOT.parent / "shared/realdata/edfi_json"


def sample(name: str) -> Rows:
    (file,) = (SAMPLES / name).glob("*.json")
    lines = file.read_text(encoding="utf-8-sig").splitlines()
    return [json.loads(line) for line in lines if line.strip()]


def plain(sent: Any, stored: Any) -> Any:
    """Returns what was sent as it must be stored: text where the object has text."""
    if isinstance(sent, dict) and isinstance(stored, dict):
        return {name: plain(value, stored.get(name)) for name, value in sent.items()}
    if isinstance(sent, list) and isinstance(stored, list):
        return [plain(*pair) for pair in zip(sent, stored, strict=True)]
    if isinstance(sent, dict | list):
        return json.dumps(sent, separators=(",", ":"), ensure_ascii=False)
    return sent


@pytest.mark.parametrize(
    "name", ["courseOfferings", "courses", "schools", "students", "studentSchoolAssociations"]
)
def test_real_records_are_stored_as_they_are(runs: Runs, name: str) -> None:
    if not Path(SAMPLES).exists():
        pytest.skip("no real files beside this clone")
    rows, ods = sample(name), Ods("key", cap=97)
    for row in rows:
        ods.save(f"ed-fi/{name}", row)
    (entry,) = [entry for entry in ENTRIES if entry["endpoint"] == f"/ed-fi/{name}"]
    with serving(ods) as api:
        result = run(runs, api, build_edfi_asset(**entry))
    assert check_of(result).passed, check_of(result).metadata
    stored = runs.rows(key=list(entry["asset_key"]))
    assert len(stored) == len(rows)
    for sent, found in zip(rows, map(without_nulls, stored), strict=True):
        assert found == plain(without_nulls(sent), found)
