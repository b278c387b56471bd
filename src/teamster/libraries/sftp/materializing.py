"""One run of an SFTP asset: its stages, through which the IO manager pulls the rows."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any

from dagster import (
    AssetCheckResult,
    AssetExecutionContext,
    DataVersion,
    MetadataValue,
    Output,
    TableColumn,
    TableRecord,
    TableSchema,
)

from teamster.core.errors import NoMatchingFile
from teamster.core.fingerprint import fingerprint
from teamster.core.record_assets import OUTPUT, guard_of, results_of_checks
from teamster.core.storage import private_spool
from teamster.libraries.sftp.archives import gunzipped, unpack
from teamster.libraries.sftp.feed import Feed, PartitionValues
from teamster.libraries.sftp.inspecting import DeclaredAbsent, inspect_archive
from teamster.libraries.sftp.matching import files_of_partition
from teamster.libraries.sftp.reading import read_records
from teamster.libraries.ssh.files import LocalFile
from teamster.libraries.ssh.session import SFTPSession

_FILES_SHOWN = 100


def materialize_feed(
    feed: Feed, context: AssetExecutionContext
) -> Iterator[Output[Any] | AssetCheckResult]:
    """Runs the stages for the partition that the context asks for.

    Args:
        feed: The feed.
        context: The run's.

    Yields:
        The output, ``(records, schema)``, and behind it the results of the checks that are asked
        for. Nothing, where no file matches and the feed skips such runs.

    Raises:
        TeamsterError: See ``teamster.core.errors``.
    """
    partition_key = context.partition_key if context.has_partition_key else None
    values = feed.values_of_key(partition_key)
    with ExitStack() as resources:
        spool = resources.enter_context(private_spool())
        try:
            with getattr(context.resources, feed.ssh_resource_key).session() as session:
                files = _fetch(feed, session, values, spool)
            files = _unpack(feed, files, values, spool)
        except NoMatchingFile as error:
            if feed.match.when_missing == "fail" and not isinstance(error, DeclaredAbsent):
                raise
            context.log.info("nothing written, the last object stays as it is: %s", error)
            return
        guard = guard_of(context, feed.asset, feed.asset_key, feed.partitions_def)
        kept = resources.pop_all()  # the records close what they read from
        with read_records(files, feed.schema, feed.read, spool, kept) as records:
            if guard is not None:
                records.guard = guard.held_back_by(context.instance.report_runless_asset_event)
            context.set_data_version(feed.asset_key, _data_version(feed, files))
            yield Output((records, feed.schema), OUTPUT, metadata=_provenance(files))
            yield from results_of_checks(context, feed.asset_key, feed.schema, records, guard)


def _fetch(
    feed: Feed, session: SFTPSession, values: PartitionValues, spool: Path
) -> list[LocalFile]:
    return session.fetch(files_of_partition(feed, session, values), spool)


def _unpack(
    feed: Feed, files: Sequence[LocalFile], values: PartitionValues, spool: Path
) -> list[LocalFile]:
    limits = feed.read.limits
    if feed.patterns.member is None:
        return [
            gunzipped(file, spool / f"gunzipped-{number}", limits.max_bytes)
            for number, file in enumerate(files)
        ]
    pattern = feed.patterns.member.bind(values)
    members: list[LocalFile] = []
    for number, archive in enumerate(files):
        if feed.look is not None:
            inspect_archive(archive, feed.look, pattern, limits)
        folder = spool / f"archive-{number}"
        folder.mkdir()
        members += unpack(archive, pattern, feed.select, folder, limits)
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
