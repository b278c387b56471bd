"""Vendors' servers to run feeds against."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from teamster.cli.demo.server import serve_drop
from teamster.libraries.ssh.resources import SSHResource
from tests.libraries.sftp.vendor import Vendor
from tests.sshd import openssh_server


@pytest.fixture(params=["asyncssh", "openssh"])
def vendor(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Vendor]:
    """A vendor's server, once in this process and once OpenSSH's own."""
    yield from _vendor(request.param, tmp_path, monkeypatch)


@pytest.fixture
def quick_vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    """A vendor's server in this process, for what does not depend on the server."""
    yield from _vendor("asyncssh", tmp_path, monkeypatch)


def _vendor(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vendor]:
    root = tmp_path / "server" / "vendor"
    spool = tmp_path / "spool"
    for folder in (root, spool):
        folder.mkdir(parents=True)
    monkeypatch.setenv("TEAMSTER_STORAGE_URL", str(tmp_path / "storage"))
    monkeypatch.setenv("TEAMSTER_SPOOL_DIR", str(spool))
    if kind == "openssh":
        keys = tmp_path / "keys"
        keys.mkdir()
        with openssh_server(keys, root) as resource:
            yield Vendor(root, resource, tmp_path / "storage", prefix=str(root))
    else:
        with serve_drop(root.parent) as server:
            resource = SSHResource(
                remote_host=server.host,
                remote_port=server.port,
                username="vendor",
                password=server.passwords["vendor"],
                host_key_fingerprint=server.fingerprint,
            )
            yield Vendor(root, resource, tmp_path / "storage")
    assert not list(spool.iterdir()), "a temporary file is left"
