"""What Google's libraries raise, said in ours: what is wrong, where, and what to do.

Their own texts are left out: they hold the server's answer, and the address of an upload, which is
as good as a password while it lasts.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import requests
import urllib3
from google.api_core.exceptions import Forbidden, GoogleAPICallError, NotFound, RetryError
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, TransportError
from google.cloud.exceptions import TooManyRequests, Unauthorized
from google.cloud.storage.exceptions import InvalidResponse
from upath import UPath

from teamster.core.errors import (
    AuthenticationFailed,
    ConfigError,
    Permanent,
    PermissionRefused,
    ServerUnavailable,
    TeamsterError,
)

_ROLE = "roles/storage.objectUser"
_HOW_TO_LOG_IN = (
    "on a laptop run `gcloud auth application-default login`; elsewhere run as a service account "
    "(workload identity), or let GOOGLE_APPLICATION_CREDENTIALS name its file"
)
_NO_ANSWER = (
    ConnectionError,
    RetryError,
    TransportError,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
)


@contextmanager
def explained(path: UPath | None) -> Iterator[None]:
    """Raises what Google's libraries raise in the block as one of our errors.

    Args:
        path: What the block is about; None where it is about the credentials alone.

    Raises:
        AuthenticationFailed: There are no credentials, or they are refused.
        PermissionRefused: They may not do this.
        ConfigError: There is no such bucket.
        ServerUnavailable: There was no answer, or none but "later", until patience ended.
        Permanent: Cloud Storage refused otherwise.
    """
    try:
        yield
    except (GoogleAPICallError, GoogleAuthError, InvalidResponse, *_NO_ANSWER) as error:
        raise _in_our_words(error, path) from None


def no_bucket(bucket: str) -> ConfigError:
    """Returns what to say where there is no such bucket."""
    return ConfigError(f"there is no bucket {bucket}: create it, or correct TEAMSTER_STORAGE_URL")


def _in_our_words(error: Exception, path: UPath | None) -> TeamsterError:
    where = f"of {path}" if path else ""
    if isinstance(error, DefaultCredentialsError):
        return AuthenticationFailed(f"there are no Google credentials: {_HOW_TO_LOG_IN}")
    if isinstance(error, _NO_ANSWER):
        kind = type(error).__name__
        return ServerUnavailable(f"Cloud Storage did not answer ({kind}) {where}".rstrip())
    if isinstance(error, (Unauthorized, GoogleAuthError)):
        return AuthenticationFailed(f"Google refused the credentials {where}: {_HOW_TO_LOG_IN}")
    code = error.code if isinstance(error, GoogleAPICallError) else 0
    said = f"{code}{_reason(error)}"
    bucket = path.path.partition("/")[0] if path else ""
    if isinstance(error, Forbidden):
        return PermissionRefused(
            f"Cloud Storage refused access to {path} ({said}): grant the account that runs this "
            f"{_ROLE} on the bucket {bucket}"
        )
    if isinstance(error, NotFound):
        return no_bucket(bucket)
    if isinstance(error, TooManyRequests) or (code or 0) >= 500:
        return ServerUnavailable(f"Cloud Storage answered {said} {where} until patience ended")
    return Permanent(f"Cloud Storage refused a request {where} with {said}")


def _reason(error: Exception) -> str:
    """Returns Google's keyword for an error, such as ``, forbidden``: a word, never a text."""
    found = [item.get("reason") for item in getattr(error, "errors", ()) if isinstance(item, dict)]
    return f", {found[0]}" if found and str(found[0]).isalnum() else ""
