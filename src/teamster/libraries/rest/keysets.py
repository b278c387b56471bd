"""Pagination by key: each page is what comes after the last record that was read."""

import re
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from teamster.core.errors import UnexpectedAnswer
from teamster.core.json_text import Number
from teamster.libraries.rest.kinds import Ending
from teamster.libraries.rest.paths import JsonPath, look_up, shown_path
from teamster.libraries.rest.placeholders import Template
from teamster.libraries.rest.sequences import Page, Sequence, Step, Watching

_WHOLE = re.compile(r"-?[0-9]{1,100}")


class Keyset(Ending):
    """Records sorted by a key, each page those whose key is greater than the last one's.

    No place in the list is counted, so records that come or go meanwhile move nothing: whatever
    was there all the time has its key between those of two requests, and comes once. That the
    list is sorted is for the endpoint's ``params`` to ask.
    """

    type: Literal["keyset"] = "keyset"
    param: str = Field(description="Asks for keys greater than its value, e.g. id[gt].")
    path: JsonPath = Field(min_length=1, description="Path of the key in a record.")
    value: str = Field(default="{key}", description="Its value, e.g. id=gt={key}.")
    join: str | None = Field(
        default=None,
        min_length=1,
        description="What goes between what params have for it already and that value, e.g. ;",
    )

    @model_validator(mode="after")
    def _value_has_the_key(self) -> Self:
        if Template(self.value).names != {"key"}:
            raise ValueError("value must have the placeholder {key}, and no other")
        return self

    def begin(self) -> Sequence:
        """Begins a chain of requests."""
        return _Ascending(self)


class _Ascending(Watching):
    """Sees that the keys ascend strictly, without which pages could miss records."""

    def __init__(self, kind: Keyset) -> None:
        self._kind = kind
        self._after: str | None = None
        self._last: str | None = None
        super().__init__(Step(kind.sized({})))

    def begin_page(self) -> None:
        self._last = self._after

    def look(self, record: Any) -> None:
        key = look_up(record, self._kind.path)
        shown = shown_path(self._kind.path)
        if not isinstance(key, str) or not key:  # numbers are texts here
            raise UnexpectedAnswer(
                f"pagination.path: a record has no text or number at {shown}, by which pages go"
            )
        if self._last is not None and not _is_less(self._last, key):
            raise UnexpectedAnswer(
                f"the keys at {shown} do not ascend from record to record: the server does not "
                f"sort by it, or knows no {self._kind.param}, and pages would miss records. Have "
                "it sort in params, or take another pagination"
            )
        self._last = key

    def advance(self, page: Page) -> bool:
        self._after = self._last
        if not page.count or self._kind.says_no_more(page.envelope):
            return False
        self.step = self._step_after(str(self._after))
        return True

    def _step_after(self, key: str) -> Step:
        kind = self._kind
        if kind.join and kind.join in key:
            raise UnexpectedAnswer(
                f"pagination: a key at {shown_path(kind.path)} has {kind.join!r} in it, which "
                f"would part the value of {kind.param}; go by another key"
            )
        params = kind.sized({kind.param: Template(kind.value).fill({"key": key})})
        return Step(params, joins={kind.param: kind.join} if kind.join else {}, holds_value=True)


def _is_less(one: str, other: str) -> bool:
    """Compares whole numbers by value, texts by code points; one of each is no order."""
    if isinstance(one, Number) != isinstance(other, Number):
        return False
    if _WHOLE.fullmatch(one) and _WHOLE.fullmatch(other):
        return int(one) < int(other)
    return not isinstance(one, Number) and one < other
