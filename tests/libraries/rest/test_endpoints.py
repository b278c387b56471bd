"""Definitions: what the factory accepts, and what it says of what it does not."""

from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.asset_options import AssetOptions
from teamster.core.config import config_from_files
from teamster.core.errors import ConfigError, UnexpectedAnswer
from teamster.core.partitions import resolve_partitions_def
from teamster.libraries.rest.assets import build_rest_asset, endpoint_of, endpoints_of
from teamster.libraries.rest.endpoints import Endpoint
from teamster.libraries.rest.options import FitOptions, RequestOptions, RestOptions
from teamster.libraries.rest.placeholders import PartitionValue, Template
from teamster.libraries.rest.resources import RestResource
from tests.libraries.rest.listings import KEY, SCHEMA

DAILY = {"type": "daily", "start_date": "2025-07-01"}
FISCAL = {"type": "fiscal_year", "start_date": "2024-07-01"}
SCHOOLS = {"type": "static", "partition_keys": ["1", "2"]}
BOTH = {"type": "multi", "partitions_defs": {"school": SCHOOLS, "date": DAILY}}
PARENT = {"endpoint": "/schools", "fields": {"school": "id"}}
DOCS = Path(__file__).parents[3] / "docs" / "rest.md"


def build(endpoint: str = "/things", **options: Any) -> Endpoint:
    made = endpoint_of(build_rest_asset(KEY, endpoint, "rest_vendor", SCHEMA, **options))
    assert made
    return made


def test_every_option_stands_in_one_group_and_in_the_signature() -> None:
    groups = [set(model.model_fields) for model in (AssetOptions, RequestOptions, FitOptions)]
    assert sum(map(len, groups)) == len(set.union(*groups))
    assert set.union(*groups) == set(get_type_hints(RestOptions))


@pytest.mark.parametrize(
    "name", sorted({*get_type_hints(RestOptions), *RestResource.model_fields} - {"_"})
)
def test_every_option_and_field_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCS.read_text()


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a misspelt option": ({"paginate": "link"}, "paginate is no option.*did you mean pagination"),
    "another type of pagination": (
        {"pagination": {"type": "pages"}},
        "there is no type 'pages'; did you mean page",
    ),
    "an option of another type": (
        {"pagination": {"type": "link", "param": "x"}},
        "pagination.param is no option of pagination",
    ),
    "a cursor from nowhere": ({"pagination": "cursor"}, "give path or header"),
    "a total of what is left": (
        {
            "pagination": {"type": "keyset", "param": "id[gt]", "path": "id"},
            "total": {"type": "header"},
        },
        "pagination keyset takes no total",
    ),
    "a keyset without its key": (
        {"pagination": {"type": "keyset", "param": "id[gt]"}},
        "pagination.path",
    ),
    "a size for nobody": (
        {"pagination": {"type": "page", "size": 5}},
        "give size and size_param",
    ),
    "csv with a path": ({"format": "csv", "records": "data"}, "each row is one"),
    "since without key": ({"since": {"params": {"x": "{since}"}}}, "since needs key"),
    "since that is not used": (
        {"since": {"params": {"x": "y"}}, "key": "id"},
        "must use {since} somewhere",
    ),
    "until without a mark": (
        {"since": {"params": {"x": "{since}", "y": "{until}"}}, "key": "id"},
        "where there is a mark only",
    ),
    "a path with a hole": ({"records": "a..b"}, "names with dots between them"),
    "since by a key that is not kept": (
        {"since": {"params": {"x": "{since}"}}, "key": "uuid"},
        "the schema has no field uuid",
    ),
    "an unknown placeholder": ({"endpoint": "/{x}"}, "x is neither a partition dimension"),
    "an unknown placeholder in a list": (
        {"params": {"a": ["b", "{x}"]}},
        "x is neither a partition dimension",
    ),
    "a dimension that nobody carries": (
        {"partitions_def": BOTH, "endpoint": "/{school}"},
        "no placeholder carries dimension date",
    ),
    "one dimension, no placeholder": ({"partitions_def": DAILY}, "0 placeholders"),
    "one dimension, two placeholders": (
        {"partitions_def": DAILY, "endpoint": "/{a}/{b}"},
        "2 placeholders",
    ),
    "aliases of no dimension": (
        {"partition_aliases": {"x": {"a": "b"}}},
        "partition_aliases: x is no dimension",
    ),
    "a field of the parent that is not used": ({"parent": PARENT}, "fills no placeholder"),
    "an open brace": ({"params": {"a": "{"}}, "a brace stands alone"),
    "a URL": ({"endpoint": "https://elsewhere.example.org/x"}, "a path below base_url"),
    "another host": ({"endpoint": "//elsewhere.example.org/x"}, "a path below base_url"),
    "a path that leads out": ({"endpoint": "/a/../../b"}, "a path below base_url"),
    "a query": ({"endpoint": "/a?b=c"}, "put the query into params"),
    "a total's URL": (
        {"total": {"type": "endpoint", "endpoint": "//x.example.org"}},
        "a path below base_url",
    ),
    "a mark's URL": (
        {
            "since": {
                "params": {"x": "{since}"},
                "mark": {"endpoint": "https://x.example.org", "path": "y"},
            },
            "key": "id",
        },
        "a path below base_url",
    ),
    "a parent's URL": (
        {"endpoint": "/{school}", "parent": {**PARENT, "endpoint": "https://x.example.org"}},
        "a path below base_url",
    ),
    "volume by years without any": (
        {"volume": {"compare_with": "year_before"}},
        "needs a partition dimension of years",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_definition_is_told(case: str) -> None:
    options, said = WRONG[case]
    with pytest.raises(ConfigError, match=f"(?s)kipptaf/vendor/table: .*{said}"):
        build(**options)


def test_a_wrong_definition_names_file_and_line(tmp_path: Path) -> None:
    file = tmp_path / "assets.yaml"
    file.write_text(
        "assets:\n"
        "  - asset_key: [kipptaf, vendor, table]\n"
        "    endpoint: /things\n"
        "    rest_resource_key: rest_vendor\n"
        "    avro_schema: teamster.libraries.oneroster.schema:Orgs\n"
        "    pagination:\n"
        "      type: page\n"
        "      sise: 5\n"
    )
    (entry,) = config_from_files([file])["assets"]
    with pytest.raises(ConfigError, match=r"assets.yaml:\d: pagination.sise is no option"):
        build_rest_asset(**entry)
    entry["pagination"] = "link"
    entry["endpoint"] = "/{x}"
    with pytest.raises(ConfigError, match=r"assets.yaml:2: kipptaf/vendor/table: placeholder x"):
        build_rest_asset(**entry)


def test_dimensions_come_from_placeholders() -> None:
    assert set(build("/{day:%Y}", partitions_def=DAILY).dimensions) == {"day"}
    both = build("/{school}", params={"at": "{date.start}"}, partitions_def=BOTH)
    assert set(both.dimensions) == {"school", "date"}
    by_resource = build("/{date}", partitions_def=BOTH, resource_dimensions=["school"])
    assert by_resource.values_of_key("2025-09-01|1") == {"school": "1", "date": "2025-09-01"}
    of_parent = build(
        "/{school}/{id}",
        parent={**PARENT, "fields": {"id": "id"}, "params": {}},
        partitions_def=SCHOOLS,
    )
    assert set(of_parent.dimensions) == {"school"}
    of_parents_path = build(
        "/{id}", parent={"endpoint": "/{school}", "fields": {"id": "id"}}, partitions_def=SCHOOLS
    )
    assert set(of_parents_path.dimensions) == {"school"}


def value(definition: dict[str, Any], key: str, alias: str | None = None) -> PartitionValue:
    return PartitionValue(key, resolve_partitions_def(definition), alias)


@pytest.mark.parametrize(
    ("text", "given", "expected"),
    [
        ("{x}", value(SCHOOLS, "1"), "1"),
        ("{x}", value(SCHOOLS, "1", "One"), "One"),
        ("{x}", value(DAILY, "2025-09-01"), "2025-09-01"),
        ("{x:%m/%d/%Y}", value(DAILY, "2025-09-01"), "09/01/2025"),
        ("{x.start}..{x.end}", value(DAILY, "2025-09-30"), "2025-09-30..2025-10-01"),
        ("{x.last:%d.%m.}", value(DAILY, "2025-09-30"), "30.09."),
        ("{x}", value(FISCAL, "2025-07-01"), "2026"),
        ("{x.start:%Y}-{x.last:%Y-%m-%d}", value(FISCAL, "2025-07-01"), "2025-2026-06-30"),
        ("a{{x}}", "", "a{x}"),
        ("{x} {x}", "é", "é é"),
    ],
)
def test_placeholders_are_filled(text: str, given: Any, expected: str) -> None:
    assert Template(text).fill({"x": given}) == expected


@given(st.text(min_size=1).filter(lambda text: text not in (".", "..")))
def test_a_value_stays_in_its_segment(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        return
    path = Template("/a/{x}/b").fill_path({"x": text})
    parts = urlsplit(f"https://h{path}").path.split("/")
    assert parts[:2] == ["", "a"]
    assert parts[3:] == ["b"]
    assert unquote(parts[2]) == text


@pytest.mark.parametrize("text", ["", ".", ".."])
def test_a_value_that_leads_out_is_refused(text: str) -> None:
    with pytest.raises(UnexpectedAnswer, match=r"/a/{x}: x is empty"):
        Template("/a/{x}").fill_path({"x": text})


def test_a_format_of_what_is_no_date_is_told() -> None:
    with pytest.raises(ConfigError, match="no window of time"):
        Template("{x:%Y}").fill({"x": value(SCHOOLS, "1")})


def test_endpoints_of_assets() -> None:
    asset = build_rest_asset(KEY, "/things", "rest_vendor", SCHEMA)
    assert [each.asset_key for each in endpoints_of([asset])] == [asset.key]
    assert asset.group_names_by_key[asset.key] == "vendor"
    assert asset.required_resource_keys >= {"rest_vendor", "io_manager_gcs_avro"}
