"""All cases, in the groups and the order of docs/failures.md.

Each server has a test file of its own, so that the two run at the same time.
"""

from tests.libraries.sftp.failures import (
    archives,
    connections,
    downloads,
    formats,
    listings,
    logins,
    texts,
)
from tests.libraries.sftp.failures.cases import Case

GROUPS = {
    "Login and host keys": logins.CASES,
    "Connection": connections.CASES,
    "Listing and names": listings.CASES,
    "Download": downloads.CASES,
    "Delimited text": texts.CASES,
    "Archives": archives.CASES,
    "Other formats": formats.CASES,
}
CASES = [case for cases in GROUPS.values() for case in cases]


def cases_on(server: str) -> list[Case]:
    """Returns the cases that can exist on a server; docs/failures.md says why one cannot."""
    return [case for case in CASES if server in case.servers]
