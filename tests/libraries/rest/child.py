"""Materializes an endpoint in a process of its own: prints rows, seconds, and the memory's peak.

``python -m tests.libraries.rest.child URL SIZE typed|text``, in an environment that says where to
write; SIZE is that of a page.
"""

import json
import resource as usage
import sys
import time

from dagster import DagsterInstance, materialize
from pydantic import BaseModel

from teamster.core.resources import get_io_managers
from teamster.core.schema import text_model
from teamster.libraries.rest.assets import build_rest_asset
from teamster.libraries.rest.resources import RestResource


class School(BaseModel):
    id: int | None = None
    name: str | None = None


class Student(BaseModel):
    id: int | None = None
    name: str | None = None
    grade: int | None = None
    gpa: float | None = None
    active: bool | None = None
    updated: str | None = None
    school: School | None = None


SCHEMAS = {"typed": Student, "text": text_model("student", list(Student.model_fields))}


def main(url: str, size: int, schema: str) -> None:
    asset = build_rest_asset(
        ["kipptaf", "vendor", "students"],
        "/students",
        "rest_vendor",
        SCHEMAS[schema],
        records="data",
        pagination={"type": "offset", "size": size},
        total={"type": "body", "path": "total"},
        key="id",
    )
    resources = {"rest_vendor": RestResource(base_url=url), **get_io_managers("kipptaf")}
    with DagsterInstance.ephemeral() as instance:
        began = time.perf_counter()
        result = materialize([asset], instance=instance, resources=resources)
        seconds = time.perf_counter() - began
    (event,) = [event for event in result.all_events if event.is_step_materialization]
    rows = event.materialization.metadata["records"].value
    peak = usage.getrusage(usage.RUSAGE_SELF).ru_maxrss / 1024  # MiB; Linux counts in KiB
    print(json.dumps({"rows": rows, "seconds": seconds, "peak": peak}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
