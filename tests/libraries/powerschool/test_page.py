"""What the pages of PowerSchool and DeansList show can be typed in: YAML and variables."""

import importlib
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from teamster.libraries.rest.assets import endpoint_of

ROOT = Path(__file__).resolve().parents[3]


def page_of(vendor: str) -> str:
    return (ROOT / "docs" / "integrations" / f"{vendor}.md").read_text(encoding="utf-8")


def entries_of(vendor: str) -> list[dict[str, Any]]:
    whole, *parts = re.findall(r"^```yaml\n(.*?)^```", page_of(vendor), re.M | re.S)
    entries: list[dict[str, Any]] = yaml.safe_load(whole)["assets"]
    return entries + [{**entries[0], **yaml.safe_load(part)} for part in parts]


@pytest.mark.parametrize(("vendor", "shown"), [("powerschool", 3), ("deanslist", 2)])
def test_the_yaml_of_a_page_makes_assets(vendor: str, shown: int) -> None:
    library = importlib.import_module(f"teamster.libraries.{vendor}.assets")
    entries = entries_of(vendor)
    assert len(entries) == shown
    for entry in entries:
        endpoint = endpoint_of(getattr(library, f"build_{vendor}_asset")(**entry))
        assert endpoint
        assert endpoint.rest_resource_key.startswith(f"rest_{vendor}")


@pytest.mark.parametrize("vendor", ["powerschool", "deanslist"])
def test_a_pages_variables_stand_in_the_example(vendor: str) -> None:
    variables = re.findall(rf"`({vendor.upper()}_[A-Z0-9_]*API_[A-Z0-9_]+)`", page_of(vendor))
    assert len(variables) >= 2
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert [name for name in variables if not re.search(rf"^#?{name}=", example, re.M)] == []
