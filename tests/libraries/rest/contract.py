"""What every REST asset of a vendor must do: inherit it, and give the asset and the vendor's API.

A vendor's test file is two dozen lines::

    class TestMyVendor(RestContract):
        config = "src/teamster/code_locations/kipptaf/myvendor/config/assets-api.yaml"
        table = "reports"
        build = staticmethod(build_myvendor_asset)
        expected = 23

        def app(self) -> App:
            return MyVendor(records=23)      # written from the vendor's documentation

        def resource(self, api: Api, secret: str) -> RestResource:
            return MyVendorResource(base_url=api.url, token=secret, **QUICK)

The API must know :attr:`secret` as the one right credential, answer another one as the vendor does,
and have :attr:`canary` in some values of its records. The contract sees that every record arrives
once, whatever faults lie in the way; that a run that failed leaves the last object alone; that what
is wrong with the credential, the answer or the shape is told; and that neither secret nor canary
is shown anywhere.
"""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
from dagster import AssetsDefinition, ExecuteInProcessResult

from teamster.core.config import config_from_files
from teamster.core.partitions import hive_parts
from teamster.libraries.rest.assets import endpoint_of
from teamster.libraries.rest.endpoints import Endpoint
from teamster.libraries.rest.paths import look_up
from teamster.libraries.rest.resources import RestResource
from tests.libraries.rest.runs import Runs, error_of, runs_in
from tests.libraries.rest.server import Answered, Api, App, Asked, Fault, serving
from tests.libraries.sftp.vendor import check_of

ROOT = Path(__file__).resolve().parents[3]
QUICK = {"first_wait": 0.001, "longest_wait": 0.01, "timeout": 1}
FAULTS: list[Fault] = ["429", "502", "reset", "truncated", "short", "429 date", "html 503", "slow"]


class RestContract:
    """Inherit this; see the module's docstring."""

    config: ClassVar[str]
    table: ClassVar[str]
    build: ClassVar[Callable[..., AssetsDefinition]]
    partition_key: ClassVar[str | None] = None
    expected: ClassVar[int]
    secret: ClassVar[str] = "s3cret-canary"
    canary: ClassVar[str] = "canary9"

    def app(self) -> App:
        """Returns the vendor's API, fresh."""
        raise NotImplementedError

    def resource(self, api: Api, secret: str) -> RestResource:
        """Returns the resource for the API, with a credential."""
        raise NotImplementedError

    @pytest.fixture
    def asset(self) -> AssetsDefinition:
        return self.make()

    def make(self) -> AssetsDefinition:
        """Makes the asset, of the YAML's entry."""
        entries = config_from_files([ROOT / self.config])["assets"]
        (entry,) = [entry for entry in entries if self.table in self.names_of(entry)]
        return type(self).build(**entry)

    @staticmethod
    def names_of(entry: dict[str, Any]) -> list[str]:
        """Returns the texts by which an entry of the YAML may be known."""
        return [str(entry.get(name)) for name in ("name", "table", "endpoint")] + [
            str((entry.get("asset_key") or [""])[-1])
        ]

    @pytest.fixture
    def runs(self, tmp_path: Path) -> Iterator[Runs]:
        with runs_in(tmp_path) as made:
            yield made

    def run(
        self, runs: Runs, api: Api, asset: AssetsDefinition, secret: str | None = None
    ) -> ExecuteInProcessResult:
        endpoint = self.endpoint(asset)
        resource = self.resource(api, secret or self.secret)
        return runs.materialize(
            asset,
            self.partition_key,
            {endpoint.rest_resource_key: resource},
            raise_on_error=False,
        )

    @staticmethod
    def endpoint(asset: AssetsDefinition) -> Endpoint:
        endpoint = endpoint_of(asset)
        assert endpoint
        return endpoint

    def rows(self, runs: Runs, asset: AssetsDefinition) -> list[dict[str, Any]]:
        hive = hive_parts(asset.partitions_def, self.partition_key) if self.partition_key else []
        return runs.rows(*hive, key=list(asset.key.path))

    def test_every_record_arrives_once(self, runs: Runs, asset: AssetsDefinition) -> None:
        with serving(self.app()) as api:
            result = self.run(runs, api, asset)
        assert result.success, error_of(result)
        assert check_of(result).passed, check_of(result).metadata
        rows = self.rows(runs, asset)
        assert len(rows) == self.expected
        assert self.canary in str(rows), "the records lack the canary"
        assert len({str(row) for row in rows}) == self.expected

    @pytest.mark.parametrize("first", range(2))
    def test_faults_in_the_way_change_nothing(
        self, runs: Runs, asset: AssetsDefinition, first: int
    ) -> None:
        with serving(self.app()) as api:
            self.run(runs, api, asset)
            undisturbed = self.rows(runs, asset)
            start = len(api.asked) + first
            api.faults = {start + 2 * number: FAULTS[number % len(FAULTS)] for number in range(40)}
            result = self.run(runs, api, asset)
            assert result.success, error_of(result)
        assert self.rows(runs, asset) == undisturbed

    def test_a_run_that_failed_leaves_the_last_object(
        self, runs: Runs, asset: AssetsDefinition
    ) -> None:
        with serving(self.app()) as api:
            self.run(runs, api, asset)
            before = self.rows(runs, asset)
            api.faults = {len(api.asked) + number: "502" for number in range(2, 99)}
            assert error_of(self.run(runs, api, asset))[0] == "ServerUnavailable"
            assert self.rows(runs, asset) == before
            api.faults = {}
            assert self.run(runs, api, asset).success
        assert self.rows(runs, asset) == before

    def test_a_wrong_credential_is_told(self, runs: Runs, asset: AssetsDefinition) -> None:
        with serving(self.app()) as api:
            name, text = error_of(self.run(runs, api, asset, "another-s3cret"))
        assert name in ("AuthenticationFailed", "PermissionRefused"), text
        assert "another-s3cret" not in text

    def test_an_answer_of_another_shape_is_told(self, runs: Runs, asset: AssetsDefinition) -> None:
        bodies = (f"<html>{self.canary}</html>".encode(), {"oops": self.canary}, self.canary)
        for body in bodies:
            with serving(self._instead(self.app(), body)) as api:
                name, text = error_of(self.run(runs, api, asset))
            assert name in ("UnexpectedAnswer", "AuthenticationFailed", "NoRecords"), text
            assert self.canary not in text

    def test_a_new_field_is_a_warning_by_its_name(
        self, runs: Runs, asset: AssetsDefinition
    ) -> None:
        with serving(self._with_a_field(self.app(), self.endpoint(asset))) as api:
            result = self.run(runs, api, asset)
        assert result.success, error_of(result)
        assert check_of(result).metadata["extras"].value == "never_seen_before"
        assert len(self.rows(runs, asset)) == self.expected

    def test_neither_secret_nor_record_is_shown(
        self,
        runs: Runs,
        asset: AssetsDefinition,
        caplog: pytest.LogCaptureFixture,
        capfd: pytest.CaptureFixture[str],
    ) -> None:
        caplog.set_level(logging.DEBUG)
        results = []
        with serving(self.app()) as api:
            results.append(self.run(runs, api, asset))
            results.append(self.run(runs, api, asset, "another-s3cret"))
            api.faults = {len(api.asked) + number: "truncated" for number in range(99)}
            results.append(self.run(runs, api, asset))
        events = [str(event) for result in results for event in result.all_events]
        shown = f"{caplog.text}{''.join(capfd.readouterr())}{events}"
        for hidden in (self.secret, "another-s3cret", self.canary):
            assert hidden not in shown

    def _instead(self, app: App, body: Any) -> App:
        def answer(asked: Asked) -> Answered:
            return app(asked) if asked.method == "POST" else Answered(body)

        return answer

    def _with_a_field(self, app: App, endpoint: Endpoint) -> App:
        request = endpoint.request

        def answer(asked: Asked) -> Answered:
            answered = app(asked)
            body = json.loads(answered.content) if answered.content else None
            found = look_up(body, request.records)
            for element in found if isinstance(found, list) else []:
                record = look_up(element, request.record)
                if isinstance(record, dict):
                    record["never_seen_before"] = 1
            return Answered(body, answered.status, answered.headers)

        return answer
