"""Requests: tried again where that helps, within the budget, and never beyond their origin."""

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from teamster.core.errors import (
    AuthenticationFailed,
    ConfigError,
    PermissionRefused,
    RequestRefused,
    ServerUnavailable,
    UnexpectedAnswer,
)
from teamster.libraries.rest.failures import retry_after
from teamster.libraries.rest.rate import Budget
from teamster.libraries.rest.session import Patience
from tests.libraries.rest.listings import always, get, read, resource_of
from tests.libraries.rest.server import Answered, make_certificate, serving

SECRET = "s3cret-canary"


def test_a_document_is_got_with_its_numbers_as_they_are_spelled() -> None:
    document, (asked,) = get(always(Answered(b'{"a": 1.50, "b": [1e5]}')))
    assert document == {"a": "1.50", "b": ["1e5"]}
    assert (asked.method, asked.path, asked.query) == ("GET", "/thing", {"a": ["1"]})
    assert asked.headers["accept"] == "application/json"


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 599])
def test_what_may_pass_is_tried_again(status: int) -> None:
    document, asked = get(always(Answered({}, status), Answered({}, status), Answered([1])))
    assert document == ["1"]
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, RequestRefused),
        (401, AuthenticationFailed),
        (403, PermissionRefused),
        (404, RequestRefused),
        (405, RequestRefused),
        (410, RequestRefused),
        (422, RequestRefused),
        (304, RequestRefused),
    ],
)
def test_what_will_not_pass_fails_at_once(status: int, error: type[Exception]) -> None:
    with serving(always(Answered(b"", status))) as api, resource_of(api).session() as session:
        with pytest.raises(error, match=rf"GET /thing: status {status}"):
            session.get_json("/thing")
        assert len(api.asked) == 1


def test_attempts_end() -> None:
    with serving(always(Answered({}, 500))) as api:
        with (
            resource_of(api, max_attempts=4).session() as session,
            pytest.raises(ServerUnavailable, match=r"status 500.*4 times"),
        ):
            session.get_json("/thing")
        assert len(api.asked) == 4


def test_no_server_is_unavailable() -> None:
    with serving(always(Answered({}))) as api:
        resource = resource_of(api, max_attempts=2)
    with resource.session() as session, pytest.raises(ServerUnavailable, match="GET /thing"):
        session.get_json("/thing")


def test_a_host_without_an_address_is_told() -> None:
    with serving(always(Answered({}))) as api:
        resource = resource_of(api, base_url="https://no-such-host.invalid", max_attempts=1)
    with resource.session() as session, pytest.raises(ServerUnavailable, match="no such host"):
        session.get_json("/thing")


def test_a_certificate_that_nobody_vouches_for_is_told_at_once(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    with serving(always(Answered([1])), certificate) as api:
        with (
            resource_of(api, max_attempts=3).session() as session,
            pytest.raises(ConfigError, match=r"not trusted.*ca_file"),
        ):
            session.get_json("/thing")
        with resource_of(api, ca_file=str(certificate)).session() as session:
            assert session.get_json("/thing") == ["1"]
        with (
            pytest.raises(ConfigError, match="ca_file does not exist"),
            resource_of(api, ca_file="nowhere.pem").session(),
        ):
            pass


def test_a_server_that_speaks_no_tls_is_told() -> None:
    with serving(always(Answered({}))) as api:
        https = api.url.replace("http:", "https:")
        with (
            resource_of(api, base_url=https, max_attempts=1).session() as session,
            pytest.raises(ServerUnavailable, match="encrypted connection failed"),
        ):
            session.get_json("/thing")


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [("0", 0, 0), ("120", 120, 120), ("", None, None), ("soon", None, None), ("-3", None, None)],
)
def test_retry_after_in_seconds(text: str, low: float | None, high: float | None) -> None:
    assert retry_after({"retry-after": text}) in (low, high)


@given(st.integers(-100_000, 100_000))
def test_retry_after_as_a_date(seconds: int) -> None:
    moment = datetime.now(UTC) + timedelta(seconds=seconds)
    found = retry_after({"retry-after": format_datetime(moment, usegmt=True)})
    assert found is not None
    assert found == pytest.approx(max(0, seconds), abs=2)


@given(
    attempt=st.integers(1, 30),
    first=st.floats(0, 10),
    longest=st.floats(0, 100),
    asked=st.none() | st.floats(0, 10_000),
)
def test_no_wait_is_longer_than_the_longest(
    attempt: int, first: float, longest: float, asked: float | None
) -> None:
    seconds = Patience(5, first, longest).seconds(attempt, asked)
    assert 0 <= seconds <= longest + 1
    if asked is not None:
        assert seconds >= min(asked, longest)


def test_retry_after_is_waited_for() -> None:
    answers = always(Answered({}, 429, {"Retry-After": "1"}), Answered([]))
    began = time.monotonic()
    get(answers, longest_wait=5)
    assert 1 <= time.monotonic() - began < 3


def test_a_budget_is_shared_by_threads() -> None:
    budget = Budget(per_minute=60 / 0.02)
    moments: list[float] = []

    def ask() -> None:
        for _ in range(5):
            budget.wait()
            moments.append(time.monotonic())

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    moments.sort()
    assert moments[-1] - moments[0] >= 14 * 0.02 * 0.95
    assert sum(later - earlier < 0.005 for earlier, later in pairwise(moments)) <= 3


def test_the_budget_spaces_the_requests_of_a_session() -> None:
    with serving(always(Answered([]))) as api:
        resource = resource_of(api, requests_per_minute=60 / 0.05)
        began = time.monotonic()
        for _ in range(2):  # a session more changes nothing
            with resource.session() as session:
                for _ in range(3):
                    session.get_json("/thing")
        assert time.monotonic() - began >= 5 * 0.05


def test_redirects_are_followed_at_home() -> None:
    answers = always(Answered(b"", 302, {"Location": "/other?x=1"}), Answered([3]))
    document, asked = get(answers, auth="bearer", token=SECRET)
    assert document == ["3"]
    assert asked[1].path == "/other"
    assert asked[1].headers["authorization"] == f"Bearer {SECRET}"


def test_redirects_abroad_get_no_credential() -> None:
    with serving(always(Answered([]))) as abroad:
        answers = always(Answered(b"", 307, {"Location": f"{abroad.url}/x"}))
        with pytest.raises(UnexpectedAnswer, match="leads to another address") as raised:
            get(answers, auth="api_key", api_key=SECRET)
        assert not abroad.asked
        assert SECRET not in str(raised.value)


def test_one_connection_serves_all_requests() -> None:
    big = b"x" * 200_000  # of an error's body only the beginning is read
    answers = always(Answered([]), Answered(b"", 404), Answered(b"[]"), Answered(big, 404))
    with serving(answers) as api, resource_of(api).session() as session:
        for _ in range(2):
            session.get_json("/thing")
            with pytest.raises(RequestRefused):
                session.get_json("/thing")
        assert api.connections == 1
        with pytest.raises(RequestRefused):
            session.get_json("/thing")
        assert api.connections == 2


def test_a_header_that_stands_twice_is_one(tmp_path: Path) -> None:
    links = ['</x>; rel="first"', '</y>; rel="next"']
    answers = always(Answered([1], headers={"Link": links}), Answered([2]))
    with serving(answers) as api:
        once = {"pagination": "link", "read_twice": False}
        found = read(api, tmp_path, records="", headers={"accept": "x/y"}, **once)
    assert found.values == [1, 2]
    assert api.asked[1].path == "/y"
    assert api.asked[1].headers["accept"] == "x/y"


def test_redirects_end() -> None:
    with pytest.raises(ServerUnavailable, match="redirects without end"):
        get(always(Answered(b"", 302, {"Location": "/thing"})), max_attempts=1)
