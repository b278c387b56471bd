"""What a server says of an error is shown as far as it can hold no record and no secret."""

import io
import json
import logging
import string
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.errors import RequestRefused, TeamsterError
from teamster.libraries.rest.failures import server_words
from teamster.libraries.rest.messages import Answer, Request
from tests.libraries.rest.listings import resource_of
from tests.libraries.rest.server import Answered, serving

SECRET = "s3cret-canary"

ONEROSTER = {
    "imsx_codeMajor": "failure",
    "imsx_severity": "error",
    "imsx_description": "The field 'jane' of jane7 is unknown",
    "imsx_CodeMinor": {
        "imsx_codeMinorField": [
            {
                "imsx_codeMinorFieldName": "TargetEndSystem",
                "imsx_codeMinorFieldValue": "invalid_filter_field",
            }
        ]
    },
}


def words(body: Any, status: int = 400, private: bool = False, **headers: str) -> str:
    """Returns what is shown of an answer."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = Answer(status, headers, io.BytesIO(content), len(content), "https://x/y")
    request = Request("https://x/y", "GET /y", private=private)
    return server_words(answer, request, (SECRET,)).strip()


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({"error": "invalid_scope"}, ": invalid_scope"),
        ({"error": "x", "error_description": "The scope is unknown"}, ": x; The scope is unknown"),
        ({"message": "Page must be a number"}, ": Page must be a number"),
        (
            {"error": {"code": "bad_filter", "message": "No such field"}},
            ": bad_filter; No such field",
        ),
        ({"message": "Unknown student 'Jane Doe' (123-45)"}, ": Unknown student … …"),
        ({"message": "No user jane.doe@example.org"}, ": No user …"),
        ({"message": f"key {SECRET} is wrong"}, ": key … is wrong"),
        ({"message": "a\nb" + " word" * 100}, ": " + ("a b" + " word" * 100)[:160] + "…"),
        (ONEROSTER, ": invalid_filter_field; The field … of … is unknown"),
        (
            {"statusInfoSet": [ONEROSTER, "Jane"]},
            ": invalid_filter_field; The field … of … is unknown",
        ),
        ({"imsx_codeMinor": "unknown object", "imsx_codeMajor": "Jane"}, ": unknown object"),
        ({"error": {"error": {"error": {"error": {"error": "too deep"}}}}}, ""),
        ({"message": ["Jane"], "error": 7, "errors": {"name": "Jane"}}, ""),
        (["Jane"], ""),
        (b"<html>Jane</html>", ""),
        (b"\xff", ""),
        (b"[" * 70_000, ""),
    ],
)
def test_what_is_shown(body: Any, shown: str) -> None:
    assert words(body) == shown


def test_nothing_is_shown_where_records_were_sent_or_are_echoed() -> None:
    body = {"error": "Jane"}
    assert words(body, private=True) == ""
    assert words(body, 409) == words(body, 422) == ""


def test_a_challenge_is_shown() -> None:
    challenge = 'Bearer realm="x", error="insufficient_scope", scope="students.read"'
    assert (
        words({}, 403, **{"www-authenticate": challenge}) == ": insufficient_scope; students.read"
    )


@given(
    canary=st.text(string.ascii_letters, min_size=4, max_size=9).map(lambda text: f"{text}7")
    | st.emails()
    | st.integers(10, 10**12).map(str)
    | st.text(string.ascii_letters + " ", min_size=4, max_size=9).map(lambda text: f"'{text}'"),
    name=st.sampled_from(
        ["error", "error_description", "message", "detail", "title", "code", "imsx_description"]
    ),
    before=st.text(string.ascii_letters + " .:", max_size=9),
)
def test_values_are_left_out(canary: str, name: str, before: str) -> None:
    assert canary not in words({name: f"{before} {canary} x"})


def test_secrets_and_values_of_a_request_are_in_no_error_and_no_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    answers = iter([Answered({}, 502), Answered({"error": f"bad key {SECRET}"}, 400)])
    with serving(lambda asked: next(answers)) as api:
        resource = resource_of(
            api, auth="api_key", api_key=SECRET, api_key_name="key", api_key_in="query"
        )
        with resource.session() as session, pytest.raises(RequestRefused) as raised:
            session.get_json("/thing", {"student": "JaneDoe"})
        assert "JaneDoe" in api.asked[0].url
    shown = f"{raised.value!r} {raised.value.__cause__} {caplog.text}"
    assert SECRET not in shown
    assert "JaneDoe" not in shown


def test_errors_of_no_connection_hold_no_secret() -> None:
    with serving(lambda asked: Answered()) as api:
        fields = {"auth": "api_key", "api_key": SECRET, "api_key_in": "query", "max_attempts": 1}
        resource = resource_of(api, **fields)
    with resource.session() as session, pytest.raises(TeamsterError) as raised:
        session.get_json("/thing", {"student": "JaneDoe"})
    assert raised.value.__suppress_context__
    assert SECRET not in str(raised.value)
    assert "JaneDoe" not in str(raised.value)
