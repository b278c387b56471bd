"""Where a network's DeansList is, and each school's key to it."""

import os
from collections.abc import Callable, Collection, Mapping
from typing import ClassVar, TypeVar

from pydantic import Field

from teamster.core.errors import ConfigError
from teamster.libraries.deanslist.answers import plain_answer
from teamster.libraries.rest.auth import ApiKey, Auth
from teamster.libraries.rest.messages import Answer, Request
from teamster.libraries.rest.resources import RestResource
from teamster.libraries.rest.session import RestSession

Result = TypeVar("Result")

_NO_CONTENT = 204

SCHOOL = "school"
"""The partition dimension that chooses the key."""


class DeansListSession(RestSession):
    """Requests to DeansList, deleted rows beside the others in each answer."""

    def call(
        self,
        request: Request,
        read: Callable[[Answer], Result],
        statuses: Collection[int] = (),
    ) -> Result:
        """Sends a request and reads its answer; see :meth:`RestSession.call`."""

        def merged(answer: Answer) -> Result:
            if answer.status in (*statuses, _NO_CONTENT):
                return read(answer)
            with plain_answer(answer, request) as plain:
                return read(plain)

        return super().call(request, merged, statuses)


class DeansListResource(RestResource):
    """A network's DeansList, ``https://<network>.deanslistsoftware.com/api``.

    Each school has a key of its own, the query parameter ``apikey``: a variable of the environment
    that is read when a run needs it, so that a school whose key is missing keeps no other from its
    data.

    Source: DeansList API, "Authentication".
    """

    session_type: ClassVar[type[RestSession]] = DeansListSession

    key_variable: str = Field(
        default="DEANSLIST_API_KEY_{school}", description="Variable of a school's key."
    )
    key_variables: dict[str, str] = Field(
        default_factory=dict, description="School -> variable, where it is another."
    )

    def auth_of(self, values: Mapping[str, str]) -> Auth:
        """Returns how requests of a school's partition are signed.

        Args:
            values: Dimension -> value of the partition.

        Raises:
            ConfigError: The partition has no school, or the school's key is not set.
        """
        school = values.get(SCHOOL)
        if school is None:
            raise ConfigError(
                f"{self.host}: DeansList has a key for each school: partition the asset by {SCHOOL}"
            )
        variable = self.key_variables.get(school) or self.key_variable.format(school=school)
        key = os.environ.get(variable)
        if not key:
            raise ConfigError(f"{self.host}: {variable}, the key of school {school}, is not set")
        return ApiKey(key, "apikey", "query")
