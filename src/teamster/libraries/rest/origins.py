"""URLs that a server hands us: only those of its own origin are followed."""

import re
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit, urlunsplit

from teamster.core.errors import ConfigError, UnexpectedAnswer

_PORTS = {"http": 80, "https": 443}

# RFC 8288, section 3: <target>; rel="next"; …, … The quoted parts may hold commas and semicolons.
_LINK = re.compile(r'<([^>]*)>((?:\s*;\s*[\w!#$&+\-.^`|~*]+(?:\s*=\s*(?:"[^"]*"|[^",;\s]*))?)*)')
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^",;\s]*))', re.IGNORECASE)


def origin(url: str) -> tuple[str, str, int | None]:
    """Returns scheme, host and port of a URL (RFC 6454)."""
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or _PORTS.get(parts.scheme)


def shown_host(url: str) -> str:
    """Returns host and port of a URL as errors name it: no path, no query, no credentials."""
    _, host, port = origin(url)
    return host if port in _PORTS.values() else f"{host}:{port}"


def followed(current: str, given: str, shown: str) -> str:
    """Returns the full URL of a link or a redirect that a server gave.

    Args:
        current: The URL of the answer that has it.
        given: The link; relative ones are resolved.
        shown: The request, to name in errors.

    Raises:
        UnexpectedAnswer: It leads to another origin, to which our credentials must not go.
    """
    try:
        url = urljoin(current, given.strip())
        there, here = origin(url), origin(current)
    except ValueError:
        raise UnexpectedAnswer(f"{shown}: the server's link is no URL") from None
    if there == ("http", here[1], 80) and here[0] == "https" and here[2] == 443:
        # Behind a proxy that ends TLS, servers call themselves http: we go on as we came.
        url, there = urlunsplit(urlsplit(url)._replace(scheme="https", netloc=here[1])), here
    if there != here or urlsplit(url).username is not None:
        raise UnexpectedAnswer(
            f"{shown}: the server leads to another address ({shown_host(url)}), and our "
            "credentials go to base_url's alone. If the vendor has moved, set base_url to it"
        )
    return url


def next_link(header: str, rel: str) -> str | None:
    """Returns the target of a relation in a Link header (RFC 8288), or None."""
    for target, attributes in _LINK.findall(header):
        found = _REL.search(attributes)
        if found and rel.lower() in (found[1] or found[2]).lower().split():
            return str(target)
    return None


def check_endpoint(endpoint: str) -> None:
    """Sees that an endpoint is a path below ``base_url``.

    Raises:
        ConfigError: It is a URL of its own, leads out, or has a query.
    """
    parts = urlsplit(endpoint)
    if parts.scheme or parts.netloc or ".." in parts.path.split("/"):
        raise ConfigError(f"endpoint {endpoint!r} must be a path below base_url")
    if "?" in endpoint or "#" in endpoint:
        raise ConfigError(f"endpoint {endpoint!r}: put the query into params")


def check_base(url: str, allow_http: bool, name: str) -> None:
    """Sees that credentials may be sent to a URL.

    Args:
        url: The URL.
        allow_http: Whether someone knows that it is not encrypted.
        name: The field's, to name in errors.

    Raises:
        ConfigError: It is no plain HTTPS URL, and no HTTP one of this machine or allowed.
    """
    try:
        scheme, host, _ = origin(url)
        parts = urlsplit(url)
    except ValueError:
        scheme = host = ""
        parts = urlsplit("")
    if scheme not in _PORTS or not host or parts.query or parts.fragment or parts.username:
        raise ConfigError(
            f"{name} must be a URL such as https://district.example.org/api, without credentials, "
            "query or fragment"
        )
    if scheme == "http" and not (allow_http or _is_loopback(host)):
        raise ConfigError(
            f"{name} is http: credentials and records would cross the network unencrypted. Use "
            "https, or set allow_http, knowing what it means"
        )


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
