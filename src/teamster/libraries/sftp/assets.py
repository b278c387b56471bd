"""Asset factories for files on SFTP servers: one file, one archive member, or a folder's files."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Unpack

from dagster import AssetsDefinition

from teamster.core.partitions import PartitionsLike
from teamster.core.record_assets import MadeBy, record_asset
from teamster.core.schema import SchemaLike
from teamster.libraries.sftp.feed import Feed, make_feed
from teamster.libraries.sftp.inspecting import Look
from teamster.libraries.sftp.materializing import materialize_feed
from teamster.libraries.sftp.options import SftpOptions

_FEEDS: MadeBy[Feed] = MadeBy("an SFTP factory")


def build_sftp_file_asset(
    asset_key: Sequence[str],
    remote_dir_regex: str,
    remote_file_regex: str,
    ssh_resource_key: str,
    avro_schema: SchemaLike,
    partitions_def: PartitionsLike | None = None,
    **options: Unpack[SftpOptions],
) -> AssetsDefinition:
    r"""Makes an asset of the one remote file that matches; several are an error.

    Args:
        asset_key: ``[code_location, integration, table_name]``.
        remote_dir_regex: Regular expression of the folder, e.g.
            ``r"/reports/(?P<fiscal_year>\d{4})/"``. Named groups are partition dimensions: at run
            time each is replaced by the partition's value.
        remote_file_regex: Regular expression of the file's whole name.
        ssh_resource_key: Key of the :class:`~teamster.libraries.ssh.resources.SSHResource`.
        avro_schema: The records' schema: plain data, a Pydantic model, or "package.module:Name".
        partitions_def: Partitions, as a definition or as plain data.
        **options: See :class:`~teamster.libraries.sftp.options.SftpOptions`.

    Returns:
        An asset with the check ``avro_schema_valid``, written by ``io_manager_gcs_avro``.

    Raises:
        ConfigError: An argument is wrong; the error names the place in the YAML where it has one.
    """
    return _build(make_feed("file", _core(locals()), options))


def build_sftp_archive_asset(
    asset_key: Sequence[str],
    remote_dir_regex: str,
    remote_file_regex: str,
    archive_file_regex: str,
    ssh_resource_key: str,
    avro_schema: SchemaLike,
    partitions_def: PartitionsLike | None = None,
    look: Look | None = None,
    **options: Unpack[SftpOptions],
) -> AssetsDefinition:
    """Makes an asset of the one member that matches of the one zip archive that matches.

    Args:
        asset_key: ``[code_location, integration, table_name]``.
        remote_dir_regex: See :func:`build_sftp_file_asset`.
        remote_file_regex: Regular expression of the archive's whole name.
        archive_file_regex: Regular expression of the member's whole name, or of its last part;
            named groups are partition dimensions here too.
        ssh_resource_key: See :func:`build_sftp_file_asset`.
        avro_schema: See :func:`build_sftp_file_asset`.
        partitions_def: See :func:`build_sftp_file_asset`.
        look: For a vendor's library: looks into the archive before the member is taken, and may
            raise, :class:`~teamster.libraries.sftp.inspecting.DeclaredAbsent` to skip the run.
        **options: See :class:`~teamster.libraries.sftp.options.SftpOptions`.

    Returns:
        An asset with the check ``avro_schema_valid``, written by ``io_manager_gcs_avro``.

    Raises:
        ConfigError: An argument is wrong; the error names the place in the YAML where it has one.
    """
    return _build(make_feed("archive", _core(locals()), options, archive_file_regex, look))


def build_sftp_folder_asset(
    asset_key: Sequence[str],
    remote_dir_regex: str,
    remote_file_regex: str,
    ssh_resource_key: str,
    avro_schema: SchemaLike,
    partitions_def: PartitionsLike | None = None,
    **options: Unpack[SftpOptions],
) -> AssetsDefinition:
    """Makes an asset of all remote files that match, their rows joined in the order of the paths.

    Args:
        asset_key: ``[code_location, integration, table_name]``.
        remote_dir_regex: See :func:`build_sftp_file_asset`.
        remote_file_regex: See :func:`build_sftp_file_asset`.
        ssh_resource_key: See :func:`build_sftp_file_asset`.
        avro_schema: See :func:`build_sftp_file_asset`.
        partitions_def: See :func:`build_sftp_file_asset`.
        **options: See :class:`~teamster.libraries.sftp.options.SftpOptions`.

    Returns:
        An asset with the check ``avro_schema_valid``, written by ``io_manager_gcs_avro``.

    Raises:
        ConfigError: An argument is wrong; the error names the place in the YAML where it has one.
    """
    return _build(make_feed("folder", _core(locals()), options))


def _core(arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if name != "options"}


def _build(feed: Feed) -> AssetsDefinition:
    asset = record_asset(
        asset_key=feed.asset_key,
        schema=feed.schema,
        partitions_def=feed.partitions_def,
        options=feed.asset,
        resource_keys={feed.ssh_resource_key},
        metadata=_patterns_shown(feed),
        kinds={"file", "avro"},
        body=partial(materialize_feed, feed),
    )
    _FEEDS.note(asset, feed)
    return asset


def feed_of(definition: AssetsDefinition) -> Feed | None:
    """Returns the feed behind an asset that one of these factories made, else None."""
    return _FEEDS.of(definition)


def feeds_of(assets: Iterable[AssetsDefinition]) -> Iterator[Feed]:
    """Yields the feeds behind assets.

    Raises:
        ConfigError: One of them was not made by these factories.
    """
    return _FEEDS.of_all(assets)


def _patterns_shown(feed: Feed) -> dict[str, str]:
    """Returns what people want to see of a feed in the UI."""
    patterns = feed.patterns
    shown = {
        "ssh_resource_key": feed.ssh_resource_key,
        "remote_dir_regex": patterns.folder.source,
        "remote_file_regex": patterns.file.source,
    }
    if patterns.member:
        shown["archive_file_regex"] = patterns.member.source
    return shown
