"""Who logs in: password or key, from the fields or the environment and from nowhere else."""

import asyncio
import getpass
import os
from functools import cache
from pathlib import Path
from typing import Any

import asyncssh
import pytest
import regex

from teamster.core.errors import AuthenticationFailed, ConfigError
from teamster.libraries.ssh.resources import SSHResource
from teamster.libraries.ssh.walk import WalkSpec

ANYTHING = WalkSpec("/", regex.compile(".*"), regex.compile(".*"))
KEYS = {
    "RSA": ("ssh-rsa", {"key_size": 2048}),
    "Ed25519": ("ssh-ed25519", {}),
    "ECDSA": ("ecdsa-sha2-nistp256", {}),
}


@pytest.fixture(params=KEYS, scope="module")
def key(request: pytest.FixtureRequest) -> asyncssh.SSHKey:
    algorithm, options = KEYS[request.param]
    return asyncssh.generate_private_key(algorithm, **options)


@cache  # to derive a key from a passphrase takes its time, as it should
def exported(key: asyncssh.SSHKey, form: str, passphrase: str | None) -> str:
    return key.export_private_key(form, passphrase=passphrase, rounds=50).decode()


@pytest.fixture
def served(serve: Any, plant: Any) -> Any:
    plant({"a.csv": b"a"})
    return serve()


def test_a_password(served: Any, connect: Any) -> None:
    session = connect(served)
    assert [file.path for file in session.walk(ANYTHING).files] == ["/a.csv"]
    session.walk(ANYTHING)
    assert len(served.connections) == 1, "one connection serves all calls"


def test_a_wrong_password_fails_at_once(served: Any, connect: Any) -> None:
    session = connect(served, password="wrong", attempts=5)
    with pytest.raises(AuthenticationFailed) as failure:
        session.walk(ANYTHING)
    assert "wrong" not in str(failure.value).split("user name")[0]
    assert served.passwords == ["wrong"]
    assert len(served.connections) == 1


@pytest.mark.parametrize("passphrase", [None, "open sesame"])
@pytest.mark.parametrize("form", ["openssh", "pkcs1-pem", "pkcs8-pem"])
def test_key_string(
    served: Any, connect: Any, key: asyncssh.SSHKey, form: str, passphrase: str | None
) -> None:
    if form == "pkcs1-pem" and key.get_algorithm() == "ssh-ed25519":
        form = "pkcs8-pem"  # there is no such thing
    served.authorized.add(key.get_fingerprint("sha256"))
    text = exported(key, form, passphrase)
    session = connect(served, password=None, key_string=text, key_passphrase=passphrase)
    assert session.walk(ANYTHING).files
    assert served.passwords == []


@pytest.mark.parametrize("passphrase", [None, "open sesame"])
def test_key_file(
    served: Any, connect: Any, key: asyncssh.SSHKey, tmp_path: Path, passphrase: str | None
) -> None:
    served.authorized.add(key.get_fingerprint("sha256"))
    file = tmp_path / "key"
    file.write_text(exported(key, "openssh", passphrase))
    session = connect(served, password=None, key_file=str(file), key_passphrase=passphrase)
    assert session.walk(ANYTHING).files


def test_a_key_on_openssh(sshd: Any, connect: Any) -> None:
    assert connect(sshd).walk(WalkSpec("", ANYTHING.folders, ANYTHING.files)) is not None
    other = asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()
    with pytest.raises(AuthenticationFailed):
        connect(sshd, key_string=other).walk(ANYTHING)


@pytest.mark.parametrize("passphrase", [None, "wrong"])
@pytest.mark.parametrize("form", ["openssh", "pkcs8-pem"])
def test_a_wrong_passphrase(
    served: Any,
    resource: Any,
    key: asyncssh.SSHKey,
    tmp_path: Path,
    form: str,
    passphrase: str | None,
) -> None:
    text = exported(key, form, "open sesame")
    (tmp_path / "key").write_text(text)
    for field in ({"key_file": str(tmp_path / "key")}, {"key_string": text}):
        wrong = resource(served, key_passphrase=passphrase, **field)
        with pytest.raises(ConfigError, match="key_passphrase") as failure, wrong.session():
            pass
        assert str(tmp_path) not in str(failure.value)
    assert served.connections == []


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"key_string": "no key"}, "cannot be read"),
        ({"key_file": "/no/such/file"}, "cannot be read: No such file"),
        ({"key_file": "/no/such/file", "key_string": "no key"}, "not both"),
    ],
)
def test_keys_that_are_none(
    served: Any, resource: Any, fields: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigError, match=message) as failure, resource(served, **fields).session():
        pass
    assert "/no/such/file" not in str(failure.value)


def test_no_key_agent_or_configuration_of_the_user_plays_a_part(
    served: Any, connect: Any, home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mine = asyncssh.generate_private_key("ssh-ed25519")
    mine.write_private_key(home / ".ssh" / "id_ed25519")
    served.authorized.add(mine.get_fingerprint("sha256"))
    (home / ".ssh" / "config").write_text("Host *\n  User vendor\n  ProxyCommand false\n  Port 1\n")
    asked: list[bytes] = []
    # A socket whose listener only notes that it was asked stands for the agent.
    agent = tmp_path / "agent"
    monkeypatch.setenv("SSH_AUTH_SOCK", str(agent))

    async def serve_agent() -> asyncio.Server:
        async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(b"asked")
            writer.close()

        return await asyncio.start_unix_server(note, agent)

    given = asyncssh.generate_private_key("ssh-ed25519")
    without = connect(served, password=None)
    with_key = connect(served, password=None, key_string=given.export_private_key().decode())
    listener = without.portal.call(serve_agent)
    try:
        for session in (without, with_key):
            with pytest.raises(AuthenticationFailed):
                session.walk(ANYTHING)
    finally:
        without.portal.call(_close, listener)
    assert (asked, served.keys) == ([], {given.get_fingerprint("sha256")})
    assert len(served.connections) == 2, "the user's configuration would have led elsewhere"


async def _close(listener: asyncio.Server) -> None:
    listener.close()
    await listener.wait_closed()


def test_from_env(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    made = SSHResource.from_env("IREADY", timeout=5)
    for name, value in {
        "HOST": "127.0.0.1",
        "PORT": str(served.port),
        "USERNAME": "vendor",
        "PASSWORD": "right",
        "HOST_KEY_FINGERPRINT": served.fingerprint,
    }.items():
        monkeypatch.setenv(f"IREADY_SFTP_{name}", value)
    resource = made.process_config_and_initialize()
    with resource.session() as session:
        assert len(session.walk(ANYTHING).files) == 1


def test_fields_replace_what_the_environment_gives(
    served: Any, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IREADY_SFTP_HOST", "127.0.0.1")
    made = SSHResource.from_env(
        "IREADY",
        remote_port=served.port,
        username="vendor",
        password="right",
        host_key_fingerprint=None,
        known_hosts=served.known_hosts,
    )
    with made.process_config_and_initialize().session() as session:
        assert len(session.walk(ANYTHING).files) == 1


def test_without_a_user_name_the_current_user_logs_in(sshd: Any, connect: Any) -> None:
    assert os.environ["HOME"] != str(Path("~" + getpass.getuser()).expanduser())
    session = connect(sshd, username=None)
    assert session.walk(WalkSpec("", ANYTHING.folders, ANYTHING.files)) is not None


def test_compression(served: Any, connect: Any) -> None:
    for compress, algorithm in ((False, "none"), (True, "zlib@openssh.com")):
        connect(served, compress=compress).walk(ANYTHING)
        assert served.connections[-1].get_extra_info("recv_compression") == algorithm
