"""A OneRoster service that lets faults in its way, and how to read it."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from dagster import AssetsDefinition

from teamster.cli.demo.api_server import Call
from teamster.cli.demo.drop.oneroster_records import roster_records
from teamster.cli.demo.drop.population import build_population
from teamster.cli.demo.drop.staff import Staff
from teamster.cli.demo.oneroster_api import TOKEN_PATH, OneRosterApi
from teamster.libraries.oneroster.assets import build_oneroster_asset
from teamster.libraries.oneroster.resources import OneRosterResource, Version, scopes
from teamster.libraries.rest.assets import endpoint_of
from teamster.libraries.rest.reading import Reading
from teamster.libraries.rest.spool import RecordSpool
from tests.libraries.rest.contract import QUICK
from tests.libraries.rest.server import Answered, Api, Asked

CLIENT = "our-client"
SECRET = "s3cret-canary"
CANARY = "canary9"
KEY = ["kipptaf", "oneroster", "table"]
MOMENT = "%Y-%m-%dT%H:%M:%S.000Z"


def build(endpoint: str = "/orgs", **options: Any) -> AssetsDefinition:
    """Makes an asset of an endpoint."""
    return build_oneroster_asset("table", endpoint, "kipptaf", **options)


class Service:
    """The demo's API, which does what the standard says, behind the tests' server."""

    def __init__(
        self,
        collections: Mapping[str, Sequence[Any]],
        kind: type[OneRosterApi] = OneRosterApi,
        **options: Any,
    ) -> None:
        self.api = kind(collections, (CLIENT, SECRET), **options)

    def __call__(self, asked: Asked) -> Answered:
        last = {name: values[-1] for name, values in asked.query.items()}
        form = {name: values[-1] for name, values in asked.form.items()}
        call = Call(asked.method, asked.path, last, asked.headers, form, asked.url)
        reply = self.api(call)
        return Answered(reply.body, reply.status, reply.headers)


@cache
def _roster() -> str:
    records = roster_records(build_population("newark", 3, seed=7), Staff(7))
    for collection in records.values():
        for record in collection[::3]:
            record["metadata"] = {"note": CANARY, "rooms": [1, 2.50], "open": True, "none": None}
    return json.dumps(records)


def roster() -> dict[str, list[dict[str, Any]]]:
    """Returns a small school network's records, fresh."""
    records: dict[str, list[dict[str, Any]]] = json.loads(_roster())
    return records


def resource_of(
    api: Api, secret: str = SECRET, version: Version = "1.2", **fields: Any
) -> OneRosterResource:
    """Returns a resource that does not wait long."""
    own = {"auth": "oauth2", "client_id": CLIENT, "scope": scopes(version)}
    urls = {"base_url": api.url, "token_url": TOKEN_PATH}
    return OneRosterResource(**{**QUICK, **own, **urls, "client_secret": secret, **fields})


def read(asset: AssetsDefinition, resource: OneRosterResource, folder: Path) -> list[Any]:
    """Reads an unpartitioned asset's records, as the server spells them."""
    endpoint = endpoint_of(asset)
    assert endpoint
    request = endpoint.request
    with (
        resource.session() as session,
        RecordSpool(folder / "records", request.key, request.record) as spool,
    ):
        Reading(session, endpoint, {}).read(spool)
        return [json.loads(document.text) for document in spool.documents()]


def moment(text: str) -> datetime:
    """Reads a time as the standard spells it."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
