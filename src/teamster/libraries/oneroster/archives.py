"""OneRoster's asset factory for the CSV files of an archive."""

from collections.abc import Sequence
from typing import Any, Unpack

from dagster import AssetsDefinition, PartitionsDefinition, TimeWindowPartitionsDefinition

from teamster.core.config import place_of
from teamster.core.errors import ConfigError
from teamster.core.partitions import PartitionsLike
from teamster.core.schema import SchemaLike
from teamster.libraries.oneroster.manifest import Deltas, ManifestLook
from teamster.libraries.sftp.assets import build_sftp_archive_asset, feed_of
from teamster.libraries.sftp.options import SftpOptions

_LONGEST_WINDOW_HOURS = 25  # a day on which clocks are put back


def build_oneroster_archive_asset(
    asset_key: Sequence[str],
    remote_dir_regex: str,
    remote_file_regex: str,
    archive_file_regex: str,
    ssh_resource_key: str,
    avro_schema: SchemaLike,
    partitions_def: PartitionsLike | None = None,
    deltas: Deltas = "fail",
    manifest_required: bool = False,
    **options: Unpack[SftpOptions],
) -> AssetsDefinition:
    """Makes an asset of one CSV file of a OneRoster archive, as its ``manifest.csv`` says.

    A file that the manifest calls ``absent`` is no failure: nothing is written. A ``delta`` holds
    what changed since the archive before, and never takes the place of bulk data.

    Args:
        asset_key: See :func:`~teamster.libraries.sftp.assets.build_sftp_archive_asset`, as for the
            other arguments.
        remote_dir_regex: The archive's folder.
        remote_file_regex: The archive's name.
        archive_file_regex: The file's name in it.
        ssh_resource_key: The server.
        avro_schema: The records' schema.
        partitions_def: Partitions.
        deltas: What becomes of a delta file: the run fails, or with ``keep`` it is written to the
            partition of its delivery, which takes a dimension of days or hours.
        manifest_required: Whether an archive without manifest fails. Microsoft's have none.
        **options: See :class:`~teamster.libraries.sftp.options.SftpOptions`.

    Returns:
        An asset with the check ``avro_schema_valid``, written by ``io_manager_gcs_avro``.

    Raises:
        ConfigError: An argument is wrong; the error names the place in the YAML where it has one.
    """
    asset = build_sftp_archive_asset(
        asset_key,
        remote_dir_regex,
        remote_file_regex,
        archive_file_regex,
        ssh_resource_key,
        avro_schema,
        partitions_def,
        look=ManifestLook(deltas, manifest_required),
        **options,
    )
    feed = feed_of(asset)
    assert feed is not None
    problem = ""
    if deltas not in ("fail", "keep"):
        problem = "deltas must be fail or keep"
    elif deltas == "keep" and not any(map(_is_short_window, feed.dimensions.values())):
        problem = (
            "deltas: keep takes a partition dimension of days or hours, carried by the path or by "
            "partition_sources: {date: mtime}: in one partition each delta would overwrite what "
            "came before"
        )
    if problem:
        place = place_of(asset_key)
        key = feed.asset_key.to_user_string()
        raise ConfigError(f"{f'{place}: ' if place else ''}{key}: {problem}")
    return asset


def _is_short_window(definition: PartitionsDefinition[Any]) -> bool:
    if not isinstance(definition, TimeWindowPartitionsDefinition):
        return False
    window = definition.get_first_partition_window()
    if window is None:
        return False
    return (window.end - window.start).total_seconds() <= _LONGEST_WINDOW_HOURS * 3600
