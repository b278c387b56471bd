"""Coupa's users and addresses, against an API written from the vendor's documentation."""

import random
from typing import Any

import pytest

from teamster.libraries.coupa.assets import build_coupa_asset
from teamster.libraries.coupa.resources import SCOPE, get_coupa_resource
from teamster.libraries.rest.resources import RestResource
from tests.libraries.lists import OAuthContract, Rows, Tokens, read, table_of, without_nulls
from tests.libraries.rest.contract import QUICK
from tests.libraries.rest.runs import Runs
from tests.libraries.rest.server import Answered, Api, App, Asked, serving

CONFIG = "src/teamster/code_locations/kipptaf/coupa/config/assets-lists.yaml"
MOST = 50
XML = {"Content-Type": "application/xml"}


class CoupaApi:
    """The Core API: OAuth by a form, JSON and an order only if asked for, 50 records at most."""

    def __init__(
        self, lists: dict[str, Rows], cap: int, secret: str, uses: int = 10**9, scope: str = SCOPE
    ) -> None:
        self.lists, self.cap, self.secret, self.scope = lists, min(cap, MOST), secret, scope
        self.tokens = Tokens(uses)

    def __call__(self, asked: Asked) -> Answered:
        if asked.path == "/oauth2/token":
            return self._token(asked)
        if not self.tokens.take(asked):
            return _error("The credentials you provided are invalid or expired", 401)
        if "core.user.read" not in self.scope:
            return _error("You are not authorized to access this resource", 403)
        if "json" not in asked.headers.get("accept", ""):
            return Answered(b"<?xml version='1.0'?><users/>", headers=XML)
        rows = list(self.lists[asked.path.removeprefix("/api/")])
        if (asked.get("order_by"), asked.get("dir")) == ("id", "asc"):
            rows.sort(key=lambda row: row["id"])
        else:
            random.Random(len(asked.url)).shuffle(rows)
        after = asked.number("id[gt]", -1)
        start = asked.number("offset", 0)
        rows = [row for row in rows if row["id"] > after][start:]
        return Answered(rows[: min(asked.number("limit", 50), self.cap)])

    def _token(self, asked: Asked) -> Answered:
        form = {name: values[0] for name, values in asked.form.items()}
        wanted = {"client_id": "client", "client_secret": self.secret}
        if form.get("grant_type") != "client_credentials" or not wanted.items() <= form.items():
            return Answered({"error": "invalid_client", "error_description": "No client"}, 401)
        if form.get("scope") != SCOPE:
            return Answered({"error": "invalid_scope"}, 400)
        token = {"access_token": self.tokens.give(), "token_type": "bearer", "expires_in": 86399}
        return Answered({**token, "scope": self.scope})


def _error(text: str, status: int) -> Answered:
    return Answered({"errors": {"error": [text]}}, status)


def resource_of(api: Api, secret: str) -> RestResource:
    return get_coupa_resource(
        base_url=f"{api.url}/api",
        client_id="client",
        client_secret=secret,
        requests_per_minute=None,
        **QUICK,
    )


class TestUsers(OAuthContract):
    config = CONFIG
    table = "users"
    build = staticmethod(build_coupa_asset)

    def rows_of(self) -> Rows:
        return [self.row(number) for number in range(self.expected)]

    def api(self, rows: Rows, cap: int) -> App:
        return CoupaApi({"users": rows}, cap, self.secret)

    def app_of_tokens(self, uses: int) -> App:
        return CoupaApi({"users": self.rows_of()}, 7, self.secret, uses)

    def app_without_scope(self) -> App:
        return CoupaApi({"users": self.rows_of()}, 7, self.secret, scope="core.common.read")

    def resource(self, api: Api, secret: str) -> RestResource:
        return resource_of(api, secret)

    def row(self, number: int) -> dict[str, Any]:
        return {
            "id": number,
            "created-at": "2026-01-05T09:30:00-05:00",
            "login": self.canary,
            "purchasing-user": True,
            "account-security-type": 0,
            "sso-identifier": "",
            "custom-fields": {
                "ccc-external-id": "17",
                "school-name": {"id": 3, "name": "Heights", "lookup": {"id": 4}},
                "sage-intacct-fund": "101",
            },
            "default-currency": {"id": 1, "code": "USD", "decimals": 2},
            "default-account": {
                "id": 5,
                "segment-1": "100",
                "segment-20": None,
                "account-type": {"id": 6, "primary-address": {"id": 7, "postal-code": "07102"}},
            },
            "requisition-approval-limit": {"id": 8, "amount": "5000.00", "created-by": {"id": 9}},
            "roles": [{"id": 10, "name": "Buyer", "system-role": True}],
            "account-groups": [{"id": 11, "segment-3-col": "segment-3", "segment-3-op": "eq"}],
            "created-by": None,
        }

    def stored(self, number: int) -> dict[str, Any]:
        return {
            "id": number,
            "created_at": "2026-01-05T09:30:00-05:00",
            "login": self.canary,
            "purchasing_user": True,
            "account_security_type": 0,
            "custom_fields": {
                "ccc_external_id": "17",
                "school_name": '{"id":3,"name":"Heights","lookup":{"id":4}}',
                "sage_intacct_fund": "101",
            },
            "default_currency": {"id": 1, "code": "USD", "decimals": 2},
            "default_account": {
                "id": 5,
                "segment_1": "100",
                "account_type": {"id": 6, "primary_address": {"id": 7, "postal_code": "07102"}},
            },
            "requisition_approval_limit": {"id": 8, "amount": "5000.00", "created_by": {"id": 9}},
            "roles": [{"id": 10, "name": "Buyer", "system_role": True}],
            "account_groups": [{"id": 11, "segment_3_col": "segment-3", "segment_3_op": "eq"}],
        }


ADDRESS = {
    "id": 1,
    "location-code": "HQ",
    "active": True,
    "default": False,
    "country": {"id": 223, "code": "US", "name": "United States"},
    "purposes": ["ship_to"],
    "content-groups": [{"id": 2, "created-by": {"id": 3, "login": "admin"}}],
    "tax-registrations": [{"id": 4, "owner-id": 5, "created-at": "2026-01-05T09:30:00-05:00"}],
}


def test_addresses(runs: Runs) -> None:
    with serving(CoupaApi({"addresses": [ADDRESS]}, 50, "key")) as api:
        asset = table_of(CONFIG, build_coupa_asset, "addresses")
        runs.materialize(asset, None, {"rest_coupa": resource_of(api, "key")})
    (stored,) = runs.rows(key=["kipptaf", "coupa", "addresses"])
    assert without_nulls(stored) == {
        "id": 1,
        "location_code": "HQ",
        "active": True,
        "default": False,
        "country": {"id": 223, "code": "US", "name": "United States"},
        "purposes": ["ship_to"],
        "content_groups": [{"id": 2, "created_by": {"id": 3, "login": "admin"}}],
        "tax_registrations": [{"id": 4, "owner_id": 5, "created_at": "2026-01-05T09:30:00-05:00"}],
    }


@pytest.mark.parametrize("params", [{}, {"active": True}])
def test_params_of_a_feed_are_added_to_the_order(params: dict[str, Any]) -> None:
    asset = build_coupa_asset(
        ["kipptaf", "coupa", "users"],
        "/users",
        "teamster.libraries.coupa.schema:Users",
        params=params,
    )
    with serving(CoupaApi({"users": [{"id": 2}, {"id": 1}]}, 50, "key")) as api:
        assert read(asset, resource_of(api, "key")) == [{"id": 1}, {"id": 2}]
    asked = api.asked[-1]
    assert asked.get("active", "") == ("true" if params else "")
    assert (asked.get("order_by"), asked.get("limit")) == ("id", str(MOST))
