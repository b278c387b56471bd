"""Failures of the network and of servers, sorted by what helps against them.

What a server says in an error is shown only where it cannot hold a record or a secret: see
:func:`server_words`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import urllib3

from teamster.core.errors import (
    AnswerIncomplete,
    AuthenticationFailed,
    ConfigError,
    PermissionRefused,
    RequestRefused,
    ServerUnavailable,
    SpoolFull,
    TeamsterError,
)
from teamster.core.json_text import DECODER
from teamster.libraries.rest.messages import Answer, Request

SHOWN_BYTES = 1 << 16
"""Bytes of an error's body that are looked at."""

_DISK_FULL = (28, 122)  # ENOSPC, EDQUOT
_CODE = re.compile(r"[A-Za-z][A-Za-z_.-]{0,63}")
_LONGEST = 160
# Whose texts are looked at: OAuth's, the usual ones, and 1EdTech's of OneRoster 1.1 and 1.2.
_AROUND = ("error", "statusInfoSet", "imsx_CodeMinor", "imsx_codeMinor", "imsx_codeMinorField")
_WORDS = (
    *("error", "error_description", "code", "message", "detail", "title"),
    *_AROUND[1:],
    *("imsx_codeMinorFieldValue", "imsx_description"),
)
# What may be somebody's: quoted text, and any word with a digit, an @ or more than letters in it.
_SOMEBODYS = re.compile(r"\"[^\"]*\"|'[^']*'|“[^”]*”|\S*[\d@=/\\<>{}\[\]]\S*")


class Throttled(ServerUnavailable):
    """The server asks to be left alone for a while.

    Attributes:
        seconds: How long; None where it does not say.
    """

    seconds: float | None = None


@contextmanager
def sorted_failures(request: Request, host: str) -> Iterator[None]:
    """Turns what the network raises in the block into Teamster's errors.

    Args:
        request: The request, to name in the error.
        host: The server, to name in the error.

    Raises:
        ConfigError: The server's certificate is not trusted.
        AnswerIncomplete: The answer was cut short.
        ServerUnavailable: Anything else that the network or the server's load can cause.
        SpoolFull: The disk here is full.
    """
    where = f"{host}: {request.shown}"
    try:
        yield
    except TeamsterError:
        raise
    except urllib3.exceptions.SSLError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            raise ConfigError(
                f"{host}: the server's certificate is not trusted. If it is the vendor's own, set "
                "ca_file to its authority's; if not, ask them first"
            ) from None
        raise ServerUnavailable(f"{where}: the encrypted connection failed") from None
    except urllib3.exceptions.NameResolutionError:
        raise ServerUnavailable(f"{host}: there is no such host, or names do not resolve") from None
    except urllib3.exceptions.ProxyError:
        raise ServerUnavailable(f"{where}: the proxy of HTTPS_PROXY did not answer") from None
    except urllib3.exceptions.ReadTimeoutError:
        raise ServerUnavailable(f"{where}: no answer, or a stalled one, within timeout") from None
    except urllib3.exceptions.DecodeError:
        raise AnswerIncomplete(f"{where}: the answer's compression is broken") from None
    except (urllib3.exceptions.IncompleteRead, urllib3.exceptions.InvalidChunkLength):
        raise AnswerIncomplete(f"{where}: the answer was cut short") from None
    except urllib3.exceptions.ProtocolError as error:
        inner = type(error.args[-1]).__name__ if len(error.args) > 1 else "ProtocolError"
        if inner in ("IncompleteRead", "InvalidChunkLength"):
            raise AnswerIncomplete(f"{where}: the answer was cut short") from None
        raise ServerUnavailable(f"{where}: the connection broke ({inner})") from None
    except urllib3.exceptions.HTTPError as error:
        raise ServerUnavailable(f"{where}: {type(error).__name__}") from None
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise SpoolFull(
                "no space is left for temporary files here; free some, or point "
                "TEAMSTER_SPOOL_DIR to a larger disk"
            ) from None
        raise ServerUnavailable(f"{where}: {type(error).__name__}") from None


def check_status(
    answer: Answer, request: Request, host: str, credential: str, secrets: Iterable[str]
) -> None:
    """Raises what an answer's status means; nothing for 2xx.

    Args:
        answer: The answer; of an error the beginning of its body is read.
        request: What was asked.
        host: The server.
        credential: What to check where it is refused.
        secrets: What must not be shown, whatever the server says.

    Raises:
        AuthenticationFailed: 401.
        PermissionRefused: 403.
        Throttled: 429, or 503 that says when to come back.
        ServerUnavailable: 408, 425 and 5xx.
        RequestRefused: Any other status.
    """
    status = answer.status
    if 200 <= status < 300:
        return
    said = server_words(answer, request, secrets)
    where = f"{host}: {request.shown}: status {status}{said}"
    if status == 401:
        raise AuthenticationFailed(f"{where}. Wrong or expired: check {credential}")
    if status == 403:
        raise PermissionRefused(
            f"{where}. The credential is known and may not read this: ask the vendor for the "
            f"scope or plugin right that it needs ({credential})"
        )
    if status in (408, 425, 429) or status >= 500:
        error = Throttled(where)
        error.seconds = retry_after(answer.headers)
        raise error
    raise RequestRefused(f"{where}{_hint(status)}")


def _hint(status: int) -> str:
    if status in (404, 410):
        return ". There is no such endpoint or record: check endpoint and base_url"
    if 300 <= status < 400:
        return ". A redirect that leads nowhere"
    return ". Check endpoint, params and headers against the vendor's documentation"


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Returns the seconds of a Retry-After header, a number or a date (RFC 9110, 10.2.3)."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def server_words(answer: Answer, request: Request, secrets: Iterable[str]) -> str:
    """Returns what a server says of an error, as far as it can be shown; begins with a space.

    OAuth's ``error`` and ``error_description`` (RFC 6749 and 6750), the usual ``message`` and
    1EdTech's ``imsx_description`` are looked for, in the body and in WWW-Authenticate. Of a
    sentence every quoted text and every word with a digit or sign in it is left out. Nothing is
    shown where the request held values of records, or where servers echo what they were sent (409,
    422).
    """
    content = f" ({answer.content_type})" if answer.content_type else ""
    if request.private or answer.status in (409, 422):
        return content
    words = [_shown(text, secrets) for text in _texts(answer)]
    said = "; ".join(dict.fromkeys(filter(None, words)))
    return f"{content}: {said}" if said else content


def _texts(answer: Answer) -> Iterator[str]:
    challenge = answer.headers.get("www-authenticate", "")
    yield from re.findall(r'(?:error|error_description|scope)="([^"]*)"', challenge)
    try:
        document = DECODER.decode(answer.body.read(SHOWN_BYTES).decode())
    except (ValueError, RecursionError):
        return
    if isinstance(document, Mapping):
        yield from _members(document)


def _members(document: Mapping[str, Any], deeper: int = 3) -> Iterator[str]:
    for name in _WORDS:
        found = document.get(name)
        if isinstance(found, str):
            yield found
        elif name in _AROUND and deeper:
            for each in found if isinstance(found, list) else [found]:
                if isinstance(each, Mapping):
                    yield from _members(each, deeper - 1)


def _shown(text: str, secrets: Iterable[str]) -> str:
    text = " ".join(text.split())
    for secret in secrets:
        text = text.replace(secret, "…")
    if _CODE.fullmatch(text):
        return text
    text = _SOMEBODYS.sub("…", text)
    if not any(map(str.isalpha, text)):
        return ""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
