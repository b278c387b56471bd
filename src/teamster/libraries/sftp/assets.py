"""Asset factories for files on SFTP servers: one file, one archive member, or a folder's files."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any, Unpack
from weakref import WeakKeyDictionary

from dagster import (
    AssetCheckResult,
    AssetExecutionContext,
    AssetOut,
    AssetsDefinition,
    DataVersion,
    MetadataValue,
    OpDefinition,
    Output,
    TableColumn,
    TableRecord,
    TableSchema,
    multi_asset,
)

from teamster.core.asset_checks import (
    CHECK_NAME,
    build_check_spec_avro_schema_valid,
    check_avro_schema_valid,
)
from teamster.core.errors import ConfigError, NoMatchingFile
from teamster.core.io_managers import column_schema
from teamster.core.partitions import PartitionsLike
from teamster.core.records import Records
from teamster.core.schema import SchemaLike, fingerprint
from teamster.core.storage import private_spool
from teamster.libraries.sftp.archives import gunzipped, unpack
from teamster.libraries.sftp.feed import Feed, PartitionValues, make_feed
from teamster.libraries.sftp.matching import files_of_partition
from teamster.libraries.sftp.options import SftpOptions
from teamster.libraries.sftp.reading import read_records
from teamster.libraries.ssh.files import LocalFile
from teamster.libraries.ssh.session import SFTPSession

_FEEDS: "WeakKeyDictionary[OpDefinition, Feed]" = WeakKeyDictionary()
"""Asset's op -> feed. Dagster keeps the op when it derives an asset from an asset."""

_FILES_SHOWN = 100
_OUTPUT = "result"


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
        **options: See :class:`~teamster.libraries.sftp.options.SftpOptions`.

    Returns:
        An asset with the check ``avro_schema_valid``, written by ``io_manager_gcs_avro``.

    Raises:
        ConfigError: An argument is wrong; the error names the place in the YAML where it has one.
    """
    return _build(make_feed("archive", _core(locals()), options, archive_file_regex))


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
        metadata={"dagster/column_schema": column_schema(feed.schema), **_patterns_shown(feed)},
    )

    # With can_subset the output of the check is optional too: without a file there is none.
    @multi_asset(
        name="__".join(path),
        outs={_OUTPUT: out},
        op_tags=options.op_tags,
        pool=options.pool,
        partitions_def=feed.partitions_def,
        required_resource_keys={feed.ssh_resource_key},
        check_specs=[build_check_spec_avro_schema_valid(feed.asset_key)],
        can_subset=True,
    )
    def _asset(
        context: AssetExecutionContext,
    ) -> Iterator[Output[Any] | AssetCheckResult]:
        if feed.asset_key not in context.selected_asset_keys:
            raise ConfigError(f"{CHECK_NAME} looks at records as they pass: materialize the asset")
        yield from _materialize(feed, context)

    _FEEDS[_asset.op] = feed
    return _asset


def feed_of(definition: AssetsDefinition) -> Feed | None:
    """Returns the feed behind an asset that one of these factories made, else None."""
    return _FEEDS.get(definition.op) if definition.is_executable else None


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


def _materialize(
    feed: Feed, context: AssetExecutionContext
) -> Iterator[Output[Any] | AssetCheckResult]:
    """Runs the stages: list, match, fetch, unpack, read; the IO manager pulls the rows through."""
    values = feed.values_of_key(context.partition_key if context.has_partition_key else None)
    with ExitStack() as resources:
        spool = resources.enter_context(private_spool())
        try:
            with getattr(context.resources, feed.ssh_resource_key).session() as session:
                files = _fetch(feed, session, values, spool)
            files = _unpack(feed, files, values, spool)
        except NoMatchingFile as error:
            if feed.match.when_missing == "fail":
                raise
            context.log.info("nothing written, the last object stays as it is: %s", error)
            return
        with _records(feed, files, spool, resources) as records:
            context.set_data_version(feed.asset_key, _data_version(feed, files))
            yield Output((records, feed.schema), _OUTPUT, metadata=_provenance(files))
            for warning in records.summary.warnings:
                context.log.warning(warning)
            if context.selected_asset_check_keys:
                yield check_avro_schema_valid(feed.asset_key, records, feed.schema)


def _records(feed: Feed, files: Sequence[LocalFile], spool: Path, resources: ExitStack) -> Records:
    return read_records(files, feed.schema, feed.read, spool, resources.pop_all())


def _fetch(
    feed: Feed, session: SFTPSession, values: PartitionValues, spool: Path
) -> list[LocalFile]:
    return session.fetch(files_of_partition(feed, session, values), spool)


def _unpack(
    feed: Feed, files: Sequence[LocalFile], values: PartitionValues, spool: Path
) -> list[LocalFile]:
    limit = feed.read.max_unpacked_bytes
    if feed.patterns.member is None:
        return [
            gunzipped(file, spool / f"gunzipped-{number}", limit)
            for number, file in enumerate(files)
        ]
    pattern = feed.patterns.member.bind(values)
    members: list[LocalFile] = []
    for number, archive in enumerate(files):
        folder = spool / f"archive-{number}"
        folder.mkdir()
        members += unpack(archive, pattern, feed.select, folder, limit)
    return members


def _provenance(files: Sequence[LocalFile]) -> dict[str, Any]:
    """Returns metadata that says which remote files an output was made of."""
    shown = [
        TableRecord(
            {
                "path": file.remote.path,
                "member": file.member or "",
                "size": file.remote.size,
                "mtime": file.remote.mtime.isoformat(),
            }
        )
        for file in files[:_FILES_SHOWN]
    ]
    columns = [TableColumn(name, kind) for name, kind in _PROVENANCE_COLUMNS.items()]
    return {
        "source_files": MetadataValue.table(shown, TableSchema(columns)),
        "source_file_count": len(files),
        "source_size": sum(file.remote.size for file in files),
        "source_mtime": MetadataValue.timestamp(max(file.remote.mtime for file in files)),
    }


_PROVENANCE_COLUMNS = {"path": "string", "member": "string", "size": "int", "mtime": "string"}


def _data_version(feed: Feed, files: Sequence[LocalFile]) -> DataVersion:
    """Returns a version that changes when the files' content, or what is made of it, does."""
    digest = sha256(fingerprint(feed.schema).encode())
    digest.update(feed.read.model_dump_json().encode())
    for file in files:
        digest.update(f"{file.name}\0{file.sha256}\0".encode())
    return DataVersion(digest.hexdigest())
