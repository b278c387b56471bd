"""How many records there should be, where the server states it."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, Field

from teamster.libraries.rest.kinds import STRICT
from teamster.libraries.rest.paths import ABSENT, JsonPath, look_up
from teamster.libraries.rest.sequences import Page, whole_number


class TotalInHeader(BaseModel):
    """Each answer states the total in a header."""

    model_config = STRICT

    type: Literal["header"] = "header"
    name: str = Field(default="X-Total-Count", description="The header.")

    def stated(self, page: Page) -> int | None:
        """Returns the total that a page states, or None.

        Raises:
            UnexpectedAnswer: What it states is no number.
        """
        text = page.headers.get(self.name.lower())
        if text is None:
            return None
        return whole_number({self.name: text}, (self.name,), "total")


class TotalInBody(BaseModel):
    """Each answer states the total beside the records."""

    model_config = STRICT

    type: Literal["body"] = "body"
    path: JsonPath = Field(description="Path of the total in the answer.")

    def stated(self, page: Page) -> int | None:
        """Returns the total that a page states, or None.

        Raises:
            UnexpectedAnswer: What it states is no number.
        """
        found = look_up(page.envelope, self.path)
        if found is ABSENT or found is None:
            return None
        return whole_number(page.envelope, self.path, "total")


class TotalByRequest(BaseModel):
    """A request of its own states the total; it is asked for before and after the records."""

    model_config = STRICT

    type: Literal["endpoint"] = "endpoint"
    endpoint: str = Field(description="Path of the request.")
    path: JsonPath = Field(default=("count",), description="Path of the total in its answer.")
    params: Mapping[str, Any] = Field(
        default_factory=dict, description="Its query; by default that of the records."
    )

    def of_answer(self, document: Any) -> int:
        """Returns the total of the answer.

        Raises:
            UnexpectedAnswer: It states none.
        """
        return whole_number(document, self.path, "total")

    def stated(self, page: Page) -> int | None:
        """Returns None: pages state nothing."""
        return None


Total: TypeAlias = Annotated[
    TotalInHeader | TotalInBody | TotalByRequest, Field(discriminator="type")
]
"""Where the total stands."""
