"""Overgrad's resource: a key in the header ``ApiKey``."""

from typing import Any

from teamster.libraries.rest.resources import RestResource

BASE_URL = "https://api.overgrad.com/api/v1"

REQUESTS_PER_MINUTE = 55
"""A little under the one request a second that the vendor asks for."""


def get_overgrad_resource(prefix: str = "OVERGRAD", **fields: Any) -> RestResource:
    """Makes the resource.

    Args:
        prefix: ``OVERGRAD`` reads ``OVERGRAD_API_KEY``.
        **fields: Any field of the resource, to replace a default.
    """
    defaults: dict[str, Any] = {
        "base_url": BASE_URL,
        "api_key_name": "ApiKey",
        "requests_per_minute": REQUESTS_PER_MINUTE,
    }
    return RestResource.from_env(prefix, "api_key", **{**defaults, **fields})
