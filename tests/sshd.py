"""OpenSSH's own server on loopback, as the user that runs the tests."""

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncssh
import pytest

from teamster.libraries.ssh.resources import SSHResource

# Without this even a folder that nobody may read is open to root, and so to root's server.
MODES_HOLD_FOR_ROOT = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")

CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication yes
KbdInteractiveAuthentication no
PermitRootLogin yes
Subsystem sftp internal-sftp -d {root}
"""


def require_sshd() -> str:
    """Returns the path of sshd; skips the test where there is none and none is required."""
    if SSHD:
        return SSHD
    if os.environ.get("TEAMSTER_REQUIRE_SSHD"):
        pytest.fail("sshd is not installed, and TEAMSTER_REQUIRE_SSHD is set")
    pytest.skip("sshd is not installed")


@contextmanager
def openssh_server(folder: Path, root: Path) -> Iterator[SSHResource]:
    """Runs sshd over this machine's own files, the login folder being ``root``.

    It asks for passwords too, so that a wrong one can be tried.

    Yields:
        A resource that logs in by key and has the server's host key pinned.
    """
    sshd = require_sshd()
    host_key = asyncssh.generate_private_key("ssh-ed25519")
    user_key = asyncssh.generate_private_key("ssh-ed25519")
    host_key.write_private_key(str(folder / "host_key"))
    (folder / "host_key").chmod(0o600)
    user_key.write_public_key(str(folder / "authorized_keys"))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "sshd_config"
    config.write_text(CONFIG.format(port=port, folder=folder, root=root))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    as_others = MODES_HOLD_FOR_ROOT if os.geteuid() == 0 and shutil.which("setpriv") else ()
    with (folder / "sshd.log").open("w") as log:
        process = subprocess.Popen([*as_others, sshd, "-D", "-e", "-f", str(config)], stderr=log)
    try:
        _wait_for(port, process, folder / "sshd.log")
        yield SSHResource(
            remote_host="127.0.0.1",
            remote_port=port,
            username=getpass.getuser(),
            key_string=user_key.export_private_key().decode(),
            host_key_fingerprint=host_key.get_fingerprint("sha256"),
        )
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        if process.poll() is not None:
            break
        time.sleep(0.05)
    pytest.fail(f"sshd did not start: {log.read_text()}")
