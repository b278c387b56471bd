"""Where something stands in a JSON document: a dotted path."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

ABSENT: Any = object()
"""What :func:`look_up` returns where nothing stands."""


def _parts(given: Any) -> Any:
    if isinstance(given, str):
        given = given.split(".") if given else []
    if not isinstance(given, list | tuple):
        return given
    parts = tuple(map(str, given))
    if "" in parts:
        raise ValueError("a path is names with dots between them, such as data.students")
    return parts


JsonPath = Annotated[tuple[str, ...], BeforeValidator(_parts)]
"""``meta.total``; a list where a name has a dot itself: ``["@odata.nextLink"]``."""


def look_up(document: Any, path: tuple[str, ...]) -> Any:
    """Returns what stands at a path; :data:`ABSENT` if nothing does. Indexes of lists work too."""
    for name in path:
        if isinstance(document, Mapping) and name in document:
            document = document[name]
        elif isinstance(document, list) and name.isdigit() and int(name) < len(document):
            document = document[int(name)]
        else:
            return ABSENT
    return document


def shown_path(path: tuple[str, ...]) -> str:
    """Returns a path as it is written."""
    return ".".join(path)
