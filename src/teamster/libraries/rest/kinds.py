"""What kinds of pagination have in common."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from teamster.libraries.rest.paths import ABSENT, JsonPath, look_up

STRICT = ConfigDict(extra="forbid", frozen=True)


class Kind(BaseModel):
    """How the next page is asked for.

    Attributes:
        counts_places: A page is found by counting records from the list's first, by us or by the
            server. One that goes meanwhile then moves others onto a page that was read already,
            and nothing in the pages tells.
    """

    model_config = STRICT

    counts_places: ClassVar[bool] = False


class Sized(Kind):
    """Kinds whose page size may be asked for."""

    size: int | None = Field(default=None, gt=0, description="Records of a page to ask for.")
    size_param: str | None = Field(default=None, description="The parameter that asks for it.")
    more: JsonPath | None = Field(
        default=None, description="Path of the answer's word whether there is more."
    )

    @model_validator(mode="after")
    def _size_goes_somewhere(self) -> Self:
        if (self.size is None) != (self.size_param is None):
            raise ValueError("give size and size_param, or neither")
        return self

    def sized(self, params: Mapping[str, str]) -> dict[str, str]:
        """Returns parameters, with the size's."""
        if self.size_param is None:
            return dict(params)
        return {**params, self.size_param: str(self.size)}

    def says_no_more(self, envelope: Any) -> bool:
        """Tells whether the answer says itself that it is the last."""
        if self.more is None:
            return False
        found = look_up(envelope, self.more)
        return found is ABSENT or found is None or str(found).lower() in ("false", "0", "")


class Ending(Sized):
    """Kinds that go on until there is no such page."""

    end_status: int | None = Field(
        default=None, ge=400, le=499, description="Status of a page beyond the last, e.g. 404."
    )
