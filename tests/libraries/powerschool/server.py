"""PowerSchool's server, the demo's, behind the faults of the REST tests."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from dagster import AssetsDefinition

from teamster.cli.demo.api_server import Call
from teamster.cli.demo.powerschool_api import PowerSchoolApi, Row
from teamster.core.schema import field_names, resolve_schema
from teamster.libraries.powerschool import schema
from teamster.libraries.powerschool.resources import PowerSchoolResource
from teamster.libraries.rest.assets import endpoint_of
from teamster.libraries.rest.reading import Reading
from teamster.libraries.rest.spool import RecordSpool
from tests.libraries.rest.contract import QUICK
from tests.libraries.rest.server import Answered, Api, App, Asked

CLIENT_ID = "8c2b5f0e-plugin"
SECRET = "s3cret-canary"


def powerschool(tables: Mapping[str, Sequence[Row]], **settings: Any) -> PowerSchoolApi:
    """Returns a server with tables."""
    columns = {
        table: field_names(resolve_schema(getattr(schema, table.title().replace("_", ""))))
        for table in tables
    }
    login = {"client_id": CLIENT_ID, "client_secret": SECRET}
    return PowerSchoolApi(tables, columns, **{**login, **settings})


def app_of(
    server: PowerSchoolApi, before: Callable[[PowerSchoolApi, Asked], None] | None = None
) -> App:
    """Returns a server as the REST tests' faults want it; ``before`` is called before each call."""

    def app(asked: Asked) -> Answered:
        if before:
            before(server, asked)
        query = {name: values[-1] for name, values in asked.query.items()}
        form = {name: values[-1] for name, values in asked.form.items()}
        reply = server(Call(asked.method, asked.path, query, asked.headers, form, asked.url))
        return Answered(reply.body, reply.status, reply.headers)

    return app


def resource_of(api: Api, secret: str = SECRET, **fields: Any) -> PowerSchoolResource:
    """Returns a resource that does not wait long."""
    given = {"base_url": api.url, "client_id": CLIENT_ID, "client_secret": secret}
    return PowerSchoolResource.from_env("UNUSED", **{**given, **QUICK, **fields})


def read(
    api: Api, folder: Path, asset: AssetsDefinition, key: str | None = None, **fields: Any
) -> list[dict[str, Any]]:
    """Reads an asset's records into the spool."""
    endpoint = endpoint_of(asset)
    assert endpoint
    request = endpoint.request
    with (
        resource_of(api, **fields).session(endpoint.values_of_key(key)) as session,
        RecordSpool(folder / "records", request.key, request.record) as spool,
    ):
        Reading(session, endpoint, endpoint.placeholders_of_key(key)).read(spool)
        return [document.value for document in spool.documents()]
