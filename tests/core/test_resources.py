"""The resources of a code location, by the environment."""

from pathlib import Path

import pytest
from dagster import DagsterInstance, Definitions, asset
from upath import UPath

from teamster.core.io_managers import AvroIOManager, FileIOManager, PickleIOManager
from teamster.core.resources import (
    get_io_manager_gcs_avro,
    get_io_manager_gcs_file,
    get_io_manager_gcs_pickle,
    get_io_managers,
)
from teamster.core.schema import text_model


def test_each_has_the_storage_of_its_code_location(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEAMSTER_STORAGE_URL", "gs://teamster-{code_location}/dagster")
    root = "gs://teamster-kippnewark/dagster"
    assert get_io_manager_gcs_avro("kippnewark") == AvroIOManager(root=root)
    assert get_io_manager_gcs_file("kippnewark") == FileIOManager(root=root)
    assert get_io_manager_gcs_pickle("kippnewark") == PickleIOManager(root=root)
    assert get_io_manager_gcs_avro().root == "gs://teamster-{code_location}/dagster"


def test_in_definitions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One set of resources serves two code locations, each in its own folder."""
    monkeypatch.setenv("TEAMSTER_STORAGE_URL", f"{tmp_path}/{{code_location}}")

    @asset(key=["kippnewark", "scores"], io_manager_key="io_manager_gcs_avro")
    def of_newark() -> tuple[object, object]:
        return [{"a": "1"}], text_model("Row", "a")

    @asset(key=["kippcamden", "count"])
    def of_camden() -> int:
        return 1

    @asset(key=["kippcamden", "report"], io_manager_key="io_manager_gcs_file")
    def file_of_camden() -> str:
        (tmp_path / "report").write_text("x")
        return str(tmp_path / "report")

    definitions = Definitions([of_newark, of_camden, file_of_camden], resources=get_io_managers())
    job = definitions.resolve_implicit_global_asset_job_def()
    with DagsterInstance.ephemeral() as instance:
        assert job.execute_in_process(instance=instance).success
    written = {path.relative_to(tmp_path).as_posix() for path in UPath(tmp_path).rglob("data")}
    assert written == {
        "kippnewark/kippnewark/scores/data",
        "kippcamden/kippcamden/count/data",
        "kippcamden/kippcamden/report/data",
    }
