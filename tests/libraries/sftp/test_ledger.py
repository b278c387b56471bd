"""The sensor's memory, over random histories of files and runs."""

from datetime import UTC, datetime

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from teamster.libraries.sftp.ledger import (
    Ledger,
    Patience,
    Request,
    RunState,
    State,
    version_of,
)
from teamster.libraries.ssh.files import RemoteFile

PATIENCE = Patience(settle_seconds=100, max_attempts=2)
TICK = 30
PARTITIONS = st.sampled_from(["", "2025|ela", "2026|math"])


class Vendor(RuleBasedStateMachine):
    """A vendor that adds, grows, replaces and removes files while a sensor ticks and runs end."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000_000.0
        self.files: dict[str, RemoteFile] = {}
        self.cursor: str | None = None
        self.runs: dict[str, tuple[str, RunState]] = {}  # run key -> source version, state
        self.seen_last: dict[str, str] = {}  # partition -> version at the tick before

    @rule(partition=PARTITIONS, size=st.integers(0, 5))
    def writes(self, partition: str, size: int) -> None:
        mtime = datetime.fromtimestamp(self.now, UTC)
        self.files[partition] = RemoteFile(f"/drop/{partition}.csv", size, mtime)

    @rule(partition=PARTITIONS, age=st.integers(0, 10_000))
    def uploads_with_an_old_mtime(self, partition: str, age: int) -> None:
        mtime = datetime.fromtimestamp(self.now - age, UTC)
        self.files[partition] = RemoteFile(f"/drop/{partition}.csv", 7, mtime)

    @rule(partition=PARTITIONS)
    def removes(self, partition: str) -> None:
        self.files.pop(partition, None)

    @rule()
    def loses_the_cursor(self) -> None:
        self.cursor = None

    @precondition(lambda self: any(state is RunState.RUNNING for _, state in self.runs.values()))
    @rule(data=st.data(), succeeds=st.booleans())
    def a_run_ends(self, data: st.DataObject, succeeds: bool) -> None:
        running = [key for key, (_, state) in self.runs.items() if state is RunState.RUNNING]
        key = data.draw(st.sampled_from(running))
        end = RunState.SUCCEEDED if succeeds else RunState.FAILED
        self.runs[key] = (self.runs[key][0], end)

    @rule(lost=st.booleans())
    def ticks(self, lost: bool) -> None:
        self.now += TICK
        ledger = Ledger.load(self.cursor)
        listed = {partition: [file] for partition, file in self.files.items()}
        requests = ledger.update("asset", listed, self.now, PATIENCE, self.states_of)
        for request in requests:
            self.check_request(request)
            if not lost:  # the daemon may die between a tick and its runs
                self.runs.setdefault(request.run_key, (request.source_version, RunState.RUNNING))
        self.check_nothing_is_forgotten(requests)
        self.cursor = ledger.dump()
        self.seen_last = {partition: version_of([file]) for partition, file in self.files.items()}

    def states_of(self, source_version: str) -> list[RunState]:
        return [state for version, state in self.runs.values() if version == source_version]

    def check_request(self, request: Request) -> None:
        file = self.files[request.partition]
        is_old = self.now - file.mtime.timestamp() >= PATIENCE.settle_seconds
        assert is_old or self.seen_last.get(request.partition) == version_of([file])
        states = self.states_of(request.source_version)
        assert RunState.RUNNING not in states
        assert RunState.SUCCEEDED not in states
        assert len(states) < PATIENCE.max_attempts
        assert request.run_key not in self.runs

    def check_nothing_is_forgotten(self, requests: list[Request]) -> None:
        """Every version that is old enough was asked for, and runs, succeeded or was given up."""
        asked = {request.partition for request in requests}
        for partition, file in self.files.items():
            if self.now - file.mtime.timestamp() < PATIENCE.settle_seconds or partition in asked:
                continue
            states = self.states_of(f"asset|{partition}|{version_of([file])}")
            assert (
                RunState.RUNNING in states
                or RunState.SUCCEEDED in states
                or states.count(RunState.FAILED) == PATIENCE.max_attempts
            )

    @invariant()
    def remembers_only_what_was_listed(self) -> None:
        for found in Ledger.load(self.cursor).entries.values():
            assert set(found) <= set(self.seen_last)


TestVendor = Vendor.TestCase


def file(name: str, size: int = 1, mtime: int = 0) -> RemoteFile:
    return RemoteFile(f"/drop/{name}", size, datetime.fromtimestamp(mtime, UTC))


def test_a_version_changes_with_every_part_of_the_identity_and_not_with_the_order() -> None:
    one, two = file("a"), file("b")
    assert version_of([one, two]) == version_of([two, one])
    others = [file("c"), file("a", size=2), file("a", mtime=1)]
    assert len({version_of([each]) for each in [one, *others]}) == 4
    assert version_of([one]) != version_of([one, two])


def test_ten_thousand_partitions_fit_into_a_cursor() -> None:
    ledger = Ledger()
    listed = {
        f"{2000 + year}-{month:02}-{day:02}": [file(f"{year}-{month}-{day}.csv", day, month)]
        for year in range(27)
        for month in range(1, 13)
        for day in range(1, 32)
    }
    assert len(listed) > 10_000
    ledger.update("asset", listed, 1e9, PATIENCE, lambda _: [RunState.SUCCEEDED])
    cursor = ledger.dump()
    assert len(cursor) < 150_000
    again = Ledger.load(cursor)
    assert again.entries == ledger.entries
    assert {entry.state for entry in again.entries["asset"].values()} == {State.DONE}


def test_a_cursor_of_another_make_is_an_empty_ledger() -> None:
    for cursor in (None, "", "not a ledger", "2026-01-01", '{"format": 0}'):
        assert Ledger.load(cursor).entries == {}


def test_assets_no_longer_watched_are_forgotten() -> None:
    ledger = Ledger()
    for asset in ("one", "two"):
        ledger.update(asset, {"": [file("a")]}, 1e9, PATIENCE, lambda _: [])
    ledger.forget_all_but(["two"])
    assert list(ledger.entries) == ["two"]
