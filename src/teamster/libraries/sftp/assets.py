"""Asset factories for files on SFTP servers: one file, one archive member, or a folder's files."""

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, Unpack
from weakref import WeakKeyDictionary

from dagster import (
    AssetExecutionContext,
    AssetOut,
    AssetsDefinition,
    Field,
    FreshnessPolicy,
    OpDefinition,
    multi_asset,
)

from teamster.core.asset_checks import CHECK_NAME, build_check_spec_avro_schema_valid
from teamster.core.asset_schemas import declare_schema
from teamster.core.durations import overdue_after
from teamster.core.errors import ConfigError
from teamster.core.io_managers import column_schema
from teamster.core.partitions import PartitionsLike
from teamster.core.schema import SchemaLike
from teamster.core.volume import APPROVAL, build_check_spec_volume
from teamster.libraries.sftp.feed import Feed, make_feed
from teamster.libraries.sftp.inspecting import Look
from teamster.libraries.sftp.materializing import OUTPUT, materialize_feed
from teamster.libraries.sftp.options import SftpOptions

_FEEDS: "WeakKeyDictionary[OpDefinition, Feed]" = WeakKeyDictionary()
"""Asset's op -> feed. Dagster keeps the op when it derives an asset from an asset."""

_APPROVAL = {
    APPROVAL: Field(
        bool,
        default_value=False,
        is_required=False,
        description="Let a drop through that the check volume holds back.",
    )
}


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
    path = feed.asset_key.path
    options = feed.asset

    checks = [build_check_spec_avro_schema_valid(feed.asset_key)]
    if options.volume:
        checks.append(build_check_spec_volume(feed.asset_key, options.volume))
    out = AssetOut(
        key=feed.asset_key,
        group_name=options.group_name or (path[1] if len(path) > 1 else path[0]),
        description=options.description,
        tags=options.tags,
        owners=options.owners,
        automation_condition=options.automation_condition,
        io_manager_key=options.io_manager_key,
        kinds={"file", "avro"},
        is_required=False,
        freshness_policy=_freshness_policy(options.expected_every),
        metadata={"dagster/column_schema": column_schema(feed.schema), **_patterns_shown(feed)},
    )

    # With can_subset the output of the check is optional too: without a file there is none.
    @multi_asset(
        name="__".join(path),
        outs={OUTPUT: out},
        op_tags=options.op_tags,
        pool=options.pool,
        partitions_def=feed.partitions_def,
        required_resource_keys={feed.ssh_resource_key},
        check_specs=checks,
        config_schema=_APPROVAL if options.volume else None,
        can_subset=True,
    )
    def _asset(context: AssetExecutionContext) -> Iterator[Any]:  # Dagster resolves annotations
        if feed.asset_key not in context.selected_asset_keys:
            raise ConfigError(f"{CHECK_NAME} looks at records as they pass: materialize the asset")
        yield from materialize_feed(feed, context)

    _FEEDS[_asset.op] = feed
    declare_schema(_asset, feed.schema)
    return _asset


@functools.cache
def _freshness_policy(expected_every: timedelta | None) -> FreshnessPolicy | None:
    """Returns Dagster's policy: overdue is a warning, twice the time a failure."""
    if expected_every is None:
        return None
    return FreshnessPolicy.time_window(
        fail_window=2 * expected_every, warn_window=overdue_after(expected_every)
    )


def feed_of(definition: AssetsDefinition) -> Feed | None:
    """Returns the feed behind an asset that one of these factories made, else None."""
    return _FEEDS.get(definition.op) if definition.is_executable else None


def feeds_of(assets: Iterable[AssetsDefinition]) -> Iterator[Feed]:
    """Yields the feeds behind assets.

    Raises:
        ConfigError: One of them was not made by these factories.
    """
    for definition in assets:
        feed = feed_of(definition)
        if feed is None:
            keys = ", ".join(sorted(key.to_user_string() for key in definition.keys))
            raise ConfigError(f"{keys}: no asset of an SFTP factory")
        yield feed


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
