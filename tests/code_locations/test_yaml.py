"""The regions' feeds: sound as plain data, and alike in every region."""

import re
from pathlib import Path
from typing import Any

import pytest
import regex
import yaml

from teamster.core.schema import resolve_schema

LOCATIONS = Path(__file__).resolve().parents[2] / "src/teamster/code_locations"
FILES = sorted(LOCATIONS.glob("kipp*/*/config/*.yaml"))
ENTRIES: list[tuple[Path, dict[str, Any]]] = [
    (path, entry)
    for path in FILES
    for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["assets"]
]
FEEDS = [(path, entry) for path, entry in ENTRIES if "remote_dir_regex" in entry]
each_feed = pytest.mark.parametrize(
    ("path", "feed"), FEEDS, ids=["/".join(feed["asset_key"]) for _, feed in FEEDS]
)


def patterns(feed: dict[str, Any]) -> dict[str, str]:
    return {option: value for option, value in feed.items() if option.endswith("_regex")}


def dimensions(feed: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The partition dimensions by name; the one of a single dimension has the name ``*``."""
    definition = feed.get("partitions_def")
    if definition is None:
        return {}
    return (
        dict(definition["partitions_defs"]) if definition["type"] == "multi" else {"*": definition}
    )


def tree(region: str) -> dict[str, str]:
    """Every source file of a region, the region's name and lists of numbers taken out."""
    root = LOCATIONS / f"kipp{region}"
    own = re.compile(rf'{region}|"\d+"(, "\d+")*', re.IGNORECASE)
    return {
        str(path.relative_to(root)): own.sub("OWN", path.read_text("utf-8"))
        for path in root.rglob("*")
        if path.suffix in {".py", ".yaml"}
    }


def key_of(path: Path, entry: dict[str, Any]) -> tuple[str, ...]:
    """The asset key of an entry, whose factory may make it of its name."""
    integration = path.parents[1]
    made = (integration.parent.name, integration.name, str(entry.get("name")))
    return tuple(entry.get("asset_key", made))


def test_the_regions_differ_by_their_names_and_schools_alone() -> None:
    newark, camden = tree("newark"), tree("camden")
    assert newark.keys() == camden.keys()
    assert [name for name in newark if newark[name] != camden[name]] == []


def test_every_config_file_is_read_by_the_assets_beside_it() -> None:
    assert len(FILES) > 8
    for path in FILES:
        source = (path.parents[1] / "assets.py").read_text(encoding="utf-8")
        beside = [each.name for each in FILES if each.parent == path.parent]
        assert sorted(re.findall(r'"(assets-[\w-]+\.yaml)"', source)) == beside


def test_asset_keys_are_unique() -> None:
    keys = [key_of(path, entry) for path, entry in ENTRIES]
    assert len(keys) == len(set(keys)) > 2 * 16
    assert len(FEEDS) == 2 * 16


def test_every_asset_key_begins_with_location_and_integration() -> None:
    for path, entry in ENTRIES:
        integration = path.parents[1]
        assert key_of(path, entry)[:2] == (integration.parent.name, integration.name)


@each_feed
def test_asset_key_is_location_integration_table(path: Path, feed: dict[str, Any]) -> None:
    integration = path.parents[1]
    location, name, table = feed["asset_key"]
    assert (location, name) == (integration.parent.name, integration.name)
    assert feed["ssh_resource_key"] == f"ssh_{name}"
    assert resolve_schema(feed["avro_schema"])["name"] == table
    assert feed["avro_schema"].startswith(f"teamster.libraries.{name}.schema:")


@each_feed
def test_patterns_compile_and_carry_every_dimension(path: Path, feed: dict[str, Any]) -> None:
    compiled = [regex.compile(pattern) for pattern in patterns(feed).values()]
    carried = {group for pattern in compiled for group in pattern.groupindex}
    from_elsewhere = set(feed.get("partition_sources", {}))
    wanted = set(dimensions(feed))
    if wanted == {"*"}:
        assert len(carried) == 1
    else:
        assert carried | from_elsewhere == wanted
        assert not carried & from_elsewhere
    needs_member = path.name == "assets-archives.yaml"
    assert set(patterns(feed)) == {"remote_dir_regex", "remote_file_regex"} | (
        {"archive_file_regex"} if needs_member else set()
    )


@each_feed
def test_partition_keys_are_text_and_match_their_groups(path: Path, feed: dict[str, Any]) -> None:
    bodies = {
        name: body
        for pattern in patterns(feed).values()
        for name, body in re.findall(r"\(\?P<(\w+)>([^()]*)\)", pattern)
    }
    aliases = feed.get("partition_aliases", {})
    for name, definition in dimensions(feed).items():
        keys = definition.get("partition_keys", [])
        assert all(isinstance(key, str) for key in keys)
        assert aliases.get(name, {}).keys() <= set(keys)
        body = bodies.get(name) if name != "*" else next(iter(bodies.values()))
        spelled = [aliases.get(name, {}).get(key, key) for key in keys]
        # An empty group is a placeholder: it stands for whatever the key is.
        assert [key for key in spelled if body and not regex.fullmatch(body, key)] == []
