"""The REST resource: where the API is, who we are, and how patient we are."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar, Literal, Self, TypeAlias
from urllib.parse import urljoin

from dagster import ConfigurableResource, EnvVar
from pydantic import Field

from teamster.core.errors import ConfigError
from teamster.libraries.rest.auth import ApiKey, Auth, Basic, Bearer, ClientCredentials, NoAuth
from teamster.libraries.rest.origins import check_base, shown_host
from teamster.libraries.rest.rate import budget_of
from teamster.libraries.rest.session import Patience, RestSession
from teamster.libraries.rest.wire import Wire, WireOptions

AuthKind: TypeAlias = Literal["none", "api_key", "basic", "bearer", "oauth2"]

_NEEDED: dict[str, tuple[str, ...]] = {
    "none": (),
    "api_key": ("api_key",),
    "basic": ("username", "password"),
    "bearer": ("token",),
    "oauth2": ("client_id", "client_secret", "token_url"),
}


class RestResource(ConfigurableResource[Any]):
    """A vendor's API.

    A vendor's resource may inherit this and override :meth:`auth_of`, where the credential depends
    on the partition, and :attr:`session_type`, where answers need a look of their own.
    """

    session_type: ClassVar[type[RestSession]] = RestSession
    """What :meth:`session` opens."""

    base_url: str = Field(description="What endpoints are relative to.")
    auth: AuthKind = Field(default="none", description="How requests are signed.")
    api_key: str | None = Field(default=None, repr=False, description="The key.")
    api_key_name: str = Field(default="X-API-Key", description="Its header or parameter.")
    api_key_in: Literal["header", "query"] = Field(default="header", description="Its place.")
    api_key_prefix: str = Field(default="", description="Goes before it, e.g. 'ApiKey '.")
    username: str | None = Field(default=None, description="User name.")
    password: str | None = Field(default=None, repr=False, description="Password.")
    token: str | None = Field(default=None, repr=False, description="A bearer token.")
    client_id: str | None = Field(default=None, description="OAuth 2.0 client.")
    client_secret: str | None = Field(default=None, repr=False, description="Its secret.")
    token_url: str | None = Field(
        default=None,
        description="Where tokens are given: a URL, or a path of base_url's server.",
    )
    scope: str | None = Field(default=None, description="What tokens are asked for.")
    client_in: Literal["header", "body"] = Field(
        default="header", description="Where the client's credential goes: Basic, or the form."
    )
    token_params: dict[str, str] = Field(
        default_factory=dict, repr=False, description="More fields of the form, such as audience."
    )
    headers: dict[str, str] = Field(
        default_factory=dict, repr=False, description="Sent with every request."
    )
    ca_file: str | None = Field(
        default=None, description="Path of the certificate authorities trusted, PEM."
    )
    allow_http: bool = Field(
        default=False, description="Send credentials unencrypted. Anyone in between can read them."
    )
    connect_timeout: float = Field(default=10, gt=0, description="Seconds until connected.")
    timeout: float = Field(default=60, gt=0, description="Seconds without an answer or progress.")
    requests_per_minute: float | None = Field(
        default=None, gt=0, description="Budget of this process for this account."
    )
    max_attempts: int = Field(default=5, ge=1, description="Tries of a failing request.")
    first_wait: float = Field(default=1, ge=0, description="Seconds before the second try.")
    longest_wait: float = Field(default=120, ge=0, description="Seconds between tries at most.")
    max_answer_bytes: int = Field(
        default=2 * 1024**3, gt=0, description="The largest answer, unpacked."
    )

    @classmethod
    def from_env(cls, prefix: str, auth: AuthKind = "none", **fields: Any) -> Self:
        """Makes a resource whose URL and credential come from the environment.

        Args:
            prefix: ``MYVENDOR`` reads ``MYVENDOR_API_URL`` and, by ``auth``,
                ``_API_KEY`` | ``_API_USERNAME`` and ``_API_PASSWORD`` | ``_API_TOKEN`` |
                ``_API_CLIENT_ID`` and ``_API_CLIENT_SECRET``, at the time a run needs them.
            auth: How requests are signed.
            **fields: Any field, to replace what the environment would give.
        """
        names = {"api_key": "KEY"}
        from_environment: dict[str, Any] = {
            name: EnvVar(f"{prefix}_API_{names.get(name, name.upper())}")
            for name in _NEEDED[auth]
            if name != "token_url"
        }
        url = {"base_url": EnvVar(f"{prefix}_API_URL"), "auth": auth}
        return cls(**{**url, **from_environment, **fields})

    def auth_of(self, values: Mapping[str, str]) -> Auth:
        """Returns how requests of a partition are signed.

        Args:
            values: Dimension -> value of the partition; nothing without partitions.

        Raises:
            ConfigError: A part of the credential is missing.
        """
        missing = [name for name in _NEEDED[self.auth] if not getattr(self, name)]
        if missing:
            raise ConfigError(f"{self.host}: auth {self.auth} needs {', '.join(missing)}")
        match self.auth:
            case "api_key":
                return ApiKey(
                    self.api_key or "", self.api_key_name, self.api_key_in, self.api_key_prefix
                )
            case "basic":
                return Basic(self.username or "", self.password or "")
            case "bearer":
                return Bearer(self.token or "")
            case "oauth2":
                return self._client_credentials()
        return NoAuth()

    @contextmanager
    def session(self, values: Mapping[str, str] | None = None) -> Iterator[RestSession]:
        """Opens a session; a connection is made at its first call and serves all of them.

        Args:
            values: Dimension -> value of the partition that is read.

        Raises:
            ConfigError: A field is missing, or contradicts another.
        """
        check_base(self.base_url, self.allow_http, "base_url")
        if self.ca_file and not Path(self.ca_file).is_file():
            raise ConfigError(f"{self.host}: the file of ca_file does not exist")
        wire = Wire(
            WireOptions(
                self.connect_timeout, self.timeout, self.max_answer_bytes, self.ca_file or None
            )
        )
        session = self.session_type(
            self.base_url,
            self.auth_of(values or {}),
            wire,
            budget_of(self.base_url, self.username or self.client_id, self.requests_per_minute),
            Patience(self.max_attempts, self.first_wait, self.longest_wait),
            self.headers,
        )
        try:
            yield session
        finally:
            session.close()

    @property
    def host(self) -> str:
        """Host and port, as errors name them."""
        return shown_host(self.base_url)

    def _client_credentials(self) -> ClientCredentials:
        token_url = urljoin(f"{self.base_url.rstrip('/')}/", self.token_url or "")
        check_base(token_url, self.allow_http, "token_url")
        return ClientCredentials(
            self.client_id or "",
            self.client_secret or "",
            token_url,
            self.scope,
            self.client_in == "body",
            self.token_params,
        )
