"""BigQuery: dbt's sources staged from Avro objects in Cloud Storage.

What dbt reads of a source is a view, over

- an external table, which reads the objects in place and finds new ones by itself; or
- a native table, into which the objects are loaded partition by partition (``bigquery_loads``); or
- nothing, typed, while there is no object.

So a source is there before its first object, and changing from one to another is one statement that
nobody sees half of. Statements are our own, not those of dbt's package ``dbt_external_tables``: the
columns come from the Avro schema that the ingestion writes with, which only Python knows, and the
package would want them in YAML a second time.
"""

import hashlib
import os
from argparse import Namespace
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import NotFound
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery
from upath import UPath

from teamster.core.errors import AuthenticationFailed, ConfigError
from teamster.core.settings import storage_url
from teamster.libraries.dbt.bigquery_errors import explained
from teamster.libraries.dbt.bigquery_loads import drop_older_tables, load_objects
from teamster.libraries.dbt.bigquery_sql import (
    empty_select,
    external_table_sql,
    relation,
    select_from,
    view_sql,
)
from teamster.libraries.dbt.objects import find_objects
from teamster.libraries.dbt.settings import bigquery_load
from teamster.libraries.dbt.sources import AvroSource

EXTERNAL = "__external"
_LABEL = "teamster"
"""Of the view: what it was made by, so that it is not made again without a change."""

_STAGED_AT_ONCE = 8


def connect_bigquery(
    project_dir: Path, profiles_dir: Path, target: str | None = None
) -> bigquery.Client:
    """Opens BigQuery as dbt does: by the profile's project, location, endpoint and credentials.

    Args:
        project_dir: The dbt project's folder, which names its profile.
        profiles_dir: The folder of ``profiles.yml``.
        target: The profile's output; by default the profile's own choice.

    Raises:
        ConfigError: The profile is not what dbt wants.
        AuthenticationFailed: There are no credentials.
    """
    from dbt.adapters.bigquery.credentials import create_google_credentials
    from dbt.config.runtime import load_profile
    from dbt.flags import set_from_args
    from dbt_common.context import set_invocation_context
    from dbt_common.exceptions import DbtBaseException

    set_invocation_context(dict(os.environ))
    set_from_args(Namespace(profiles_dir=str(profiles_dir)), None)
    try:
        credentials: Any = load_profile(str(project_dir), {}, None, target).credentials
    except DbtBaseException as error:
        raise ConfigError(f"dbt's profile for {project_dir.name}: {error}") from None
    if credentials.type != "bigquery":
        raise ConfigError(f"dbt's profile for {project_dir.name} leads to {credentials.type}")
    try:
        google = create_google_credentials(credentials)
    except (GoogleAuthError, DbtBaseException, OSError, ValueError):
        raise AuthenticationFailed(
            "there are no credentials for BigQuery: run `gcloud auth application-default login`, "
            "or set GOOGLE_APPLICATION_CREDENTIALS to a key's file"
        ) from None
    return bigquery.Client(
        credentials.execution_project,
        google,
        location=credentials.location,
        client_options=ClientOptions(
            api_endpoint=credentials.api_endpoint or None,
            quota_project_id=credentials.quota_project,
        ),
    )


def stage_sources(
    client: bigquery.Client, code_location: str, sources: Iterable[Mapping[str, Any]]
) -> int:
    """Stages a code location's sources: afterwards dbt can read them, and they are up to date.

    Args:
        client: Of :func:`connect_bigquery`.
        code_location: Whose storage the objects lie in.
        sources: Sources as dbt's manifest has them (:func:`needed_sources`).

    Returns:
        How many objects they read.

    Raises:
        ConfigError: A source's declaration, or the storage, does not fit BigQuery.
        UnreadableFile: An object is no Avro file.
        TeamsterError: BigQuery or Cloud Storage refused or did not answer.
    """
    declared = [AvroSource.from_dbt(code_location, source) for source in sources]
    if not declared:
        return 0
    root = UPath(storage_url(code_location))
    if root.protocol not in ("gs", "gcs"):
        raise ConfigError(
            "BigQuery reads objects from Cloud Storage alone: set "
            "TEAMSTER_STORAGE_URL=gs://<bucket>/{code_location}"
        )
    for database, dataset in sorted({(each.database, each.schema) for each in declared}):
        with explained(f"dataset {dataset}"):
            _ensure_dataset(client, bigquery.DatasetReference(database, dataset))
    with ThreadPoolExecutor(_STAGED_AT_ONCE) as stagers:
        return sum(stagers.map(lambda source: stage(client, source, root), declared))


def _ensure_dataset(client: bigquery.Client, dataset: bigquery.DatasetReference) -> None:
    """Makes a dataset, in the client's location; one that is there needs no right to make it."""
    try:
        client.get_dataset(dataset)
    except NotFound:
        client.create_dataset(dataset, exists_ok=True)


def stage(client: bigquery.Client, source: AvroSource, root: UPath) -> int:
    """Stages one source; its dataset is there.

    Args:
        client: Of :func:`connect_bigquery`.
        source: The source.
        root: The storage's root, in Cloud Storage.

    Returns:
        How many objects it reads.

    Raises:
        ConfigError: The source's declaration does not fit BigQuery or the objects.
        UnreadableFile: An object is no Avro file.
        TeamsterError: BigQuery or Cloud Storage refused or did not answer.
    """
    objects = find_objects(root, source.key, source.partitions, in_order=True)
    with explained(f"source {source.schema}.{source.identifier}"):
        if not objects:
            _replace(client, source, [view_sql(source, empty_select(source))])
        elif (source.load or bigquery_load()) == "native":
            table = load_objects(client, source, objects)
            if _replace(client, source, [view_sql(source, select_from(source, table))]):
                drop_older_tables(client, source)
        else:
            table = relation(source, EXTERNAL)
            folder = "/".join([str(root).rstrip("/"), *source.key])
            external = external_table_sql(source, table, folder)
            _replace(client, source, [external, view_sql(source, select_from(source, table))])
    return len(objects)


def _replace(client: bigquery.Client, source: AvroSource, statements: Sequence[str]) -> bool:
    """Runs the statements, the view's the last, unless they are what the view was made by."""
    made_by = hashlib.sha256("\n".join(statements).encode()).hexdigest()[:32]
    name = f"{source.database}.{source.schema}.{source.identifier}"
    try:
        before = client.get_table(name)
    except NotFound:
        before = None
    if before is not None and before.labels.get(_LABEL) == made_by:
        return False
    if before is not None and before.table_type != "VIEW":
        raise ConfigError(
            f"{source.schema}.{source.identifier} is no view but a {before.table_type.lower()} of "
            "somebody else's: Teamster does not replace it; rename or drop it"
        )
    for statement in statements:
        client.query(statement).result()
    view = client.get_table(name)
    view.labels = {**view.labels, _LABEL: made_by}
    client.update_table(view, ["labels"])
    return True
