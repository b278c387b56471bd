"""Google's services on loopback: gcp-storage-emulator and bqemulator, in processes of their own.

They have an environment of their own, .venv-emulators (`make emulators`, which `make test` runs),
since their dependencies and ours are at odds. A test asks for a fixture of :mod:`tests.conftest`:
`gcs` for a storage, `bigquery` for a warehouse that sees the same objects. Each starts once a
process, when it is first asked for.
"""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

ENVIRONMENT = Path(__file__).resolve().parents[1] / ".venv-emulators"
PROJECT = "teamster-test"
_SECONDS_TO_START = 60


@dataclass(frozen=True)
class GcsEmulator:
    """A running Cloud Storage emulator.

    Attributes:
        endpoint: Its address, as in ``STORAGE_EMULATOR_HOST``.
        folder: Holds a bucket a folder, in it the objects under their names. For BigQuery's
            emulator, and for tests that want to see what lies there.
        bucket: A bucket that is there from the start.
    """

    endpoint: str
    folder: Path
    bucket: str = "teamster-test-bucket"

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that lead Google's clients here, credentials needless."""
        return {"STORAGE_EMULATOR_HOST": self.endpoint, "GOOGLE_CLOUD_PROJECT": PROJECT}


@dataclass(frozen=True)
class BigQueryEmulator:
    """A running BigQuery emulator.

    Attributes:
        endpoint: Its REST address.
        credentials: A file of credentials, of no use anywhere else.
        project: The project that is meant where none is named.
    """

    endpoint: str
    credentials: Path
    project: str = PROJECT

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that lead Google's clients and dbt's profile here."""
        return {
            "BIGQUERY_EMULATOR_HOST": self.endpoint,
            "GOOGLE_APPLICATION_CREDENTIALS": str(self.credentials),
            "GOOGLE_CLOUD_PROJECT": self.project,
            "TEAMSTER_BIGQUERY_PROJECT": self.project,
            "DBT_TARGET": "bigquery",
        }


@contextmanager
def gcs_emulator(folder: Path) -> Iterator[GcsEmulator]:
    """Runs gcp-storage-emulator over a folder of its own."""
    _require()
    command = [
        str(ENVIRONMENT / "bin/python"),
        str(Path(__file__).with_name("gcs_server.py")),
        str(folder),
        GcsEmulator.bucket,
    ]
    with _running(command, folder / "gcs.log", {}, _port_alone) as port:
        yield GcsEmulator(f"http://127.0.0.1:{port}", folder / ".cloudstorage")


@contextmanager
def bigquery_emulator(folder: Path, objects: Path) -> Iterator[BigQueryEmulator]:
    """Runs bqemulator, in memory.

    Args:
        folder: Its home.
        objects: What ``gs://`` stands for: a bucket a folder.
    """
    _require()
    _lay_extensions(folder)
    command = [
        str(ENVIRONMENT / "bin/python"),
        str(Path(__file__).with_name("bigquery_server.py")),
        *("start", "--ephemeral", "--project", PROJECT, "--log-level", "info"),
        *("--rest-port", "0", "--grpc-port", "0"),
    ]
    variables = {
        "HOME": str(folder),
        "BQEMU_GCS_LOCAL_ROOT": str(objects),
        "BQEMU_UPLOAD_STAGING_DIR": str(folder / "uploads"),
    }
    running = _running(command, folder / "bigquery.log", variables, _port_of_rest)
    with running as port, _credentials(folder) as credentials:
        yield BigQueryEmulator(f"http://127.0.0.1:{port}", credentials)


class _TokenServer(BaseHTTPRequestHandler):
    """Gives a token to whoever asks, as Google's Security Token Service does for another's."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        kind = "urn:ietf:params:oauth:token-type:access_token"
        token = {"access_token": "made-up", "issued_token_type": kind, "token_type": "Bearer"}
        body = json.dumps({**token, "expires_in": 3600}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


@contextmanager
def _credentials(folder: Path) -> Iterator[Path]:
    """Makes a credentials file of workload identity federation, and the server that it names."""
    (folder / "subject_token").write_text("made-up")
    with ThreadingHTTPServer(("127.0.0.1", 0), _TokenServer) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        account = {
            "type": "external_account",
            "audience": "//teamster.invalid/pool",
            "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
            "token_url": f"http://127.0.0.1:{server.server_address[1]}/token",
            "credential_source": {"file": str(folder / "subject_token")},
        }
        file = folder / "credentials.json"
        file.write_text(json.dumps(account))
        yield file
        server.shutdown()
        thread.join()


def _require() -> None:
    """Skips the test where the emulators are not installed; fails it where they must be."""
    if (ENVIRONMENT / "bin/bqemulator").exists():
        return
    if os.environ.get("TEAMSTER_REQUIRE_EMULATORS"):
        pytest.fail("run `make emulators`: .venv-emulators is not there, and it is required")
    pytest.skip("Google's emulators are not installed: make emulators")


def _lay_extensions(home: Path) -> None:
    """Puts DuckDB's extensions where bqemulator's DuckDB looks before it would download them."""
    for extension in ENVIRONMENT.glob(
        "lib/python*/site-packages/duckdb_extension_*/extensions/*/*"
    ):
        for platform in ("linux_amd64", "linux_arm64", "osx_amd64", "osx_arm64"):
            place = home / ".duckdb/extensions" / extension.parent.name / platform / extension.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(extension)


def _port_alone(line: str) -> int | None:
    return int(line) if line.strip().isdigit() else None


def _port_of_rest(line: str) -> int | None:
    """Reads bqemulator's log, JSON a line: gRPC, of no interest here, listens last."""
    if '"grpc.listen"' in line or '"rest.listen"' not in line:
        return None
    port: int = json.loads(line)["port"]
    return port


@contextmanager
def _running(
    command: list[str], log: Path, variables: dict[str, str], port_of: Callable[[str], int | None]
) -> Iterator[int]:
    """Runs a server and yields the port that its log names."""
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **variables},
        )
    try:
        yield _wait_for_port(process, log, port_of)
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for_port(
    process: subprocess.Popen[bytes], log: Path, port_of: Callable[[str], int | None]
) -> int:
    until = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < until and process.poll() is None:
        lines = log.read_text().split("\n")[:-1]  # what follows the last line end is still written
        ports = [port for line in lines if (port := port_of(line))]
        if ports:
            return ports[0]
        time.sleep(0.05)
    pytest.fail(f"an emulator did not start:\n{log.read_text()[-2000:]}")
