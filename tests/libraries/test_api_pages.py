"""What the pages of lists' integrations show can be typed in: YAML, resources, variables."""

import importlib
import re
from pathlib import Path

import pytest
import yaml

from teamster.code_locations.kipptaf.definitions import defs
from teamster.libraries.rest.assets import endpoint_of

ROOT = Path(__file__).resolve().parents[2]
VENDORS = ("coupa", "edfi", "grow", "knowbe4", "overgrad", "smartrecruiters")


def page_of(vendor: str) -> str:
    return (ROOT / "docs" / "integrations" / f"{vendor}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_yaml_of_a_page_makes_assets(vendor: str) -> None:
    (shown,) = re.findall(r"^```yaml\n(.*?)^```", page_of(vendor), re.M | re.S)
    library = importlib.import_module(f"teamster.libraries.{vendor}.assets")
    build = getattr(library, f"build_{vendor}_asset")
    for entry in yaml.safe_load(shown)["assets"]:
        endpoint = endpoint_of(build(**entry))
        assert endpoint
        assert endpoint.rest_resource_key == f"rest_{vendor}"


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_resource_of_a_page_reads_its_variables(vendor: str) -> None:
    page = page_of(vendor)
    library = importlib.import_module(f"teamster.libraries.{vendor}.resources")
    assert f'"rest_{vendor}": get_{vendor}_resource()' in page
    resource = getattr(library, f"get_{vendor}_resource")()
    read = {
        value.env_var_name
        for value in (getattr(resource, name) for name in type(resource).model_fields)
        if hasattr(value, "env_var_name")
    }
    told = set(re.findall(rf"`({vendor.upper()}_API_\w+)`", page))
    example = set(re.findall(rf"^({vendor.upper()}_API_\w+)=", _example(), re.M))
    assert read == told == example


def _example() -> str:
    return (ROOT / ".env.example").read_text(encoding="utf-8")


@pytest.mark.parametrize("vendor", VENDORS)
def test_the_code_location_has_the_resource_that_its_assets_ask_for(vendor: str) -> None:
    keys = {
        endpoint.rest_resource_key
        for asset in defs.assets or ()
        if (endpoint := endpoint_of(asset))
    }
    assert f"rest_{vendor}" in keys
    assert keys <= (defs.resources or {}).keys()
