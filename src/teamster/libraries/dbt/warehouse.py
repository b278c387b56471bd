"""The embedded warehouse: one DuckDB file, many readers or one writer."""

import importlib.resources
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from teamster.core.errors import ConfigError
from teamster.libraries.dbt.settings import warehouse_path


def load_avro_extension(connection: duckdb.DuckDBPyConnection) -> None:
    """Loads DuckDB's Avro extension from its Python package: nothing is downloaded.

    Args:
        connection: Its database can read Avro afterwards, through every cursor.

    Raises:
        ConfigError: The installed package is not for the installed DuckDB.
    """
    version = duckdb.__version__
    packaged = importlib.resources.files("duckdb_extension_avro") / "extensions" / f"v{version}"
    with importlib.resources.as_file(packaged / "avro.duckdb_extension") as extension:
        if not extension.is_file():
            raise ConfigError(f"install duckdb-extension-avro=={version}, the version of duckdb")
        connection.load_extension(str(extension))


def connect_warehouse(*, read_only: bool = True) -> duckdb.DuckDBPyConnection:
    """Opens the embedded warehouse with the Avro extension, so that sources can be queried too.

    Args:
        read_only: Open beside other readers. A writer must hold :func:`warehouse_lock`.

    Raises:
        duckdb.IOException: There is no such file, or another process writes to it.
    """
    connection = duckdb.connect(
        warehouse_path(), read_only=read_only, config={"autoinstall_known_extensions": "false"}
    )
    load_avro_extension(connection)
    return connection


@contextmanager
def warehouse_lock(log: Callable[[str], object] | None = None) -> Iterator[Path]:
    """Holds the warehouse for one run at a time, across processes.

    DuckDB lets one process write to a file, and no other read it meanwhile; Dagster runs each run
    in a process of its own. The operating system frees the lock if the process dies.

    Args:
        log: Is told once, in a sentence, if another run holds the warehouse.

    Yields:
        The warehouse file's path; its folder exists.
    """
    warehouse = warehouse_path()
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(warehouse.with_name(f"{warehouse.name}.lock"))
    try:
        lock.acquire(blocking=False)
    except Timeout:
        if log is not None:
            log(f"Waiting for the warehouse {warehouse.name}: another run is writing to it")
        lock.acquire()
    try:
        yield warehouse
    finally:
        lock.release()
