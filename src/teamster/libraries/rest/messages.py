"""What is sent and what comes back: a request, and an answer whose body lies in the spool."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO
from urllib.parse import urlencode, urlsplit, urlunsplit

Params = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Request:
    """One request, before it is signed.

    Attributes:
        url: The URL. Its query, where it has one, is kept.
        params: Added to the query; a name that stands in it already is replaced.
        headers: Its headers.
        shown: How errors name it: the endpoint as it is declared, its placeholders unfilled, since
            what fills them may be a student's number.
        private: Whether its path or query holds values of records; the server's own words are then
            not shown either.
        form: The body of a POST; None for a GET.
    """

    url: str
    shown: str
    params: Params = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    private: bool = False
    form: Params | None = None

    @property
    def target(self) -> str:
        """The URL with all parameters."""
        return with_params(self.url, self.params)

    def signed(self, headers: Mapping[str, str], params: Params = ()) -> "Request":
        """Returns the request with more headers and parameters."""
        return replace(self, headers={**self.headers, **headers}, params=[*self.params, *params])


@dataclass
class Answer:
    """What a server answered.

    Attributes:
        status: The HTTP status.
        headers: The headers, their names in lower case; of one that stands twice both, with a
            comma between.
        body: The whole body, decoded from gzip and the like, at its beginning.
        size: Its bytes.
        url: Where it came from.
    """

    status: int
    headers: Mapping[str, str]
    body: BinaryIO
    size: int
    url: str

    @property
    def content_type(self) -> str:
        """The media type without its parameters; empty where the server says none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def with_params(url: str, params: Params) -> str:
    """Returns a URL with parameters set; those of other names in its query stay."""
    if not params:
        return url
    parts = urlsplit(url)
    names = {_encoded(name) for name, _ in params}
    kept = [each for each in parts.query.split("&") if each and each.partition("=")[0] not in names]
    return urlunsplit(parts._replace(query="&".join([*kept, urlencode(params)]), fragment=""))


def _encoded(name: str) -> str:
    return urlencode({name: ""}).removesuffix("=")
