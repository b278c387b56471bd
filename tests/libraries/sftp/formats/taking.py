"""A file's content in, what becomes of it out: over a server, or from the spool alone."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from teamster.core.quarantine import Quarantine
from teamster.core.records import Tally
from teamster.core.schema import resolve_schema, text_model
from teamster.libraries.sftp.assets import build_sftp_file_asset
from teamster.libraries.sftp.read_options import ReadOptions
from teamster.libraries.sftp.reading import read_records
from teamster.libraries.ssh.files import LocalFile, RemoteFile
from tests.libraries.sftp.vendor import KEY, MTIME, Vendor, check_of, metadata_of

CANARY = "Zebedee"
REAL = Path(__file__).resolve().parents[5] / "shared" / "realdata"


def schema_of(columns: Any) -> Any:
    """Returns a schema of text columns, or what was given."""
    return text_model("table", columns) if isinstance(columns, (str, list)) else columns


def take(
    vendor: Vendor, content: str | bytes, columns: Any = "id name", **options: Any
) -> dict[str, Any]:
    """Puts a file on the server, materializes it, and returns the metadata."""
    vendor.put("/data/table.csv", content)
    asset = build_sftp_file_asset(
        asset_key=KEY,
        remote_dir_regex=vendor.folder("/data"),
        remote_file_regex=r"table\.csv",
        ssh_resource_key="ssh_vendor",
        avro_schema=schema_of(columns),
        **options,
    )
    result = vendor.run(asset)
    return {**metadata_of(result), "check": check_of(result)}


@dataclass
class Taken:
    """What was read of a file."""

    rows: list[dict[str, Any]]
    summary: Tally
    rejected: list[dict[str, Any]]

    @property
    def values(self) -> list[tuple[Any, ...]]:
        """The rows without their names."""
        return [tuple(row.values()) for row in self.rows]


def local_file(spool: Path, content: str | bytes, name: str = "table.csv") -> LocalFile:
    """Puts content into the spool, as if it had been fetched."""
    path = spool / "fetched"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return LocalFile(path, RemoteFile(f"/data/{name}", path.stat().st_size, MTIME), "")


def read(
    spool: Path, content: str | bytes | LocalFile, columns: Any = "id name", **options: Any
) -> Taken:
    """Reads a file of the spool; any number of rows may be rejected unless options say so."""
    file = content if isinstance(content, LocalFile) else local_file(spool, content)
    chosen = ReadOptions(**{"max_rejected_rows": 1_000_000, **options})
    schema = resolve_schema(schema_of(columns))
    with read_records([file], schema, chosen, spool, ExitStack()) as records:
        rows = [dict(row) for row in records]
        quarantine = records.quarantine
        assert isinstance(quarantine, Quarantine)
        return Taken(rows, records.summary, list(quarantine.rows()))
