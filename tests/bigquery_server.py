"""bqemulator with what it lacks of BigQuery. Runs in .venv-emulators.

- BigQuery takes an Avro file's columns by name and a column that the file lacks as null; bqemulator
  takes them by position, and a folder `name=value` in an object's path for a column of the file.
- `full union all by name` is BigQuery's; DuckDB, below bqemulator, has no word `full` there, since
  its own `union all by name` is the full one.

Usage: bigquery_server.py, with bqemulator's own arguments.
"""

from bqemulator import cli
from bqemulator.jobs import executor
from sqlglot.dialects.duckdb import DuckDB


def _load_avro(path, target, context):
    """Loads an Avro file as BigQuery does, and as it is now."""
    # DuckDB would take a file of the same size and second for the one it has read before.
    context.engine.execute("SET enable_external_file_cache = false")
    if executor.is_decimal_logical_avro(path):
        view = "_teamster_load"
        context.engine.connection.register(view, executor.read_avro_to_arrow(path))
        try:
            context.engine.execute(f"INSERT INTO {target} BY NAME SELECT * FROM {view}")
        finally:
            context.engine.connection.unregister(view)
        return
    context.engine.execute(
        f"INSERT INTO {target} BY NAME SELECT * FROM read_avro(?, hive_partitioning = false)",
        [path],
    )


def _union_in_full(generate):
    """Leaves out what DuckDB takes for granted."""

    def without_side(generator, expression):
        if expression.args.get("by_name") and expression.side == "FULL":
            expression.set("side", None)
        return generate(generator, expression)

    return without_side


if __name__ == "__main__":
    executor._LOAD_FORMAT_HANDLERS["AVRO"] = _load_avro
    DuckDB.Generator.set_operation = _union_in_full(DuckDB.Generator.set_operation)
    cli.main()
