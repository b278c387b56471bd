"""Answers that are no JSON, of another encoding, or packed."""

import gzip

import pytest

from teamster.core.errors import AnswerIncomplete, UnexpectedAnswer
from tests.libraries.rest.listings import always, get
from tests.libraries.rest.server import Answered


@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (
            Answered(
                b"<!DOCTYPE html><title>Log in</title>", headers={"Content-Type": "text/html"}
            ),
            UnexpectedAnswer,
            r"web page or XML \(text/html\)",
        ),
        (Answered(b"\xef\xbb\xbf <x/>"), UnexpectedAnswer, "web page or XML"),
        (Answered(b"OK", headers={"Content-Type": "text/plain"}), UnexpectedAnswer, "no JSON"),
        (Answered(b""), AnswerIncomplete, "no content"),
        (Answered(b'[{"id": 1}, {"id"'), AnswerIncomplete, "after 1 records"),
        (Answered(b'{"id": NaN'), AnswerIncomplete, "cut short or malformed"),
        (Answered(b'["\xff"]'), AnswerIncomplete, "not of utf-8"),
        (Answered(b"[" * 100_000), AnswerIncomplete, "cut short or malformed"),
        (Answered(b"[]]"), AnswerIncomplete, "cut short or malformed"),
    ],
)
def test_what_is_no_json_is_told(answer: Answered, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        get(always(answer), max_attempts=2)


def test_an_answer_may_be_of_another_encoding() -> None:
    content = {"Content-Type": "application/json; charset=ISO-8859-1"}
    document, _ = get(always(Answered('{"é": 1}'.encode("latin-1"), headers=content)))
    assert document == {"é": "1"}


def test_a_packed_answer_is_unpacked_and_measured() -> None:
    packed = gzip.compress(b"[" + b" " * 5_000_000 + b"1]")
    answer = Answered(packed, headers={"Content-Encoding": "gzip"})
    document, _ = get(always(answer))
    assert document == ["1"]
    with pytest.raises(UnexpectedAnswer, match="larger than max_answer_bytes"):
        get(always(answer), max_answer_bytes=1_000_000)
    broken = Answered(packed[:-20] + b"x" * 20, headers={"Content-Encoding": "gzip"})
    with pytest.raises(AnswerIncomplete, match=r"compression|cut short"):
        get(always(broken), max_attempts=2)
