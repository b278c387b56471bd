"""From a CSV file to an Avro object as assets do it, without Dagster."""

import json
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from teamster.core.avro import write_avro
from teamster.libraries.sftp.read_options import ReadOptions
from teamster.libraries.sftp.reading import read_records
from teamster.libraries.ssh.files import Content, LocalFile, RemoteFile


def main(source: str, target: str, schema_file: str) -> None:
    """Converts a file.

    Args:
        source: The CSV file.
        target: The object.
        schema_file: The schema, as JSON.
    """
    schema = json.loads(Path(schema_file).read_text())
    path = Path(source)
    remote = RemoteFile(source, path.stat().st_size, datetime.fromtimestamp(0, UTC))
    files = [LocalFile(path, remote, Content(path))]
    spool = Path(target).parent
    with read_records(files, schema, ReadOptions(), spool, ExitStack()) as records:
        write_avro(Path(target), records, schema)
        assert not records.summary.warnings
