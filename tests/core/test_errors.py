"""The tree of errors is as its page draws it."""

import pickle
import re

import pytest

from teamster.core import errors
from teamster.core.errors import Permanent, TeamsterError, Transient

OWN = {name: value for name, value in vars(errors).items() if isinstance(value, type)}


def test_the_drawing_is_the_tree() -> None:
    drawn: dict[str, str] = {}
    parents: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    ([│├└─ ]*)([A-Z]\w+)", line)
        if not found:
            continue
        depth = len(found[1])
        parents = [parent for parent in parents if parent[0] < depth]
        drawn[found[2]] = parents[-1][1] if parents else "Exception"
        parents.append((depth, found[2]))
    assert drawn == {name: error.__bases__[0].__name__ for name, error in OWN.items()}


@pytest.mark.parametrize("error", OWN.values(), ids=OWN)
def test_every_error_says_whether_to_try_again(error: type[TeamsterError]) -> None:
    assert issubclass(error, TeamsterError)
    assert not (issubclass(error, Transient) and issubclass(error, Permanent))
    assert error.__doc__
    again = pickle.loads(pickle.dumps(error("what")))
    assert (type(again), str(again)) == (error, "what")


def test_errors_that_python_knows_too() -> None:
    assert issubclass(errors.ConfigError, ValueError)
    assert issubclass(errors.NoMatchingFile, FileNotFoundError)
