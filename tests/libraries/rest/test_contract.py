"""The contract of vendors' assets holds for an API of our own."""

from typing import Any

from dagster import AssetsDefinition

from teamster.libraries.rest.assets import build_rest_asset
from teamster.libraries.rest.resources import RestResource
from tests.libraries.rest.contract import QUICK, RestContract
from tests.libraries.rest.listings import PAGINATIONS, Records
from tests.libraries.rest.server import Answered, Api, App, Asked

OPTIONS: dict[str, Any] = {
    "asset_key": ["kipptaf", "vendor", "things"],
    "endpoint": "/things",
    "rest_resource_key": "rest_vendor",
    "avro_schema": {
        "type": "record",
        "name": "thing",
        "fields": [{"name": name, "type": ["null", "string"]} for name in ("id", "name")],
    },
    "records": "data",
    "pagination": PAGINATIONS["offset"],
    "total": {"type": "header"},
    "key": "id",
}


class TestOwn(RestContract):
    expected = 23

    def make(self) -> AssetsDefinition:
        return build_rest_asset(**OPTIONS)

    def app(self) -> App:
        table = Records([{"id": number, "name": self.canary} for number in range(23)])

        def answer(asked: Asked) -> Answered:
            if asked.headers.get("authorization") != f"Bearer {self.secret}":
                return Answered({"message": f"no {self.canary}"}, 401)
            return table(asked)

        return answer

    def resource(self, api: Api, secret: str) -> RestResource:
        return RestResource(base_url=api.url, auth="bearer", token=secret, **QUICK)
