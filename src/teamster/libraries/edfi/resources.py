"""An Ed-Fi ODS/API's resource: OAuth 2.0 client credentials, by a key and a secret."""

from typing import Any

from teamster.libraries.rest.resources import RestResource


def get_edfi_resource(prefix: str = "EDFI", **fields: Any) -> RestResource:
    """Makes the resource.

    Args:
        prefix: ``EDFI`` reads ``EDFI_API_URL``, what stands before ``/data/v3``,
            ``EDFI_API_CLIENT_ID`` (the key) and ``EDFI_API_CLIENT_SECRET``.
        **fields: Any field of the resource, to replace a default.
    """
    return RestResource.from_env(prefix, "oauth2", **{"token_url": "oauth/token", **fields})
