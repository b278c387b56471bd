"""One evaluation of an SFTP sensor: server by server, until its time runs out."""

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from dagster import (
    AssetCheckEvaluation,
    AssetCheckKey,
    DagsterInstance,
    DagsterRunStatus,
    RunsFilter,
    SensorEvaluationContext,
    build_resources,
)

from teamster.core.errors import ConfigError, Permanent, Transient
from teamster.libraries.sftp.arrivals import CHECK_NAME, arrivals_of
from teamster.libraries.sftp.feed import Feed
from teamster.libraries.sftp.ledger import Ledger, Patience, Request, RunState
from teamster.libraries.sftp.survey import Directories, Found, survey
from teamster.libraries.ssh.session import SFTPSession

SOURCE_VERSION = "teamster/source_version"
"""Run tag that names the version of the files a run was asked for."""

_SHORTEST_TIMEOUT = 5.0
_FINISHED = {
    DagsterRunStatus.SUCCESS: RunState.SUCCEEDED,
    DagsterRunStatus.FAILURE: RunState.FAILED,
    DagsterRunStatus.CANCELED: RunState.FAILED,
}


@dataclass
class Tick:
    """One evaluation.

    Attributes:
        context: The sensor's.
        feeds: Asset -> feed.
        ledger: What is remembered; it is brought up to date.
        patience: When to ask for a run, and how often.
        directories: Server -> what is known of its archives.
        requests: The runs to ask for.
        troubles: What may be over at the next tick.
        permanent: What someone must change first.
    """

    context: SensorEvaluationContext
    feeds: Mapping[str, Feed]
    ledger: Ledger
    patience: Patience
    directories: dict[str, Directories] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    permanent: list[Permanent] = field(default_factory=list)

    def run(self, seconds: float) -> None:
        """Looks at server by server, beginning where the last tick ran out of time.

        Args:
            seconds: The time there is.
        """
        deadline = time.monotonic() + seconds
        self.ledger.forget_all_but(self.feeds)
        first = self.ledger.resume_at
        self.ledger.resume_at = ""
        for server, keys in _rotated(self.feeds, first):
            if time.monotonic() < deadline:
                unfinished = self._server(server, keys, deadline, alone=keys[0] == first)
            else:
                unfinished = keys
            if unfinished and not self.ledger.resume_at:
                self.ledger.resume_at = unfinished[0]

    def _server(
        self, server: str, keys: Sequence[str], deadline: float, *, alone: bool
    ) -> Sequence[str]:
        """Looks at one server for all its feeds, over one connection.

        Returns:
            The feeds for which time ran out; the next tick begins with them. What does not fit
            into a tick with others gets one to itself: ``alone`` looks at the first feed first.
        """
        feeds = [self.feeds[key] for key in keys]
        parts = [keys[:1], keys[1:]] if alone and len(keys) > 1 else [keys]
        found: dict[str, Found | Permanent | None] = {}
        try:
            with self._session(server, deadline) as session:
                known = self.directories.setdefault(server, Directories())
                for part in parts:
                    found.update(self._survey(session, part, feeds, deadline, known))
        except Transient as error:
            self.troubles.append(str(error))
        except Permanent as error:
            self.permanent.append(error)
            found = dict.fromkeys(keys, error)
        for key, result in found.items():
            if result is not None:
                self._note(key, result)
        unfinished = [key for key, result in found.items() if result is None]
        if alone and unfinished[:1] == list(keys[:1]):
            self.troubles.append(
                f"{keys[0]}: the time of a tick is too short to list its folders; narrow "
                "remote_dir_regex, or raise time_budget_seconds and Dagster's own limit"
            )
            return [*unfinished[1:], keys[0]]
        return unfinished

    def _survey(
        self,
        session: SFTPSession,
        keys: Sequence[str],
        all_feeds: Sequence[Feed],
        deadline: float,
        known: Directories,
    ) -> dict[str, Found | Permanent | None]:
        if time.monotonic() >= deadline:
            return dict.fromkeys(keys)
        wanted = [self.feeds[key] for key in keys]
        results = survey(wanted, session, deadline=deadline, directories=known, others=all_feeds)
        return dict(zip(keys, results, strict=True))

    @contextmanager
    def _session(self, server: str, deadline: float) -> Iterator[SFTPSession]:
        """Connects once and with little patience: the next tick is soon."""
        timeout = max(_SHORTEST_TIMEOUT, (deadline - time.monotonic()) / 3)
        with (
            _resource(self.context, server) as resource,
            resource.session(attempts=1, timeout=timeout) as session,
        ):
            yield session

    def _note(self, key: str, found: Found | Permanent) -> None:
        feed = self.feeds[key]
        now = time.time()
        if isinstance(found, Permanent):
            if found not in self.permanent:
                self.permanent.append(found)
        else:
            self.requests += self.ledger.update(
                key,
                {partition or "": files for partition, files in found.partitions.items()},
                now,
                self.patience,
                lambda source_version: _runs_of(self.context.instance, source_version),
            )
        arrivals = arrivals_of(feed, found, now, self.ledger.seen_at.get(key))
        self._report(key, arrivals.evaluation())

    def _report(self, key: str, evaluation: AssetCheckEvaluation) -> None:
        """Reports a check's result where it says something new."""
        said = _digest(evaluation)
        if self.ledger.reported.get(key) == said:
            return
        self.ledger.reported[key] = said
        instance = self.context.instance
        check_key = AssetCheckKey(evaluation.asset_key, CHECK_NAME)
        # The cursor of a tick that fails is lost: what was reported is not.
        latest = instance.get_latest_asset_check_evaluation_record(check_key)
        event = latest.event.dagster_event if latest and latest.event else None
        before = event.event_specific_data if event else None
        if not isinstance(before, AssetCheckEvaluation) or _digest(before) != said:
            instance.report_runless_asset_event(evaluation)


def _rotated(feeds: Mapping[str, Feed], first: str) -> list[tuple[str, list[str]]]:
    """Returns each server with the assets of its feeds, beginning with the asset ``first``."""
    keys = list(feeds)
    start = keys.index(first) if first in keys else 0
    servers: dict[str, list[str]] = {}
    for key in keys[start:] + keys[:start]:
        servers.setdefault(feeds[key].ssh_resource_key, []).append(key)
    return list(servers.items())


@contextmanager
def _resource(context: SensorEvaluationContext, server: str) -> Iterator[Any]:
    """Makes one server's resource: what another one lacks must not keep this one from its files."""
    definitions = dict(context.resource_defs or {})
    if context.repository_def is not None:
        definitions = {**context.repository_def.get_top_level_resources(), **definitions}
    if server not in definitions:
        raise ConfigError(f"there is no resource {server}: add it to the definitions")
    with ExitStack() as built:
        try:
            resources = built.enter_context(
                build_resources({server: definitions[server]}, context.instance)
            )
        except Exception as error:  # Dagster's own, whose text may hold a setting's value
            names = ", ".join(sorted(set(re.findall(r'variable "(\w+)"', str(error)))))
            what = f"set {names} in the environment" if names else "look at its fields"
            raise ConfigError(
                f"{server} cannot be set up: {what} ({type(error).__name__})"
            ) from None
        yield getattr(resources, server)


def _digest(evaluation: AssetCheckEvaluation) -> str:
    metadata = {name: str(entry.value) for name, entry in evaluation.metadata.items()}
    said = (evaluation.passed, evaluation.description, sorted(metadata.items()))
    return sha256(repr(said).encode()).hexdigest()[:12]


def _runs_of(instance: DagsterInstance, source_version: str) -> list[RunState]:
    runs = instance.get_runs(RunsFilter(tags={SOURCE_VERSION: source_version}))
    return [_FINISHED.get(run.status, RunState.RUNNING) for run in runs]
