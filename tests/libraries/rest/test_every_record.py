"""Every record once, none lost, none twice, or a clear error: whatever servers do."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from teamster.core.errors import AnswerIncomplete, TeamsterError, Transient, UnexpectedAnswer
from tests.libraries.rest.listings import (
    KEYSET,
    PAGINATIONS,
    Records,
    numbered,
    read,
    resource_of,
)
from tests.libraries.rest.server import Asked, Fault, serving

TOTALS: list[dict[str, Any] | None] = [
    None,
    {"type": "header"},
    {"type": "body", "path": "meta.total"},
    {"type": "endpoint", "endpoint": "/things/count"},
]
FAULTS: list[Fault] = ["429", "429 date", "502", "html 503", "reset", "slow", "truncated", "short"]


FEWER = settings(max_examples=max(1, settings.default.max_examples // 4))  # for each kind


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spool")


@pytest.mark.parametrize("kind", PAGINATIONS)
@FEWER
@given(
    count=st.integers(0, 40),
    cap=st.integers(1, 12),
    total=st.sampled_from(TOTALS),
    key=st.sampled_from([(), "id", ["id", "name"]]),
    faults=st.dictionaries(st.integers(0, 12), st.sampled_from(FAULTS), max_size=5),
)
def test_every_record_comes_once_in_order(
    folder: Path,
    kind: str,
    count: int,
    cap: int,
    total: dict[str, Any] | None,
    key: Any,
    faults: dict[int, Fault],
) -> None:
    rows = numbered(count)
    with serving(Records(rows, kind, cap)) as api:
        api.faults = faults
        resource = resource_of(api, max_attempts=6)
        found = read(api, folder, resource, pagination=PAGINATIONS[kind], total=total, key=key)
    assert found.values == rows
    assert found.reading.stated == (None if total is None else count)


@pytest.mark.parametrize("kind", PAGINATIONS)
@FEWER
@given(
    count=st.integers(0, 30),
    cap=st.integers(1, 8),
    total=st.sampled_from(TOTALS[1:]),
    when=st.integers(1, 8),
    where=st.integers(0, 30),
    grows=st.booleans(),
)
def test_records_that_move_meanwhile_are_read_anew(
    folder: Path,
    kind: str,
    count: int,
    cap: int,
    total: dict[str, Any],
    when: int,
    where: int,
    grows: bool,
) -> None:
    """A record comes or goes while pages are read: what is taken is the table as it is then."""

    def change(table: Records, asked: Asked) -> None:
        if table.served == when:
            if grows:
                table.rows.insert(min(where, len(table.rows)), {"id": "new", "name": "new"})
            elif table.rows:
                del table.rows[min(where, len(table.rows) - 1)]

    table = Records(numbered(count), kind, cap, change)
    before = list(table.rows)
    with serving(table) as api:
        found = read(api, folder, pagination=PAGINATIONS[kind], total=total, key="id")
    assert found.values in (before, table.rows)


CHANGE = st.tuples(
    st.integers(0, 9),  # before which answer
    st.sampled_from(["drop", "add", "move"]),
    st.integers(0, 12),
    st.integers(0, 12),
)


@pytest.mark.parametrize("kind", [*PAGINATIONS, "keyset"])
@settings(max_examples=max(1, settings.default.max_examples // 6))
@given(
    count=st.integers(2, 12),
    cap=st.integers(1, 4),
    total=st.sampled_from([None, *TOTALS[2:]]),
    changes=st.lists(CHANGE, max_size=6),
)
def test_whatever_changes_meanwhile_none_is_lost(
    folder: Path, kind: str, count: int, cap: int, total: Any, changes: list[Any]
) -> None:
    """What was there all the time comes once, or the read fails."""

    def change(table: Records, asked: Asked) -> None:
        for number, (when, what, where, to) in enumerate(changes):
            if when != table.served:
                continue
            if what == "add":
                row = {"id": 10 * where + number + 1, "name": "new"}
                table.rows.insert(min(where, len(table.rows)), row)
            elif table.rows:
                row = table.rows.pop(where % len(table.rows))
                if what == "move":
                    table.rows.insert(min(to, len(table.rows)), row)

    table = Records([{"id": 10 * number, "name": ""} for number in range(count)], kind, cap, change)
    before = [row["id"] for row in table.rows]
    stated_by_pages = total is not None and total["type"] == "body"
    options = {"pagination": PAGINATIONS.get(kind, KEYSET), "total": total, "key": "id"}
    if kind == "keyset" and stated_by_pages:
        options["total"] = None
    elif stated_by_pages or kind.startswith("cursor"):
        options["read_twice"] = True
    with serving(table) as api:
        try:
            found = [row["id"] for row in read(api, folder, **options).values]
        except (AnswerIncomplete, UnexpectedAnswer):
            return
    assert len(set(found)) == len(found)
    assert {row["id"] for row in table.rows}.intersection(before) <= set(found)


@pytest.mark.parametrize("key", [(), "id"])
@pytest.mark.parametrize("kind", ["page", "page, counted", "page, 404", "offset, more", "link"])
def test_a_page_that_shrinks_as_it_is_read_is_read_once_more(
    tmp_path: Path, kind: str, key: Any
) -> None:
    """What was read goes, the sixth moves to the page before, and no total tells."""

    def change(table: Records, asked: Asked) -> None:
        if table.served == 1:
            del table.rows[0]

    table = Records(numbered(23), kind, 5, change)
    with serving(table) as api:
        found = read(api, tmp_path, pagination=PAGINATIONS[kind], key=key)
    assert found.values == table.rows == numbered(23)[1:]
    assert found.reading.pages < len(api.asked) / 2


def test_lists_that_never_rest_are_told(tmp_path: Path) -> None:
    def change(table: Records, asked: Asked) -> None:
        if asked.number("offset", 0) > 0 and len(table.rows) > 5:
            del table.rows[0]

    said = r"records that were read were gone.*in 3 reads.*declare key"
    table = Records(numbered(60), "offset", 5, change)
    with serving(table) as api, pytest.raises(AnswerIncomplete, match=said):
        read(api, tmp_path, pagination="offset", max_reads=2)


def test_one_answer_is_read_once(tmp_path: Path) -> None:
    for count, kind in ((3, "link"), (4, "page, more"), (0, "offset")):
        with serving(Records(numbered(count), kind, 5)) as api:
            assert len(read(api, tmp_path, pagination=PAGINATIONS[kind]).values) == count
        assert len(api.asked) == 1


def test_an_order_that_moves_is_noticed_by_the_key(tmp_path: Path) -> None:
    def shuffle(table: Records, asked: Asked) -> None:
        table.rows.insert(0, table.rows.pop())  # the total stays

    with serving(Records(numbered(23), "offset", 5, shuffle)) as api:
        with pytest.raises(AnswerIncomplete, match=r"have the key of another.*in 2 reads"):
            read(api, tmp_path, pagination="offset", key="id", max_reads=2)
        assert len({asked.url for asked in api.asked}) < len(api.asked)


@pytest.mark.parametrize("stated", [0, 1, 22, 24, 100])
def test_a_total_that_is_not_kept_is_a_failure(tmp_path: Path, stated: int) -> None:
    class Lying(Records):
        def __call__(self, asked: Asked) -> Any:
            answered = super().__call__(asked)
            answered.headers = {**answered.headers, "X-Total-Count": str(stated)}
            return answered

    said = f"23 records came, the server states {stated}"
    with (
        serving(Lying(numbered(23), "link", 5)) as api,
        pytest.raises(AnswerIncomplete, match=said),
    ):
        read(api, tmp_path, pagination="link", total={"type": "header"}, max_reads=1)


@FEWER
@given(
    kind=st.sampled_from(["page", "offset", "cursor", "link", "next_url"]),
    cap=st.integers(1, 4),
    total=st.sampled_from(TOTALS),
)
def test_a_server_that_repeats_itself_ends_in_an_error(
    folder: Path, kind: str, cap: int, total: dict[str, Any] | None
) -> None:
    """It does not know the parameters, and sends the first page for ever."""

    class Stuck(Records):
        def _start(self, asked: Asked, size: int) -> int:
            return 0

    with (
        serving(Stuck(numbered(9), kind, cap)) as api,
        pytest.raises(TeamsterError, match=r"same page twice|round in circles"),
    ):
        read(api, folder, pagination=PAGINATIONS[kind], total=total)


def test_cursors_in_a_circle_end_in_an_error(tmp_path: Path) -> None:
    class Circle(Records):
        def _start(self, asked: Asked, size: int) -> int:
            self.served += 100
            return 0

        def _page(self, asked: Asked, rows: Any, size: int, after: int | None) -> Any:
            rows = [{"id": f"{self.served}"}]  # never the same page
            return super()._page(asked, rows, size, after)

    with (
        serving(Circle(numbered(9), "cursor", 2)) as api,
        pytest.raises(UnexpectedAnswer, match="round in circles"),
    ):
        read(api, tmp_path, pagination=PAGINATIONS["cursor"])


def test_failures_beyond_the_attempts_are_told(tmp_path: Path) -> None:
    for fault in FAULTS:
        with serving(Records(numbered(9))) as api:
            api.faults = dict.fromkeys(range(20), fault)
            if fault == "slow":
                assert len(read(api, tmp_path, pagination="offset").values) == 9
                continue
            with pytest.raises(Transient, match="GET /things"):
                read(api, tmp_path, resource_of(api, max_attempts=3), pagination="offset")
            assert len(api.asked) == 3, fault


def test_a_body_that_stalls_is_not_waited_for(tmp_path: Path) -> None:
    with serving(Records(numbered(9))) as api:
        api.faults = {0: "stalled"}
        found = read(api, tmp_path, resource_of(api, timeout=0.2), pagination="offset")
    assert len(found.values) == 9


def test_a_total_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    for total in ({"type": "header", "name": "Total"}, {"type": "body", "path": "meta.sum"}):
        with serving(Records(numbered(9))) as api, pytest.raises(UnexpectedAnswer, match="total"):
            read(api, tmp_path, pagination="offset", total=total)


def test_max_records_is_a_limit(tmp_path: Path) -> None:
    with serving(Records(numbered(9))) as api, pytest.raises(UnexpectedAnswer, match="max_records"):
        read(api, tmp_path, pagination="offset", max_records=8)


def test_the_digest_is_of_the_records_and_not_of_their_pages(tmp_path: Path) -> None:
    digests = set()
    for kind, cap in (("offset", 3), ("page", 4), ("link", 30)):
        with serving(Records(numbered(19), kind, cap)) as api:
            digests.add(read(api, tmp_path, pagination=PAGINATIONS[kind]).digest)
    assert len(digests) == 1
