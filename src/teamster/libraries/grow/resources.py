"""Level Data Grow's resource: OAuth 2.0 client credentials."""

from typing import Any

from teamster.libraries.rest.resources import RestResource

BASE_URL = "https://grow-api.leveldata.com/external"


def get_grow_resource(prefix: str = "GROW", **fields: Any) -> RestResource:
    """Makes the resource.

    Args:
        prefix: ``GROW`` reads ``GROW_API_CLIENT_ID`` and ``GROW_API_CLIENT_SECRET``.
        **fields: Any field of the resource, to replace a default.
    """
    defaults: dict[str, Any] = {"base_url": BASE_URL, "token_url": "/auth/client/token"}
    return RestResource.from_env(prefix, "oauth2", **{**defaults, **fields})
