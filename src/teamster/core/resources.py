"""The resources that every code location needs: one factory each."""

from teamster.core.io_managers import (
    ANY_CODE_LOCATION,
    AvroIOManager,
    FileIOManager,
    PickleIOManager,
)
from teamster.core.settings import storage_url


def get_io_manager_gcs_avro(code_location: str = ANY_CODE_LOCATION) -> AvroIOManager:
    """Returns the IO manager for the key ``io_manager_gcs_avro``: ``(records, schema)`` as Avro.

    Args:
        code_location: Fills ``{code_location}`` of ``TEAMSTER_STORAGE_URL``.
    """
    return AvroIOManager(root=storage_url(code_location))


def get_io_manager_gcs_file(code_location: str = ANY_CODE_LOCATION) -> FileIOManager:
    """Returns the IO manager for the key ``io_manager_gcs_file``: a file as it is.

    Args:
        code_location: Fills ``{code_location}`` of ``TEAMSTER_STORAGE_URL``.
    """
    return FileIOManager(root=storage_url(code_location))


def get_io_manager_gcs_pickle(code_location: str = ANY_CODE_LOCATION) -> PickleIOManager:
    """Returns the IO manager for the key ``io_manager``: any Python value, pickled.

    Args:
        code_location: Fills ``{code_location}`` of ``TEAMSTER_STORAGE_URL``.
    """
    return PickleIOManager(root=storage_url(code_location))


def get_io_managers(code_location: str = ANY_CODE_LOCATION) -> dict[str, object]:
    """Returns the three IO managers under the keys that assets ask for."""
    return {
        "io_manager": get_io_manager_gcs_pickle(code_location),
        "io_manager_gcs_avro": get_io_manager_gcs_avro(code_location),
        "io_manager_gcs_file": get_io_manager_gcs_file(code_location),
    }
