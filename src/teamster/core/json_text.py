"""JSON text: numbers keep their spelling, from the text in and back into text."""

import json
from collections.abc import Mapping
from typing import Any


class Number(str):
    """A JSON number as it is spelled."""


DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number)
"""Makes values of JSON text; its numbers are :class:`Number`."""


def compact(value: Any) -> str:
    """Returns the shortest JSON text of a value, its numbers as they are spelled.

    Raises:
        RecursionError: It is nested too deeply.
        ValueError: It holds NaN or Infinity, which JSON does not know.
    """
    if isinstance(value, Mapping):
        members = (f"{_quoted(key)}:{compact(each)}" for key, each in value.items())
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    return str(value) if isinstance(value, Number) else _quoted(value)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)
