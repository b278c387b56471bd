"""DeansList's endpoints: their paths, and the dates that they can be asked for by.

Sources: DeansList API v1 and beta; the paths of beta, ``sdt``, ``edt`` and ``IncludeDeleted`` are
as the public clients use them (the R package deanslistr; KIPP DC's scripts).
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

ApiVersion: TypeAlias = Literal["v1", "beta"]

_WITH_DATA = frozenset({"behavior", "comm", "homework"})
"""Exports of beta whose name ends in ``-data``."""


@dataclass(frozen=True)
class Dates:
    """The dates by which records are asked for, both inclusive.

    Attributes:
        first: The parameter of the first day.
        last: The parameter of the last day.
        found_at: Paths of the dates in a record, one of which lies between them.
    """

    first: str
    last: str
    found_at: tuple[tuple[str, ...], ...]


DATES: dict[str, Dates] = {
    "behavior": Dates("sdt", "edt", (("BehaviorDate",),)),
    "comm-log": Dates("sdt", "edt", (("CallDateTime",),)),
    "incidents": Dates(
        *("StartDate", "EndDate"),
        tuple((name, "date") for name in ("IssueTS", "CreateTS", "UpdateTS", "CloseTS")),
    ),
}
"""Endpoint -> its dates."""


def path_of(endpoint: str, version: ApiVersion) -> str:
    """Returns the path of an endpoint below ``/api``.

    Args:
        endpoint: Its name, e.g. ``roster-assignments``.
        version: Of beta the exports are meant.
    """
    if version == "v1":
        return f"/v1/{endpoint}"
    return f"/beta/export/get-{endpoint}{'-data' if endpoint in _WITH_DATA else ''}.php"


def name_of(path: str) -> str:
    """Returns the endpoint's name of a path: the inverse of :func:`path_of`."""
    name = path.rstrip("/").rpartition("/")[2]
    if not name.endswith(".php"):
        return name
    return name.removesuffix(".php").removeprefix("get-").removesuffix("-data")
