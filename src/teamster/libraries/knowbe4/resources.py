"""KnowBe4's resource: a token, and a budget by the vendor's limits."""

from typing import Any

from teamster.libraries.rest.resources import RestResource

REQUESTS_PER_MINUTE = 50
"""Source: "Rate Limiting" of the Reporting API: 50 a minute in bursts, and 2,000 a day beside one
for each licensed user."""


def get_knowbe4_resource(prefix: str = "KNOWBE4", **fields: Any) -> RestResource:
    """Makes the resource.

    Args:
        prefix: ``KNOWBE4`` reads ``KNOWBE4_API_URL``, which depends on the account's region
            (``https://us.api.knowbe4.com/v1``, ``eu``, ``ca``, ``uk``, ``de``), and
            ``KNOWBE4_API_TOKEN``.
        **fields: Any field of the resource, to replace a default.
    """
    return RestResource.from_env(
        prefix, "bearer", **{"requests_per_minute": REQUESTS_PER_MINUTE, **fields}
    )
