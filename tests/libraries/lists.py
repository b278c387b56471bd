"""What a vendor's list must do beside the contract, whatever pages, faults and changes come."""

import json
import tempfile
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from dagster import AssetsDefinition
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from teamster.core.config import config_from_files
from teamster.core.errors import AnswerIncomplete
from teamster.libraries.rest.assets import endpoint_of
from teamster.libraries.rest.reading import Reading
from teamster.libraries.rest.resources import RestResource
from teamster.libraries.rest.spool import RecordSpool
from tests.libraries.rest.contract import FAULTS, ROOT, RestContract
from tests.libraries.rest.runs import Runs, error_of
from tests.libraries.rest.server import Answered, App, Asked, serving

Rows = list[dict[str, Any]]

FEWER = settings(
    max_examples=max(1, settings.default.max_examples // 4),
    suppress_health_check=[HealthCheck.differing_executors],  # classes inherit the laws
)

CHANGES = st.lists(
    st.tuples(
        st.integers(1, 9),  # before which answer
        st.sampled_from(["drop", "add", "move"]),
        st.integers(0, 12),
        st.integers(0, 12),
    ),
    max_size=6,
)
"""What may happen to a list as it is read."""


def table_of(config: str, build: Callable[..., AssetsDefinition], table: str) -> AssetsDefinition:
    """Makes the asset of one table of a code location's YAML."""
    entries = config_from_files([ROOT / config])["assets"]
    (entry,) = [entry for entry in entries if entry["asset_key"][-1] == table]
    return build(**entry)


def read(asset: AssetsDefinition, resource: RestResource, partition_key: str | None = None) -> Rows:
    """Reads what a run would read; the records as they came."""
    endpoint = endpoint_of(asset)
    assert endpoint
    with (
        tempfile.TemporaryDirectory() as folder,
        resource.session(endpoint.values_of_key(partition_key)) as session,
        RecordSpool(Path(folder) / "records", endpoint.request.key) as spool,
    ):
        Reading(session, endpoint, endpoint.placeholders_of_key(partition_key)).read(spool)
        return [json.loads(document.text) for document in spool.documents()]


class ListContract(RestContract):
    """Inherit this for an API of lists; see :class:`RestContract`."""

    expected = 23
    mixes: ClassVar[tuple[tuple[str, ...], ...]] = (("add", "drop", "move"),)
    """What may happen together as the list is read."""

    @abstractmethod
    def api(self, rows: Rows, cap: int) -> App:
        """Returns the vendor's API with these records, at most so many a page."""

    @abstractmethod
    def row(self, number: int) -> dict[str, Any]:
        """Returns a record as the vendor sends it; ids grow with the number."""

    def stored(self, number: int) -> dict[str, Any]:
        """Returns what of it must stand in the object, beside nulls."""
        return self.row(number)

    def app(self) -> App:
        return self.api([self.row(number) for number in range(self.expected)], 7)

    def made(self) -> AssetsDefinition:
        return table_of(self.config, type(self).build, self.table)

    @FEWER
    @given(
        count=st.integers(0, 40),
        cap=st.integers(1, 12),
        faults=st.dictionaries(st.integers(0, 12), st.sampled_from(FAULTS), max_size=5),
    )
    def test_every_record_comes_once_in_order(self, count: int, cap: int, faults: Any) -> None:
        rows = [self.row(number) for number in range(count)]
        with serving(self.api(rows, cap)) as api:
            api.faults = faults
            resource = self.resource(api, self.secret).model_copy(update={"max_attempts": 7})
            assert read(self.made(), resource, self.partition_key) == rows

    @FEWER
    @given(
        count=st.integers(1, 30),
        cap=st.integers(1, 8),
        when=st.integers(1, 8),
        where=st.integers(0, 30),
        grows=st.booleans(),
    )
    def test_one_that_comes_or_goes_as_they_are_read_hides_none(
        self, count: int, cap: int, when: int, where: int, grows: bool
    ) -> None:
        """All others come once, though they move from page to page: the page before may shrink."""
        rows = [self.row(number) for number in range(count)]
        before, new = list(rows), self.row(99)

        def change(answer: int) -> None:
            if answer == when:
                rows.insert(min(where, count), new) if grows else rows.pop(min(where, count - 1))

        with serving(changing(self.api(rows, cap), change)) as api:
            found = read(self.made(), self.resource(api, self.secret), self.partition_key)
        assert [row for row in found if row != new] in (before, rows)
        assert found.count(new) <= 1

    @FEWER
    @given(count=st.integers(2, 12), cap=st.integers(1, 4), changes=CHANGES, data=st.data())
    def test_whatever_changes_as_they_are_read_none_is_lost(
        self, count: int, cap: int, changes: list[Any], data: st.DataObject
    ) -> None:
        """Each record that was there all the time comes once, or the read fails."""
        rows = [self.row(10 * number) for number in range(count)]
        before, mix = list(rows), data.draw(st.sampled_from(self.mixes))

        def change(answer: int) -> None:
            for number, (when, what, where, to) in enumerate(changes):
                if when != answer or what not in mix:
                    continue
                if what == "add":
                    rows.insert(min(where, len(rows)), self.row(10 * where + number + 1))
                elif rows:
                    row = rows.pop(where % len(rows))
                    if what == "move":
                        rows.insert(min(to, len(rows)), row)

        with serving(changing(self.api(rows, cap), change)) as api:
            try:
                found = read(self.made(), self.resource(api, self.secret), self.partition_key)
            except AnswerIncomplete:
                return
        assert all(found.count(row) == 1 for row in found)
        assert all(row in found for row in rows if row in before)

    def test_values_stand_in_the_object_as_they_were_sent(
        self, runs: Runs, asset: AssetsDefinition
    ) -> None:
        with serving(self.app()) as api:
            result = self.run(runs, api, asset)
        assert result.success, error_of(result)
        rows = self.rows(runs, asset)
        for number in (0, self.expected - 1):
            assert without_nulls(rows[number]) == self.stored(number)


class StatedListContract(ListContract):
    """The same, where the vendor states how many records there are.

    One that goes and one that comes between two answers leave the total as it was.
    """

    mixes = (("drop", "move"), ("add", "move"))


class OAuthContract(ListContract):
    """The same, where a token is asked for first."""

    @abstractmethod
    def app_of_tokens(self, uses: int) -> App:
        """Returns the API; each of its tokens is good for so many requests."""

    @abstractmethod
    def app_without_scope(self) -> App:
        """Returns the API; its tokens do not allow this list."""

    def test_a_token_that_expires_is_renewed(self, runs: Runs, asset: AssetsDefinition) -> None:
        with serving(self.app_of_tokens(2)) as api:
            result = self.run(runs, api, asset)
            assert result.success, error_of(result)
            tokens = [asked for asked in api.asked if asked.method == "POST"]
        assert len(self.rows(runs, asset)) == self.expected
        assert len(tokens) > 1

    def test_a_token_that_is_never_good_is_told(self, runs: Runs, asset: AssetsDefinition) -> None:
        with serving(self.app_of_tokens(0)) as api:
            name, text = error_of(self.run(runs, api, asset))
        assert name == "AuthenticationFailed", text
        assert "client_secret" in text
        assert "token-" not in text

    def test_a_missing_scope_is_told(self, runs: Runs, asset: AssetsDefinition) -> None:
        with serving(self.app_without_scope()) as api:
            name, text = error_of(self.run(runs, api, asset))
        assert name == "PermissionRefused", text
        assert "token-" not in text


def changing(app: App, change: Callable[[int], object]) -> App:
    """Has something change before answers, of which the first is number 1."""
    answers = 0

    def answer(asked: Asked) -> Answered:
        nonlocal answers
        if asked.method == "GET":
            answers += 1
            change(answers)
        return app(asked)

    return answer


class Tokens:
    """Tokens of an API, each good for so many requests.

    Args:
        uses: For how many.
    """

    def __init__(self, uses: int = 10**9) -> None:
        self._uses = uses
        self._left: dict[str, int] = {}

    def give(self) -> str:
        """Returns a new one."""
        token = f"token-{len(self._left)}"
        self._left[token] = self._uses
        return token

    def take(self, asked: Asked) -> bool:
        """Tells whether a request has one that is good."""
        token = asked.headers.get("authorization", "").removeprefix("Bearer ")
        left = self._left.get(token, 0)
        self._left[token] = left - 1
        return left > 0


def without_nulls(value: Any) -> Any:
    """Returns a value, at any depth without what is null."""
    if isinstance(value, dict):
        return {name: without_nulls(each) for name, each in value.items() if each is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value
