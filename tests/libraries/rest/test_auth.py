"""Credentials: they go where they belong, are renewed in time, and are never shown."""

import base64
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest

from teamster.core.errors import (
    AuthenticationFailed,
    ConfigError,
    PermissionRefused,
    ServerUnavailable,
    UnexpectedAnswer,
)
from teamster.libraries.rest.auth import ApiKey, Basic, Bearer, ClientCredentials
from teamster.libraries.rest.resources import RestResource
from tests.libraries.rest.listings import resource_of
from tests.libraries.rest.server import Answered, Asked, Fault, serving

SECRET = "s3cret-canary"
LOGIN = base64.b64encode(f"me:{SECRET}".encode()).decode()
OAUTH = {"auth": "oauth2", "client_id": "me", "client_secret": SECRET, "token_url": "/oauth/token"}


@pytest.mark.parametrize(
    ("fields", "headers", "query"),
    [
        ({"auth": "none"}, {}, {}),
        ({"auth": "api_key", "api_key": SECRET}, {"x-api-key": SECRET}, {}),
        (
            {
                "auth": "api_key",
                "api_key": SECRET,
                "api_key_name": "Authorization",
                "api_key_prefix": "ApiKey ",
            },
            {"authorization": f"ApiKey {SECRET}"},
            {},
        ),
        (
            {"auth": "api_key", "api_key": SECRET, "api_key_name": "key", "api_key_in": "query"},
            {},
            {"key": [SECRET]},
        ),
        (
            {"auth": "basic", "username": "me", "password": SECRET},
            {"authorization": f"Basic {LOGIN}"},
            {},
        ),
        ({"auth": "bearer", "token": SECRET}, {"authorization": f"Bearer {SECRET}"}, {}),
    ],
)
def test_requests_are_signed(
    fields: dict[str, Any], headers: dict[str, str], query: dict[str, Any]
) -> None:
    with serving(lambda asked: Answered([])) as api:
        with resource_of(api, **fields).session() as session:
            session.get_json("/thing")
        (asked,) = api.asked
    sent = {name: asked.headers.get(name) for name in ("authorization", "x-api-key")}
    assert {name: value for name, value in sent.items() if value} == headers
    assert asked.query == query


@dataclass
class OAuth:
    """A server of tokens, and of things for those who have one."""

    lives: float = 3600
    form: bool = False
    revoked: set[str] = field(default_factory=set)
    given: int = 0
    refuses: bool = False
    token_answer: Answered | None = None

    def __call__(self, asked: Asked) -> Answered:
        if asked.path == "/oauth/token":
            return self._token(asked)
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        valid = token == f"token-{self.given}" and token not in self.revoked
        if not valid or self.refuses:
            challenge = 'Bearer error="invalid_token", error_description="The token expired"'
            return Answered({}, 401, {"WWW-Authenticate": challenge})
        return Answered([])

    def _token(self, asked: Asked) -> Answered:
        if self.token_answer:
            return self.token_answer
        expected = {"grant_type": ["client_credentials"], "scope": ["read"]}
        if self.form:
            expected |= {"client_id": ["me"], "client_secret": [SECRET]}
        assert asked.method == "POST"
        assert asked.form == expected
        assert asked.headers.get("authorization") == (None if self.form else f"Basic {LOGIN}")
        self.given += 1
        token = f"token-{self.given}"
        return Answered({"access_token": token, "token_type": "bearer", "expires_in": self.lives})


@pytest.mark.parametrize("form", [True, False])
def test_a_token_serves_many_requests(form: bool) -> None:
    app = OAuth(form=form)
    client_in = "body" if form else "header"
    with serving(app) as api:
        resource = resource_of(api, **OAUTH, scope="read", client_in=client_in)
        with resource.session() as session:
            for _ in range(5):
                session.get_json("/thing")
    assert app.given == 1


def test_a_token_is_renewed_before_it_ends() -> None:
    app = OAuth(lives=0.2)
    with serving(app) as api, resource_of(api, **OAUTH, scope="read").session() as session:
        session.get_json("/thing")
        time.sleep(0.19)
        session.get_json("/thing")
    assert app.given == 2
    assert [asked.path for asked in api.asked].count("/thing") == 2  # none was refused


def test_a_token_that_is_refused_is_renewed_once() -> None:
    app = OAuth()
    with serving(app) as api, resource_of(api, **OAUTH, scope="read").session() as session:
        session.get_json("/thing")
        app.revoked.add("token-1")
        session.get_json("/thing")
        assert app.given == 2
        app.refuses = True
        with pytest.raises(AuthenticationFailed, match=r"invalid_token.*check client_id"):
            session.get_json("/thing")
        assert app.given == 3


def test_threads_share_one_token() -> None:
    app = OAuth()
    with serving(app) as api, resource_of(api, **OAUTH, scope="read").session() as session:

        def ask() -> None:
            for _ in range(4):
                session.get_json("/thing")

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert app.given == 1
    assert Counter(asked.path for asked in api.asked) == {"/oauth/token": 1, "/thing": 32}


@pytest.mark.parametrize("fault", ["429", "502", "reset", "truncated", "short"])
def test_asking_for_a_token_is_tried_again(fault: Fault) -> None:
    app = OAuth()
    with serving(app) as api, resource_of(api, **OAUTH, scope="read").session() as session:
        api.faults = {0: fault}
        app.given = -1 if fault in ("truncated", "short") else 0  # the first one is lost
        session.get_json("/thing")


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (Answered({"error": "invalid_client"}, 400), AuthenticationFailed, "no token.*invalid_cli"),
        (Answered({"error": "invalid_scope"}, 400), AuthenticationFailed, "invalid_scope.*scope"),
        (Answered({"error": "invalid_client"}, 401), AuthenticationFailed, "invalid_client"),
        (Answered({}, 403), PermissionRefused, "token"),
        (Answered({}, 404), AuthenticationFailed, "no token.*404"),
        (Answered({"token": "x"}), UnexpectedAnswer, "no access_token"),
        (Answered(["x"]), UnexpectedAnswer, "no access_token"),
        (Answered(b"<html>"), UnexpectedAnswer, "web page"),
        (Answered({}, 503), ServerUnavailable, "status 503"),
    ],
)
def test_no_token_is_told(answer: Answered, error: type[Exception], said: str) -> None:
    with (
        serving(OAuth(token_answer=answer)) as api,
        resource_of(api, **OAUTH, max_attempts=2).session() as session,
        pytest.raises(error, match=said) as raised,
    ):
        session.get_json("/thing")
    assert SECRET not in str(raised.value)
    assert LOGIN not in str(raised.value)


@pytest.mark.parametrize(
    "auth",
    [
        ApiKey(SECRET),
        Basic("me", SECRET),
        Bearer(SECRET),
        ClientCredentials("me", SECRET, "https://x/token"),
    ],
)
def test_no_kind_shows_its_secret(auth: Any) -> None:
    assert SECRET not in repr(auth)
    assert SECRET in auth.secrets


def test_a_resource_shows_no_secret() -> None:
    fields = ("api_key", "password", "token", "client_secret")
    resource = RestResource(base_url="https://x", **dict.fromkeys(fields, SECRET))
    assert SECRET not in repr(resource)
    assert SECRET not in str(resource)


@pytest.mark.parametrize("auth", ["api_key", "basic", "bearer", "oauth2"])
def test_a_credential_that_is_missing_is_told(auth: Any) -> None:
    resource = RestResource(base_url="https://api.example.org", auth=auth)
    with (
        pytest.raises(ConfigError, match=f"api.example.org: auth {auth} needs"),
        resource.session(),
    ):
        pass


def test_a_resource_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(OAuth()) as api:
        monkeypatch.setenv("VENDOR_API_URL", api.url)
        monkeypatch.setenv("VENDOR_API_CLIENT_ID", "me")
        monkeypatch.setenv("VENDOR_API_CLIENT_SECRET", SECRET)
        resource = RestResource.from_env(
            "VENDOR", "oauth2", token_url="/oauth/token", scope="read"
        ).process_config_and_initialize()
        with resource.session() as session:
            assert session.get_json("/thing") == []
    for auth, variable in (("api_key", "KEY"), ("bearer", "TOKEN"), ("basic", "PASSWORD")):
        monkeypatch.setenv(f"VENDOR_API_{variable}", SECRET)
        monkeypatch.setenv("VENDOR_API_USERNAME", "me")
        made: Any = RestResource.from_env("VENDOR", auth)  # type: ignore[arg-type]
        made = made.process_config_and_initialize()
        assert SECRET in made.auth_of({}).secrets
