"""One run of a REST asset: read into the spool, then rows through which the IO manager pulls."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

from dagster import AssetCheckResult, AssetExecutionContext, DataVersion, Output

from teamster.core.documents import DocumentFit
from teamster.core.drift import FieldsSeen
from teamster.core.errors import NoRecords
from teamster.core.fingerprint import fingerprint
from teamster.core.quarantine import Quarantine
from teamster.core.record_assets import OUTPUT, guard_of, results_of_checks
from teamster.core.records import Records, Tally
from teamster.core.schema import column_name
from teamster.core.storage import private_spool
from teamster.libraries.rest.endpoints import Endpoint
from teamster.libraries.rest.reading import Reading
from teamster.libraries.rest.since import Changes
from teamster.libraries.rest.spool import RecordSpool


def materialize_endpoint(
    endpoint: Endpoint, context: AssetExecutionContext
) -> Iterator[Output[Any] | AssetCheckResult]:
    """Reads the partition that the context asks for, and hands its records on.

    Args:
        endpoint: The endpoint.
        context: The run's.

    Yields:
        The output, ``(records, schema)``, and behind it the results of the checks that are asked
        for. Nothing, where there are no records and the endpoint skips such runs.

    Raises:
        TeamsterError: See ``teamster.core.errors``.
    """
    partition_key = context.partition_key if context.has_partition_key else None
    since = endpoint.request.since
    changes = Changes(endpoint, since, context) if since else None
    with ExitStack() as resources:
        folder = resources.enter_context(private_spool())
        spool = resources.enter_context(
            RecordSpool(folder / "records", endpoint.request.key, endpoint.request.record)
        )
        resource = getattr(context.resources, endpoint.rest_resource_key)
        with resource.session(endpoint.values_of_key(partition_key)) as session:
            reading = Reading(session, endpoint, endpoint.placeholders_of_key(partition_key))
            _read(reading, spool, changes)
        only_changes = changes is not None and changes.last is not None
        if not (spool.count or only_changes or _may_be_empty(endpoint, reading, context)):
            return
        kept = resources.pop_all()  # the records close what they read from
        with _records(endpoint, spool, changes, kept) as records:
            yield from _handed_on(endpoint, context, records, _found(reading, spool, changes))


@dataclass(frozen=True)
class _Found:
    """What is said of a read.

    Attributes:
        data_version: Changes when the records, or what is made of them, do.
        metadata: Where the output came from.
    """

    data_version: str
    metadata: Mapping[str, Any]


def _read(reading: Reading, spool: RecordSpool, changes: Changes | None) -> None:
    if changes is None:
        reading.read(spool)
        return
    changes.ask_mark(reading.session)
    reading.more_params = changes.params(reading.values)
    reading.read(spool)
    changes.note_clock(reading.session)


def _handed_on(
    endpoint: Endpoint, context: AssetExecutionContext, records: Records, found: _Found
) -> Iterator[Output[Any] | AssetCheckResult]:
    guard = guard_of(context, endpoint.asset, endpoint.asset_key, endpoint.partitions_def)
    if guard is not None:
        records.guard = guard.held_back_by(context.instance.report_runless_asset_event)
    context.set_data_version(endpoint.asset_key, DataVersion(found.data_version))
    yield Output((records, endpoint.schema), OUTPUT, metadata=dict(found.metadata))
    yield from results_of_checks(context, endpoint.asset_key, endpoint.schema, records, guard)


def _may_be_empty(endpoint: Endpoint, reading: Reading, context: AssetExecutionContext) -> bool:
    """Tells whether no records are to be written; raises if they are a failure."""
    when_empty = endpoint.request.when_empty
    if when_empty == "write" or (when_empty is None and reading.stated == 0):
        return True
    said = f"{reading.session.host}: GET {endpoint.path.source}: the answer has no records"
    if when_empty == "skip":
        context.log.info("nothing written, the last object stays as it is: %s", said)
        return False
    raise NoRecords(
        f"{said}, and the last object stays as it is. Where that can be, set when_empty: write, or "
        "skip to leave the last object alone"
    )


def _records(
    endpoint: Endpoint, spool: RecordSpool, changes: Changes | None, kept: ExitStack
) -> Records:
    options = endpoint.fit
    quarantine = Quarantine(spool.path.parent, options.max_rejected_rows)
    kept.enter_context(quarantine)
    tally = Tally(FieldsSeen(endpoint.schema), quarantine)
    fit = DocumentFit(
        f"GET {endpoint.path.source}",
        endpoint.schema,
        tally,
        quarantine,
        partial(
            column_name,
            slugify_cols=options.slugify_cols,
            replacements=options.slugify_replacements,
        ),
        frozenset(options.ignore_cols),
        may_be_empty=changes is not None,
    )
    rows = fit.rows(spool.documents())
    if changes is not None:
        rows = changes.rows(rows)
    # What is laid over an older object comes from there as it is: it is looked at as it is written.
    fitted = changes is None
    return Records(rows, endpoint.schema, tally=tally, resources=kept, fitted=fitted)


def _found(reading: Reading, spool: RecordSpool, changes: Changes | None) -> _Found:
    endpoint = reading.endpoint
    digest = sha256(fingerprint(endpoint.schema).encode())
    digest.update(endpoint.fit.model_dump_json().encode())
    digest.update(spool.digest.encode())
    version = digest.hexdigest()
    metadata: dict[str, Any] = {
        "endpoint": endpoint.path.source,
        "requests": reading.session.requests,
        "pages": reading.pages,
    }
    if reading.stated is not None:
        metadata["stated_total"] = reading.stated
    if changes is None:
        return _Found(version, metadata)
    metadata |= {"changes": spool.count, **changes.metadata(version)}
    return _Found(changes.data_version(version, spool.count), metadata)
