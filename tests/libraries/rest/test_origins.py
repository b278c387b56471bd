"""URLs: only those of the API's own origin, and links as headers spell them."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.errors import ConfigError, UnexpectedAnswer
from teamster.libraries.rest.messages import with_params
from teamster.libraries.rest.origins import check_base, followed, next_link


def test_links_abroad_are_not_followed() -> None:
    here = "https://api.example.org/v1/things?page=1"
    assert followed(here, "?page=2", "") == "https://api.example.org/v1/things?page=2"
    assert followed(here, "//API.example.org:443/x", "") == "https://API.example.org:443/x"
    assert followed(here, "http://api.example.org/x", "") == "https://api.example.org/x"
    for abroad in (
        "https://api.example.org.evil.example/x",
        "https://evil.example/x",
        "//evil.example/x",
        "https://api.example.org:8443/x",
        "http://api.example.org:8080/x",
        "https://user@api.example.org/x",
        "https://api.example.org@evil.example/x",
        "ftp://api.example.org/x",
        "https://[broken/x",
    ):
        with pytest.raises(UnexpectedAnswer):
            followed(here, abroad, "GET /things")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.org",
        "ftp://api.example.org",
        "https://",
        "https://u:p@api.example.org",
        "https://api.example.org?key=1",
        "http://api.example.org",
        "http://127.0.0.1.example.org",
        "https://[broken",
    ],
)
def test_a_base_url_that_is_none_or_unsafe_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="base_url"):
        check_base(url, False, "base_url")


def test_a_base_url_is_https_or_here() -> None:
    for url in (
        "https://api.example.org/v1",
        "http://localhost:1",
        "http://[::1]:8",
        "http://127.0.0.1",
    ):
        check_base(url, False, "base_url")
    check_base("http://api.example.org", True, "base_url")


NAMES = st.text("abc=&% é,;", min_size=1, max_size=4)


@given(st.lists(st.tuples(NAMES, NAMES), max_size=4), st.lists(st.tuples(NAMES, NAMES), max_size=4))
def test_parameters_replace_those_of_their_name(
    first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    url = with_params(with_params("https://x/y", first), second)
    names = {name for name, _ in second}
    expected = [pair for pair in first if pair[0] not in names] + second
    assert parse_qsl(urlsplit(url).query, keep_blank_values=True) == expected


# RFC 8288, 3.5, and what is seen in the wild
@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('<https://x/2>; rel="next"', "https://x/2"),
        ("<https://x/2>; rel=next", "https://x/2"),
        ('<https://x/1>; rel="prev", <https://x/3>; rel="next"', "https://x/3"),
        ('<https://x/3>; title="a, b; rel=\\"next"; rel="last"', None),
        ('<https://x/3?a=1,2;3>; REL="last NEXT"', "https://x/3?a=1,2;3"),
        ("<?page=2>;rel=next;title=x", "?page=2"),
        ('<https://x/9>; rel="nextish"', None),
        ("", None),
        ("nonsense; rel=next", None),
    ],
)
def test_links_of_a_header(header: str, expected: str | None) -> None:
    assert next_link(header, "next") == expected
