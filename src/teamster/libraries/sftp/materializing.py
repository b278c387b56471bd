"""One run of an SFTP asset: its stages, through which the IO manager pulls the rows."""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import Any

from dagster import AssetCheckResult, AssetExecutionContext, Output

from teamster.core.errors import NoMatchingFile
from teamster.core.record_assets import OUTPUT, guard_of, results_of_checks
from teamster.core.storage import private_spool
from teamster.libraries.sftp.arriving import arriving_files
from teamster.libraries.sftp.feed import Feed
from teamster.libraries.sftp.inspecting import DeclaredAbsent
from teamster.libraries.sftp.reading import read_records
from teamster.libraries.sftp.taken import Taken
from teamster.libraries.ssh.files import LocalFile


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
        server = getattr(context.resources, feed.ssh_resource_key)
        session = resources.enter_context(server.session())
        try:
            files = arriving_files(feed, session, values, spool, resources)
        except NoMatchingFile as error:
            if feed.match.when_missing == "fail" and not isinstance(error, DeclaredAbsent):
                raise
            context.log.info("nothing written, the last object stays as it is: %s", error)
            return
        guard = guard_of(context, feed.asset, feed.asset_key, feed.partitions_def)
        kept = resources.pop_all()  # the records close what they read from
        noted = _noted(feed, context, files)
        with read_records(noted, feed.schema, feed.read, spool, kept) as records:
            if guard is not None:
                records.guard = guard.held_back_by(context.instance.report_runless_asset_event)
            yield Output((records, feed.schema), OUTPUT)
            yield from results_of_checks(context, feed.asset_key, feed.schema, records, guard)


def _noted(
    feed: Feed, context: AssetExecutionContext, files: Iterable[LocalFile]
) -> Iterator[LocalFile]:
    """Hands on files; behind the last one Dagster is told what was taken.

    That is while the output is written: its materialization is made when that is done.
    """
    taken = Taken(feed)
    yield from taken.passing(files)
    context.set_data_version(feed.asset_key, taken.data_version)
    context.add_asset_metadata(taken.metadata, feed.asset_key)
