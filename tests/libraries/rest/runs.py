"""Runs of REST assets with the real IO manager, in a storage of their own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fastavro
import pytest
from dagster import (
    AssetsDefinition,
    DagsterEventType,
    DagsterInstance,
    ExecuteInProcessResult,
    materialize,
)

from teamster.core.resources import get_io_managers
from teamster.libraries.rest.resources import RestResource
from tests.libraries.rest.listings import KEY, resource_of
from tests.libraries.rest.server import Api


@dataclass
class Runs:
    """Runs of assets, and what they leave.

    Attributes:
        storage: Where objects lie.
        instance: Remembers the runs.
    """

    storage: Path
    instance: DagsterInstance

    def run(
        self,
        api: Api,
        asset: AssetsDefinition,
        partition_key: str | None = None,
        resource: RestResource | None = None,
        **options: Any,
    ) -> ExecuteInProcessResult:
        """Materializes an asset of the test's own vendor."""
        resources = {"rest_vendor": resource or resource_of(api)}
        return self.materialize(asset, partition_key, resources, **options)

    def materialize(
        self,
        asset: AssetsDefinition,
        partition_key: str | None,
        resources: dict[str, RestResource],
        **options: Any,
    ) -> ExecuteInProcessResult:
        """Materializes an asset."""
        return materialize(
            [asset],
            partition_key=partition_key,
            instance=self.instance,
            resources={**resources, **get_io_managers("kipptaf")},
            **options,
        )

    def rows(self, *hive: str, name: str = "data", key: list[str] = KEY) -> list[dict[str, Any]]:
        """Reads a table's object."""
        with self.storage.joinpath(*key, *hive, name).open("rb") as file:
            return list(fastavro.reader(file))


@contextmanager
def runs_in(folder: Path) -> Iterator[Runs]:
    """Gives runs in a storage of their own; nothing may be left in the spool."""
    spool = folder / "spool"
    spool.mkdir()
    with pytest.MonkeyPatch.context() as patch, DagsterInstance.ephemeral() as instance:
        patch.setenv("TEAMSTER_STORAGE_URL", str(folder / "storage"))
        patch.setenv("TEAMSTER_SPOOL_DIR", str(spool))
        yield Runs(folder / "storage", instance)
        assert not list(spool.iterdir()), "a temporary file is left"


def data_version(result: ExecuteInProcessResult) -> str:
    """Returns the data version of the only materialization."""
    (event,) = [event for event in result.all_events if event.is_step_materialization]
    return str((event.materialization.tags or {})["dagster/data_version"])


def error_of(result: ExecuteInProcessResult) -> tuple[str, str]:
    """Returns the name and text of the error of a run that failed."""
    assert not result.success
    failure = DagsterEventType.STEP_FAILURE
    (event,) = [each for each in result.all_events if each.event_type == failure]
    error = event.step_failure_data.error
    while error and error.cause:
        error = error.cause
    assert error
    return str(error.cls_name), error.message
