"""A vendor's server and what feeds make of it."""

import io
import os
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fastavro
from dagster import AssetCheckEvaluation, AssetsDefinition, ExecuteInProcessResult, materialize

from teamster.core.resources import get_io_managers
from teamster.libraries.ssh.resources import SSHResource

KEY = ["kipptaf", "vendor", "table"]
MTIME = datetime(2026, 10, 15, 6, tzinfo=UTC)


@dataclass
class Vendor:
    """A server over a folder, and the storage that feeds write to.

    Attributes:
        root: The folder that the server shows.
        resource: How to log in.
        storage: Where objects lie.
        prefix: What the folder is called on the server: nothing where it is the root.
    """

    root: Path
    resource: SSHResource
    storage: Path
    prefix: str = ""

    def put(self, path: str, content: str | bytes, mtime: datetime = MTIME) -> Path:
        """Puts a file on the server."""
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        os.utime(target, (mtime.timestamp(), mtime.timestamp()))
        return target

    def put_zip(self, path: str, members: Mapping[str, str | bytes]) -> Path:
        """Puts a zip archive on the server."""
        return self.put(path, zip_of(members))

    def login(self, **fields: Any) -> SSHResource:
        """Returns another way to log in: the resource with some fields changed."""
        given = {name: getattr(self.resource, name) for name in SSHResource.model_fields}
        return SSHResource(**{**given, **fields})

    def folder(self, regex: str) -> str:
        """Returns the regular expression of a folder below the server's root."""
        return re.escape(self.prefix) + regex

    def run(
        self, asset: AssetsDefinition, partition_key: str | None = None, **options: Any
    ) -> ExecuteInProcessResult:
        """Materializes an asset."""
        return materialize(
            [asset],
            partition_key=partition_key,
            resources={"ssh_vendor": self.resource, **get_io_managers("kipptaf")},
            **options,
        )

    def object_at(self, *hive: str) -> Path:
        """Returns the path of the table's object."""
        return self.storage.joinpath(*KEY, *hive, "data")

    def rows(self, *hive: str) -> list[dict[str, Any]]:
        """Reads the table's object."""
        with self.object_at(*hive).open("rb") as file:
            return list(fastavro.reader(file))

    def rejected(self, *hive: str) -> list[dict[str, Any]]:
        """Reads the table's quarantine object."""
        with self.object_at(*hive).with_name("quarantine").open("rb") as file:
            return list(fastavro.reader(file))


def zip_of(members: Mapping[str, str | bytes]) -> bytes:
    """Makes a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def metadata_of(result: ExecuteInProcessResult) -> dict[str, Any]:
    """Returns the metadata of the only materialization."""
    (event,) = [event for event in result.all_events if event.is_step_materialization]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def check_of(result: ExecuteInProcessResult) -> AssetCheckEvaluation:
    """Returns the result of the schema check."""
    evaluations = result.get_asset_check_evaluations()
    (check,) = [each for each in evaluations if each.check_name == "avro_schema_valid"]
    return check
