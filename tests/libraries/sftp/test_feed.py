"""Definitions: what the factories accept, and what they say of what they do not."""

from datetime import date
from pathlib import Path
from typing import Any, get_type_hints

import dagster
import pytest
from dagster import AssetsDefinition, AutomationCondition, StaticPartitionsDefinition, materialize

from teamster.core import config
from teamster.core.asset_options import AssetOptions
from teamster.core.errors import ConfigError
from teamster.core.resources import get_io_managers
from teamster.core.schema import resolve_schema, text_model
from teamster.libraries.sftp.assets import (
    build_sftp_archive_asset,
    build_sftp_file_asset,
    feed_of,
)
from teamster.libraries.sftp.options import MatchOptions, SftpOptions
from teamster.libraries.sftp.read_options import ReadOptions
from teamster.libraries.sftp.survey import partitions_present
from tests.libraries.sftp.vendor import KEY, Vendor

SCHEMA = text_model("table", "id")


def build(**arguments: Any) -> AssetsDefinition:
    core: dict[str, Any] = {
        "asset_key": KEY,
        "remote_dir_regex": "/data",
        "remote_file_regex": r"table\.csv",
        "ssh_resource_key": "ssh_vendor",
        "avro_schema": SCHEMA,
    }
    return build_sftp_file_asset(**{**core, **arguments})


def test_the_six_core_parameters_are_the_specifications() -> None:
    asset = build_sftp_file_asset(
        ["kipptaf", "vendor", "table"], "/data", r"table\.csv", "ssh_vendor", SCHEMA, None
    )
    (key,) = asset.keys
    assert key.path == KEY
    assert asset.group_names_by_key[key] == "vendor"
    assert [check.name for check in asset.check_specs] == ["avro_schema_valid"]
    feed = feed_of(asset)
    assert feed
    assert feed.schema == resolve_schema(SCHEMA)


def test_every_option_stands_in_one_group_and_in_the_signature() -> None:
    groups = [set(model.model_fields) for model in (AssetOptions, MatchOptions, ReadOptions)]
    assert sum(map(len, groups)) == len(set.union(*groups))
    assert set.union(*groups) == set(get_type_hints(SftpOptions))


@pytest.mark.parametrize("name", sorted(get_type_hints(SftpOptions)))
def test_every_option_is_documented(name: str) -> None:
    page = Path(__file__).parents[3] / "docs" / "sftp.md"
    assert f"`{name}`" in page.read_text()


@pytest.mark.parametrize(
    "schema",
    [SCHEMA, resolve_schema(SCHEMA), "teamster.libraries.oneroster.schema:Orgs"],
)
def test_a_schema_is_a_model_plain_data_or_a_name(schema: Any) -> None:
    feed = feed_of(build(avro_schema=schema))
    assert feed
    assert feed.schema == resolve_schema(schema)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("eager", AutomationCondition.eager()),
        ("on_missing", AutomationCondition.on_missing()),
        ({"on_cron": "0 3 * * *"}, AutomationCondition.on_cron("0 3 * * *")),
        (AutomationCondition.eager(), AutomationCondition.eager()),
        (None, None),
    ],
)
def test_automation_conditions_from_yaml(given: Any, expected: Any) -> None:
    asset = build(automation_condition=given)
    assert asset.automation_conditions_by_key.get(asset.key) == expected


YEARS = {"type": "static", "partition_keys": ["2025", "2026"]}
MULTI = {"type": "multi", "partitions_defs": {"year": YEARS, "subject": YEARS}}
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "unknown option": ({"file_seperator": ";"}, "did you mean file_sep"),
    "unknown option of another group": ({"selct": "newest"}, "did you mean select"),
    "wrong type": ({"slugify_cols": "perhaps"}, "slugify_cols"),
    "wrong choice": ({"select": "oldest"}, "select"),
    "unknown encoding": ({"file_encoding": "utf-9"}, "utf-9"),
    "format beside its short form": ({"format": "json", "file_sep": ";"}, "file_sep cannot stand"),
    "unknown format": ({"format": "exel"}, "did you mean excel?"),
    "format without a type": ({"format": {"sep": ";"}}, "its type is missing"),
    "bad condition": ({"automation_condition": "sometimes"}, "on_cron"),
    "bad expression": ({"remote_dir_regex": "/data("}, "regular expression"),
    "group without partition": ({"remote_dir_regex": "/(?P<year>x)"}, "year is no partition"),
    "partition without group": ({"partitions_def": YEARS}, "name one group"),
    "dimension without group": (
        {"partitions_def": MULTI, "remote_dir_regex": "/(?P<year>)"},
        "subject",
    ),
    "two groups for one dimension": (
        {"partitions_def": YEARS, "remote_dir_regex": "/(?P<a>)/(?P<b>)"},
        "2 groups",
    ),
    "alias of no dimension": (
        {
            "partitions_def": YEARS,
            "remote_dir_regex": "/(?P<year>)",
            "partition_aliases": {"yaer": {"2026": "now"}},
        },
        "yaer",
    ),
    "mtime for text": (
        {
            "partitions_def": MULTI,
            "remote_dir_regex": "/(?P<year>)",
            "partition_sources": {"subject": "mtime"},
        },
        "no dimension of dates",
    ),
    "unknown partitions": ({"partitions_def": {"type": "yearly"}}, "yearly"),
    "schema of no module": ({"avro_schema": "no.such:Thing"}, "no.such"),
    "schema without attribute": ({"avro_schema": "teamster.core.errors"}, "package.module:Name"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_definition_fails_when_it_is_made_naming_the_asset(case: str) -> None:
    arguments, said = WRONG[case]
    with pytest.raises(ConfigError) as failure:
        build(**arguments)
    assert "kipptaf/vendor/table" in str(failure.value)
    assert said in str(failure.value)


YAML = r"""
assets:
  - asset_key: [kipptaf, vendor, table]
    remote_dir_regex: /reports/(?P<fiscal_year>\d{4})/
    remote_file_regex: table\.csv
    ssh_resource_key: ssh_vendor
    avro_schema: teamster.libraries.oneroster.schema:Orgs
    slugify_cols: false
    partitions_def: { type: static, partition_keys: [2025, 2026] }
"""


@pytest.mark.parametrize("module", [dagster, config], ids=["dagster", "teamster"])
def test_yaml_alone_makes_an_asset_that_runs(
    quick_vendor: Vendor, tmp_path: Path, module: Any
) -> None:
    (tmp_path / "assets.yaml").write_text(YAML)
    assets = [
        build_sftp_file_asset(**entry)
        for entry in module.config_from_files([str(tmp_path / "assets.yaml")])["assets"]
    ]
    quick_vendor.put("/reports/2026/table.csv", "sourcedId,name\n1,Ann\n")
    result = materialize(
        assets,
        partition_key="2026",
        resources={"ssh_vendor": quick_vendor.resource, **get_io_managers("any")},
    )
    assert result.success
    assert quick_vendor.rows("_dagster_partition_key=2026")[0]["sourcedId"] == "1"


def test_an_error_in_yaml_names_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "assets.yaml").write_text(YAML + "    when_missing: sometimes\n")
    (entry,) = config.config_from_files([tmp_path / "assets.yaml"])["assets"]
    with pytest.raises(ConfigError, match=r"assets\.yaml:10: .*when_missing"):
        build_sftp_file_asset(**entry)


WRONG_FORMATS = {
    "{ type: exel }": r"no type 'exel'; did you mean excel\?; there are: delimited, fixed_width",
    "{ type: excel, sep: x }": r"format\.sep is no option of format; there are: type, sheet",
    "{ type: json, record: a }": r"format\.record is no option of format; did you mean records\?",
    "{ type: delimited, encoding: utf-9 }": r"format\.encoding: Python knows no encoding 'utf-9'",
    "{ type: delimited, sep: ';', quote: ';' }": "sep, quote and escape must differ",
    "{ type: delimited, columns: [a], header_lines: 2 }": "leave header_lines out",
    "{ type: delimited, skip_until: '(' }": r"format\.skip_until: no regular expression",
    "{ type: excel, sheet: [1] }": r"format\.sheet",
    "{ type: fixed_width, columns: [{ name: a, start: 0, width: 1 }] }": r"columns\.0\.start",
    "{ type: fixed_width, columns: [{ name: a, start: 1, widht: 1 }] }": "did you mean width",
    "{ type: pdf, row_pattern: x }": r"format\.row_pattern: give each column as a named group",
}


@pytest.mark.parametrize("given", WRONG_FORMATS)
def test_an_error_in_a_format_names_file_line_and_option(tmp_path: Path, given: str) -> None:
    (tmp_path / "assets.yaml").write_text(f"{YAML}    format: {given}\n")
    (entry,) = config.config_from_files([tmp_path / "assets.yaml"])["assets"]
    with pytest.raises(ConfigError, match=r"assets\.yaml:10: .*" + WRONG_FORMATS[given]):
        build_sftp_file_asset(**entry)


@pytest.mark.parametrize("module", [dagster, config], ids=["dagster", "teamster"])
@pytest.mark.parametrize(
    "given",
    [
        "json_lines",
        "{ type: delimited, sep: '||', quote: null, comment: '#', columns: [a, b] }",
        "{ type: fixed_width, columns: [{ name: a, start: 1, width: 3 }], skip_lines: 2 }",
        "{ type: json, records: a.b }",
        "{ type: excel, sheet: Grades, header_row: 3 }",
        "{ type: excel, sheet: 1 }",
        "{ type: pdf, row_pattern: '(?P<a>x)' }",
    ],
)
def test_a_format_in_yaml_is_the_readers(tmp_path: Path, module: Any, given: str) -> None:
    (tmp_path / "assets.yaml").write_text(f"{YAML}    format: {given}\n")
    (entry,) = module.config_from_files([str(tmp_path / "assets.yaml")])["assets"]
    feed = feed_of(build_sftp_file_asset(**entry))
    assert feed
    assert feed.read.format == feed.read.file_format
    assert feed.read.file_format.type in given


def test_a_password_given_in_the_place_of_its_variable_is_not_shown() -> None:
    with pytest.raises(ConfigError, match="archive_password_env") as failure:
        build(archive_password_env="s3cret!")
    assert "s3cret" not in str(failure.value)


def test_the_flat_options_are_short_for_delimited_text() -> None:
    short = feed_of(build(file_sep="|", file_quote="'", file_encoding="cp1252"))
    long = feed_of(
        build(format={"type": "delimited", "sep": "|", "quote": "'", "encoding": "cp1252"})
    )
    assert short
    assert long
    assert short.read.file_format == long.read.file_format


def test_partitions_present_reads_keys_back_out_of_paths(quick_vendor: Vendor) -> None:
    for path in ("/exports/2025", "/exports/Current_Year", "/exports/1999"):
        quick_vendor.put(f"{path}/table_ela.csv", "id\n")
        quick_vendor.put(f"{path}/table_art.csv", "id\n")
        quick_vendor.put(f"{path}/table_ela.csv.filepart", "id\n")
    asset = build(
        remote_dir_regex=r"/exports/(?P<year>\w+)",
        remote_file_regex=r"table_(?P<subject>\w+)\.csv",
        partitions_def={
            "type": "multi",
            "partitions_defs": {
                "year": YEARS,
                "subject": {"type": "static", "partition_keys": ["ela", "math"]},
            },
        },
        partition_aliases={"year": {"2026": "Current_Year"}},
    )
    feed = feed_of(asset)
    assert feed
    with quick_vendor.resource.session() as session:
        present = partitions_present(feed, session)
    assert {str(key) for key in present} == {"ela|2025", "ela|2026"}


def test_partitions_of_members_are_read_from_the_archives_directory(quick_vendor: Vendor) -> None:
    quick_vendor.put_zip("/data/table.zip", {"a/SR.csv": "id\n", "SM.csv": "id\n", "XX.csv": ""})
    asset = build_sftp_archive_asset(
        KEY,
        "/data",
        r"table\.zip",
        r"(?P<subject>)\.csv",
        "ssh_vendor",
        SCHEMA,
        {"type": "static", "partition_keys": ["SM", "SR", "SEL"]},
    )
    feed = feed_of(asset)
    assert feed
    with quick_vendor.resource.session() as session:
        assert set(partitions_present(feed, session)) == {"SM", "SR"}


def test_feeds_share_what_is_equal_between_them_and_nothing_else() -> None:
    year = {"type": "static", "partition_keys": ["2025", "2026"]}
    common = {"remote_file_regex": r"(?P<year>\d+)\.csv", "partitions_def": year}
    aliases = {"partition_aliases": {"year": {"2026": "Current"}}}
    first, second = (feed_of(build(**common, ignore_cols=["x"])) for _ in range(2))
    other = feed_of(build(**common, **aliases, ignore_cols=["y"]))
    assert first is not None
    assert second is not None
    assert other is not None
    assert first.match is second.match is not other.match
    assert first.read is second.read is not other.read
    assert first.partitions_def is second.partitions_def is other.partitions_def
    assert other.read.ignore_cols == ["y"]
    assert other.walk_spec({"year": "2026"}).files.fullmatch("Current.csv")
    assert not first.walk_spec({"year": "2026"}).files.fullmatch("Current.csv")
    fewer = feed_of(build(**{**common, "partitions_def": {**year, "partition_keys": ["2025"]}}))
    assert fewer is not None
    assert fewer.partitions_def != first.partitions_def


def test_feeds_of_different_conditions_share_the_other_options() -> None:
    conditions = [AutomationCondition.eager(), AutomationCondition.on_missing(), None]
    feeds = [
        feed_of(build(remote_file_regex="a", tags={"a": "b"}, automation_condition=condition))
        for condition in [*conditions, None]
    ]
    asset_options = [feed.asset for feed in feeds if feed]
    assert [options.automation_condition for options in asset_options] == [*conditions, None]
    assert asset_options[-1] is asset_options[-2]
    assert len({id(feed.read) for feed in feeds if feed}) == 1


def test_definitions_stand_beside_data_in_partitions() -> None:
    for names in (["a", "b"], ["c"]):
        parts = {
            "year": {"type": "daily", "start_date": date(2026, 1, 1)},
            "name": StaticPartitionsDefinition(names),
        }
        feed = feed_of(
            build(
                remote_file_regex=r"(?P<year>[\d-]+)_(?P<name>\w+)\.csv",
                partitions_def={"type": "multi", "partitions_defs": parts},
            )
        )
        assert feed is not None
        assert feed.dimensions["name"].get_partition_keys() == names
        assert feed.dimensions["year"].get_first_partition_key() == "2026-01-01"
