"""What every SFTP feed of a vendor must do: inherit it, and give the feed and its files.

A vendor's test file is a dozen lines::

    class TestMyVendor(FeedContract):
        config = Path("src/teamster/code_locations/kipptaf/myvendor/config/assets-files.yaml")
        table = "attendance"
        build = staticmethod(build_sftp_file_asset)
        path = "reports/2026/attendance_2026.csv"
        partition_key = "2025-07-01"
        header = "Student ID,Date,Code"

The contract lays a file out at ``path`` (for an archive, ``member`` in it), and sees that the feed
finds it for its partition and for no other, reads every row, warns of a new column, and leaves the
last object alone when the file is gone.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import fastavro
import pytest
from dagster import AssetsDefinition, materialize

from teamster.core.config import config_from_files
from teamster.core.partitions import hive_parts
from teamster.core.resources import get_io_managers
from teamster.libraries.sftp.assets import feed_of
from teamster.libraries.sftp.survey import partitions_present
from tests.libraries.sftp.vendor import Vendor, check_of, metadata_of, zip_of

ROOT = Path(__file__).resolve().parents[3]


class FeedContract:
    """Inherit this; see the module's docstring."""

    config: ClassVar[str]
    table: ClassVar[str]
    build: ClassVar[Callable[..., AssetsDefinition]]
    path: ClassVar[str]
    member: ClassVar[str | None] = None
    partition_key: ClassVar[str | None] = None
    header: ClassVar[str]
    rows: ClassVar[int] = 3

    @pytest.fixture
    def asset(self) -> AssetsDefinition:
        entries = config_from_files([ROOT / self.config])["assets"]
        (entry,) = [entry for entry in entries if entry["asset_key"][-1] == self.table]
        return type(self).build(**entry)

    def lay_out(self, vendor: Vendor, header: str) -> Path:
        width = len(header.split(","))
        lines = [",".join(f"{row}" for _ in range(width)) for row in range(self.rows)]
        text = "\n".join([header, *lines, ""])
        return vendor.put(self.path, zip_of({self.member: text}) if self.member else text)

    def run(self, vendor: Vendor, asset: AssetsDefinition, **options: Any) -> Any:
        feed = feed_of(asset)
        assert feed
        return materialize(
            [asset],
            partition_key=self.partition_key,
            resources={feed.ssh_resource_key: vendor.resource, **get_io_managers("any")},
            **options,
        )

    def object_path(self, vendor: Vendor, asset: AssetsDefinition) -> Path:
        hive = hive_parts(asset.partitions_def, self.partition_key) if self.partition_key else []
        return vendor.storage.joinpath(*asset.key.path, *hive, "data")

    def test_every_row_arrives(self, quick_vendor: Vendor, asset: AssetsDefinition) -> None:
        self.lay_out(quick_vendor, self.header)
        result = self.run(quick_vendor, asset)
        assert metadata_of(result)["records"] == self.rows
        assert check_of(result).passed
        with self.object_path(quick_vendor, asset).open("rb") as file:
            assert sum(1 for _ in fastavro.reader(file)) == self.rows

    def test_the_file_belongs_to_its_partition_and_no_other(
        self, quick_vendor: Vendor, asset: AssetsDefinition
    ) -> None:
        feed = feed_of(asset)
        assert feed
        self.lay_out(quick_vendor, self.header)
        with quick_vendor.resource.session() as session:
            assert list(partitions_present(feed, session)) == [self.partition_key]

    def test_a_new_column_is_a_warning_by_its_name(
        self, quick_vendor: Vendor, asset: AssetsDefinition
    ) -> None:
        self.lay_out(quick_vendor, f"{self.header},never_seen_before")
        check = check_of(self.run(quick_vendor, asset))
        assert not check.passed
        assert check.metadata["extras"].value == "never_seen_before"

    def test_a_missing_file_leaves_the_last_object_alone(
        self, quick_vendor: Vendor, asset: AssetsDefinition
    ) -> None:
        laid_out = self.lay_out(quick_vendor, self.header)
        self.run(quick_vendor, asset)
        before = self.object_path(quick_vendor, asset).read_bytes()
        laid_out.unlink()
        self.run(quick_vendor, asset, raise_on_error=False)
        assert self.object_path(quick_vendor, asset).read_bytes() == before
