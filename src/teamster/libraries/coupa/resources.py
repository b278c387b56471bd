"""Coupa's resource: OAuth 2.0 client credentials of one instance."""

from typing import Any

from teamster.libraries.rest.resources import RestResource

SCOPE = "core.common.read core.user.read"
"""What addresses and users need."""

REQUESTS_PER_MINUTE = 1200
"""Source: "Exception Handling and Error Codes" of the Core API: at most 25 requests a second."""


def get_coupa_resource(prefix: str = "COUPA", **fields: Any) -> RestResource:
    """Makes the resource.

    Args:
        prefix: ``COUPA`` reads ``COUPA_API_URL`` (``https://<instance>.coupahost.com/api``),
            ``COUPA_API_CLIENT_ID`` and ``COUPA_API_CLIENT_SECRET``.
        **fields: Any field of the resource, to replace a default.
    """
    defaults: dict[str, Any] = {
        "token_url": "/oauth2/token",
        "client_in": "body",
        "scope": SCOPE,
        "headers": {"Accept": "application/json"},  # otherwise the answer is XML
        "requests_per_minute": REQUESTS_PER_MINUTE,
    }
    return RestResource.from_env(prefix, "oauth2", **{**defaults, **fields})
