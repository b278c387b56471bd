"""What Google's library raises, as our errors, by recovery."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from google.api_core.exceptions import (
    Forbidden,
    GoogleAPICallError,
    NotFound,
    RetryError,
    Unauthorized,
)
from google.auth.exceptions import GoogleAuthError, TransportError
from requests.exceptions import RequestException

from teamster.core.errors import (
    AuthenticationFailed,
    ObjectChanged,
    Permanent,
    PermissionRefused,
    ServerUnavailable,
    TeamsterError,
)


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turns what Google's library raises into our errors, by recovery.

    A job's own message may hold a row's values: it stays in BigQuery, and the error names the job.
    """
    try:
        yield
    except TeamsterError:
        raise
    except TransportError:
        raise ServerUnavailable(f"{what}: Google does not answer") from None
    except GoogleAuthError:
        raise AuthenticationFailed(f"{what}: Google did not accept the credentials") from None
    except (RetryError, RequestException, ConnectionError, TimeoutError) as error:
        raise ServerUnavailable(
            f"{what}: BigQuery does not answer ({type(error).__name__})"
        ) from None
    except NotFound as error:
        raise Permanent(f"{what}: BigQuery does not find it: {error.message}") from None
    except Unauthorized:
        raise AuthenticationFailed(f"{what}: BigQuery did not accept the credentials") from None
    except Forbidden as error:
        raise PermissionRefused(f"{what}: BigQuery refuses: {error.message}") from None
    except GoogleAPICallError as error:
        raise _of(what, error) from None


def _of(what: str, error: GoogleAPICallError) -> TeamsterError:
    reasons = {str(each.get("reason")) for each in error.errors if isinstance(each, Mapping)}
    if "aborted due to concurrent update" in str(error):
        return ObjectChanged(f"{what}: another run is loading it, and wins: run this one again")
    job = getattr(error, "query_job", None)
    where = f", job {job.job_id}" if job is not None else ""
    said = f"{what}: BigQuery answers {error.code} {', '.join(sorted(reasons))}{where}"
    if error.code is None or error.code == 429 or error.code >= 500:
        return ServerUnavailable(said)
    return Permanent(f"{said}: look at the job in BigQuery")
