"""Assets of DeansList's endpoints, and reads of them."""

from pathlib import Path
from typing import Any

from dagster import AssetsDefinition

from teamster.libraries.deanslist.assets import build_deanslist_asset
from teamster.libraries.deanslist.resources import DeansListResource
from teamster.libraries.rest.assets import endpoint_of
from teamster.libraries.rest.reading import Reading
from teamster.libraries.rest.spool import RecordSpool
from tests.libraries.rest.contract import QUICK
from tests.libraries.rest.server import Api

KEYS = {"key-of-one": "1", "key-of-two": "2"}
SCHOOLS = {"type": "static", "partition_keys": ["1", "2", "3"]}
BY_YEAR = {
    "type": "multi",
    "partitions_defs": {
        "date": {"type": "fiscal_year", "start_date": "2023-07-01"},
        "school": SCHOOLS,
    },
}


def build(table: str = "behavior", **options: Any) -> AssetsDefinition:
    model = "".join(part.title() for part in table.split("_"))
    defaults = {
        "asset_key": ["kippnewark", "deanslist", table],
        "endpoint": table.replace("_", "-"),
        "avro_schema": f"teamster.libraries.deanslist.schema:{model}",
        "partitions_def": BY_YEAR,
        "params": {"IncludeDeleted": "Y"},
    }
    return build_deanslist_asset(**{**defaults, **options})


def resource_of(api: Api, **fields: Any) -> DeansListResource:
    return DeansListResource(**{"base_url": api.url, **QUICK, **fields})


def read(api: Api, folder: Path, asset: AssetsDefinition, key: str) -> list[dict[str, Any]]:
    endpoint = endpoint_of(asset)
    assert endpoint
    with (
        resource_of(api, max_attempts=6).session(endpoint.values_of_key(key)) as session,
        RecordSpool(folder / "records") as spool,
    ):
        Reading(session, endpoint, endpoint.placeholders_of_key(key)).read(spool)
        return [document.value for document in spool.documents()]
