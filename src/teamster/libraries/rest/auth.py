"""How requests are signed. No kind shows its secret: not in repr, not in an error."""

import base64
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from teamster.core.errors import (
    AuthenticationFailed,
    RequestRefused,
    UnexpectedAnswer,
)
from teamster.libraries.rest.messages import Params, Request

AskForToken = Callable[[Request], Any]
"""Sends a request for a token and returns the document of the answer."""

_EARLY_SECONDS = 60.0
"""A token is renewed so long before it ends, or a tenth of its life if that is less."""


class Auth(ABC):
    """Signs requests.

    Attributes:
        credential: What to check where it is refused, in words.
    """

    credential: ClassVar[str]

    @property
    @abstractmethod
    def secrets(self) -> tuple[str, ...]:
        """What must never be shown."""

    @abstractmethod
    def sign(self, request: Request, ask: AskForToken) -> Request:
        """Returns a request with the credential in it."""

    def renew(self, refused: Request) -> bool:
        """Tells whether a request that was refused with 401 is worth another try, now."""
        return False


@dataclass(frozen=True)
class NoAuth(Auth):
    """Nothing is asked for."""

    credential: ClassVar[str] = "whether the API wants a credential: none is set"

    @property
    def secrets(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def sign(self, request: Request, ask: AskForToken) -> Request:
        """Returns the request as it is."""
        return request


@dataclass(frozen=True)
class ApiKey(Auth):
    """A key in a header or a parameter.

    Attributes:
        key: The key.
        name: The header's or parameter's name.
        place: Where it goes: ``header`` or ``query``.
        prefix: Goes before the key, e.g. ``"ApiKey "``.
    """

    credential: ClassVar[str] = "api_key"

    key: str = field(repr=False)
    name: str = "X-API-Key"
    place: str = "header"
    prefix: str = ""

    @property
    def secrets(self) -> tuple[str, ...]:
        """The key."""
        return (self.key,)

    def sign(self, request: Request, ask: AskForToken) -> Request:
        """Returns the request with the key."""
        value = self.prefix + self.key
        if self.place == "query":
            return request.signed({}, [(self.name, value)])
        return request.signed({self.name: value})


@dataclass(frozen=True)
class Basic(Auth):
    """User name and password (RFC 7617)."""

    credential: ClassVar[str] = "username and password"

    username: str
    password: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The password, and what is sent of it."""
        return (self.password, _basic(self.username, self.password))

    def sign(self, request: Request, ask: AskForToken) -> Request:
        """Returns the request with the login."""
        return request.signed({"Authorization": f"Basic {_basic(self.username, self.password)}"})


@dataclass(frozen=True)
class Bearer(Auth):
    """A token that somebody made once (RFC 6750)."""

    credential: ClassVar[str] = "token"

    token: str = field(repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The token."""
        return (self.token,)

    def sign(self, request: Request, ask: AskForToken) -> Request:
        """Returns the request with the token."""
        return request.signed({"Authorization": f"Bearer {self.token}"})


@dataclass
class ClientCredentials(Auth):
    """OAuth 2.0 client credentials (RFC 6749, 4.4): one token for all threads, renewed in time.

    Attributes:
        client_id: The client.
        client_secret: Its secret.
        token_url: Where tokens are given.
        scope: What is asked for; nothing where None.
        in_body: Whether the credential goes into the form rather than into a Basic header.
        extra: More fields of the form, such as an audience.
    """

    credential: ClassVar[str] = "client_id, client_secret, scope and token_url"

    client_id: str
    client_secret: str = field(repr=False)
    token_url: str
    scope: str | None = None
    in_body: bool = False
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)
    _token: str = field(default="", init=False, repr=False)
    _until: float = field(default=0.0, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The client's secret, what is sent of it, and the token."""
        own = (self.client_secret, _basic(self.client_id, self.client_secret))
        return (*own, self._token) if self._token else own

    def sign(self, request: Request, ask: AskForToken) -> Request:
        """Returns the request with a token that is valid for a while yet.

        Raises:
            AuthenticationFailed: The client is refused.
        """
        with self._lock:  # others wait for the token that one of them fetches
            if not self._token or time.monotonic() >= self._until:
                self._fetch(ask)
            return request.signed({"Authorization": f"Bearer {self._token}"})

    def renew(self, refused: Request) -> bool:
        """Forgets the token that was refused, unless another thread has done so already."""
        with self._lock:
            if refused.headers.get("Authorization") == f"Bearer {self._token}":
                self._token = ""
            return True

    def _fetch(self, ask: AskForToken) -> None:
        form: list[tuple[str, str]] = [("grant_type", "client_credentials"), *self.extra.items()]
        if self.scope:
            form.append(("scope", self.scope))
        request = Request(self.token_url, "the token's URL", form=_with_client(self, form))
        if not self.in_body:
            login = _basic(self.client_id, self.client_secret)
            request = replace(request, headers={"Authorization": f"Basic {login}"})
        try:
            document = ask(request)
        except RequestRefused as error:  # RFC 6749, 5.2: invalid_client, invalid_scope are 400
            raise AuthenticationFailed(f"no token: {error}. Check {self.credential}") from None
        token = document.get("access_token") if isinstance(document, Mapping) else None
        if not isinstance(token, str) or not token:
            raise UnexpectedAnswer("the answer of token_url has no access_token: is it the URL?")
        self._token = token
        self._until = time.monotonic() + _lifetime(document)


def _with_client(auth: ClientCredentials, form: Params) -> Params:
    if not auth.in_body:
        return form
    return [*form, ("client_id", auth.client_id), ("client_secret", auth.client_secret)]


def _lifetime(document: Mapping[str, Any]) -> float:
    """Returns how many seconds a token is used; a day where the server does not say."""
    try:
        seconds = float(document.get("expires_in") or 86_400)
    except (TypeError, ValueError):
        seconds = 86_400.0
    return max(0.0, seconds - min(_EARLY_SECONDS, seconds / 10))


def _basic(username: str, password: str) -> str:
    return base64.b64encode(f"{username}:{password}".encode()).decode()
