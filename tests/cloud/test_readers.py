"""What assets write, read by BigQuery's emulator (by others: tests/libraries/sftp/test_readers)."""

from collections import Counter
from pathlib import Path
from uuid import uuid4

import fastavro
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery as google
from upath import UPath

from teamster.core.storage import put_in_place
from teamster.libraries.dbt.bigquery import stage
from teamster.libraries.dbt.sources import AvroSource
from tests.emulators import BigQueryEmulator, GcsEmulator
from tests.libraries.sftp.fast_and_slow import Way, fast, slow
from tests.libraries.sftp.test_readers import Shape, never_null, null_first, object_of
from tests.libraries.sftp.ugly_cells import KINDS


@pytest.mark.parametrize("way", [fast, slow])
@pytest.mark.parametrize("shape", [null_first, never_null])
def test_bigquery_finds_the_same_values(
    way: Way,
    shape: Shape,
    tmp_path: Path,
    gcs: GcsEmulator,
    bigquery: BigQueryEmulator,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in gcs.variables.items():
        monkeypatch.setenv(name, value)
    cells = {
        name: kind.fit if shape is never_null else ["", *kind.fit] for name, kind in KINDS.items()
    }
    written = object_of(cells, shape, way, tmp_path)
    with written.open("rb") as file:
        reader = fastavro.reader(file)
        expected = Counter(tuple(row.values()) for row in reader)
    root = UPath(f"gs://{gcs.bucket}/{uuid4().hex}")
    put_in_place(written, root / "home" / "table" / "data")
    with google.Client(
        bigquery.project,
        AnonymousCredentials(),
        client_options={"api_endpoint": bigquery.endpoint},
    ) as client:
        dataset = f"readers_{uuid4().hex}"
        client.create_dataset(dataset)
        source = AvroSource(
            dataset, "table", ("home", "table"), reader.writer_schema, (), "native", client.project
        )
        assert stage(client, source, root) == 1
        rows = client.query(f"select * from {dataset}.table").result()
        assert Counter(tuple(row.values()) for row in rows) == expected
