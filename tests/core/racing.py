"""Materializes a partition, in a process of its own, for tests that let two do so at once.

For each line, a partition key, it starts a run that says "half way" when it has read half of its
rows, waits for another line, and then says, as JSON, how the run ended.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

from dagster import DagsterInstance, DynamicPartitionsDefinition, asset, materialize

from teamster.core.drift import FieldsSeen
from teamster.core.io_managers import AvroIOManager
from teamster.core.quarantine import Quarantine
from teamster.core.records import Records, Tally
from teamster.core.schema import resolve_schema, text_model
from teamster.core.storage import private_spool

SCHEMA = resolve_schema(text_model("Row", "who row"))
ROWS = 20_000


def records(who: str, spool: Path) -> Records:
    """Half of the rows, a sign of life, and the other half; and a rejected row."""
    quarantine = Quarantine(spool, max_rejected_rows=1)

    def rows() -> Iterator[dict[str, str]]:
        quarantine.add(who, 1, "too few cells", [who])
        for row in range(ROWS):
            if row == ROWS // 2:
                print("half way", flush=True)
                sys.stdin.readline()
            yield {"who": who, "row": str(row)}

    return Records(rows(), SCHEMA, tally=Tally(FieldsSeen(SCHEMA), quarantine))


def run(root: str, who: str, partition_key: str, spool: Path) -> list[str]:
    @asset(
        key=["kippnewark", "scores"],
        partitions_def=DynamicPartitionsDefinition(name="round"),
        io_manager_key="io_manager_gcs_avro",
    )
    def scores() -> tuple[Records, object]:
        return records(who, spool), SCHEMA

    with DagsterInstance.ephemeral() as instance:
        instance.add_dynamic_partitions("round", [partition_key])
        result = materialize(
            [scores],
            partition_key=partition_key,
            instance=instance,
            resources={"io_manager_gcs_avro": AvroIOManager(root=root)},
            raise_on_error=False,
        )
        failures = result.get_step_failure_events()
        causes = [failure.step_failure_data.error for failure in failures]
        return [str(cause.cause or cause) for cause in causes if cause]


if __name__ == "__main__":
    for line in sys.stdin:
        with private_spool() as folder:
            print(json.dumps(run(sys.argv[1], sys.argv[2], line.strip(), folder)), flush=True)
