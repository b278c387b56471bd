"""The dbt-duckdb plugin: opens the embedded warehouse and stages Avro sources as views.

``profiles.yml`` names it in ``plugins``; the macro ``teamster.stage_sources`` calls it at the start
of a run. From SQL to Python dbt-duckdb offers ``adapter.store_relation`` and a plugin's ``store``:
meant for writing tables elsewhere, it carries the staging here.
"""

from typing import Any

from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.adapters.duckdb.utils import TargetConfig
from dbt.adapters.events.logging import AdapterLogger
from duckdb import DuckDBPyConnection
from upath import UPath

from teamster.core.settings import storage_url
from teamster.core.storage import is_local
from teamster.libraries.dbt.settings import from_project_root
from teamster.libraries.dbt.sources import AvroSource, needed_sources, stage
from teamster.libraries.dbt.warehouse import load_avro_extension

_LOG = AdapterLogger("Teamster")


class Plugin(BasePlugin):
    """Is made by dbt-duckdb, once a process.

    Its configuration has ``warehouse``: the DuckDB file, from the project's root if relative.
    """

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Takes the plugin's configuration of ``profiles.yml``."""
        self._warehouse: str | None = plugin_config.get("warehouse")
        self._connection: DuckDBPyConnection | None = None

    def update_connection_config(self, creds: DuckDBCredentials, config: dict[str, Any]) -> None:
        """Makes the warehouse's path absolute: dbt takes it from whatever folder it runs in."""
        if self._warehouse:
            path = from_project_root(self._warehouse)
            path.parent.mkdir(parents=True, exist_ok=True)
            creds.path = str(path)

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Loads the Avro extension."""
        load_avro_extension(conn)
        self._connection = conn

    def store(self, target_config: TargetConfig) -> None:
        """Stages the Avro sources that a dbt invocation reads.

        Args:
            target_config: Its ``config`` has ``code_location``, ``sources``, ``parents`` (unique id
                -> unique ids) and ``selected`` (unique ids), as the manifest has them.
        """
        if self._connection is None:
            raise RuntimeError("the warehouse is not open")
        given: dict[str, Any] = target_config.config
        code_location = given["code_location"]
        root = UPath(storage_url(code_location))
        if not is_local(root):
            self._connection.register_filesystem(root.fs)
        wanted = needed_sources(given["sources"], given["parents"], given["selected"])
        cursor = self._connection.cursor()
        try:
            for source in wanted:
                staged = AvroSource.from_dbt(code_location, source)
                count = stage(cursor.execute, staged, root)
                _LOG.debug(f"{staged.relation} reads {count} objects of {'/'.join(staged.key)}")
        finally:
            cursor.close()
