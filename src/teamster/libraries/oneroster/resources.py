"""The OneRoster resource: the standard's scopes, and where its token comes from."""

from typing import Any, Literal, Self, TypeAlias

from dagster import EnvVar

from teamster.libraries.rest.resources import AuthKind, RestResource

Version: TypeAlias = Literal["1.1", "1.2"]

_SCOPES = "https://purl.imsglobal.org/spec/or/v{}/scope/{}.readonly"
_READ = ("roster-core", "roster-demographics")


def scopes(version: Version) -> str:
    """Returns the scopes that reading needs, as the token's request spells them.

    Sources: 1EdTech "OneRoster" 1.1, section 3.3, and "OneRoster Rostering Service REST/JSON
    Binding" 1.2, section 3, "Security": ``roster-core.readonly`` covers every endpoint that lists
    all records but demographics, which have a scope of their own.
    """
    return " ".join(_SCOPES.format(version.replace(".", "p"), each) for each in _READ)


class OneRosterResource(RestResource):
    """A OneRoster API.

    OneRoster 1.2 knows OAuth 2.0 client credentials alone, 1.1 OAuth 1.0a besides, which is not
    supported here.
    """

    @classmethod
    def from_env(
        cls, prefix: str, auth: AuthKind = "oauth2", *, version: Version = "1.2", **fields: Any
    ) -> Self:
        """Makes a resource whose URLs and credential come from the environment.

        Args:
            prefix: ``ONEROSTER`` reads ``ONEROSTER_API_URL``, ``_API_TOKEN_URL``,
                ``_API_CLIENT_ID`` and ``_API_CLIENT_SECRET``. The URL is what stands before
                ``/ims/oneroster``.
            auth: How requests are signed. ``bearer`` for servers with a fixed token,
                ``ONEROSTER_API_TOKEN``.
            version: Whose scopes are asked for.
            **fields: Any field, to replace these: ``scope`` for a server with scopes of its own.
        """
        oauth2 = {"token_url": EnvVar(f"{prefix}_API_TOKEN_URL"), "scope": scopes(version)}
        own: dict[str, Any] = oauth2 if auth == "oauth2" else {}
        return super().from_env(prefix, auth, **{**own, **fields})
