"""Old servers: their algorithms are a connection's own affair, asked for by name."""

from typing import Any

import asyncssh
import pytest
import regex

from teamster.core.errors import ConfigError, HostKeyUntrusted
from teamster.libraries.ssh.walk import WalkSpec

ANYTHING = WalkSpec("/", regex.compile(".*"), regex.compile(".*"))
ED25519 = asyncssh.generate_private_key("ssh-ed25519")
ECDSA = asyncssh.generate_private_key("ecdsa-sha2-nistp256")
RSA = asyncssh.generate_private_key("ssh-rsa", key_size=2048)


def pin(key: asyncssh.SSHKey) -> str:
    return key.get_fingerprint("sha256")


def only_sha1(key: asyncssh.SSHKey) -> Any:
    """A key pair of a server that signs with SHA-1 alone, as those before 2016 do."""
    (pair,) = asyncssh.load_keypairs([key])
    pair.sig_algorithms = pair.host_key_algorithms = [b"ssh-rsa"]
    return pair


@pytest.mark.parametrize("key", [ED25519, ECDSA, RSA], ids=["Ed25519", "ECDSA", "RSA"])
def test_any_of_a_servers_keys_may_be_the_pinned_one(
    serve: Any, connect: Any, key: asyncssh.SSHKey
) -> None:
    served = serve(server_host_keys=[ED25519, ECDSA, RSA])
    assert connect(served, host_key_fingerprint=pin(key)).walk(ANYTHING).files == []
    other = asyncssh.generate_private_key("ssh-ed25519")
    with pytest.raises(HostKeyUntrusted, match="it is SHA256:"):
        connect(served, host_key_fingerprint=pin(other)).walk(ANYTHING)
    assert served.passwords == ["right"], "no credential is shown to a server that is not trusted"


def test_sha1_signatures_are_taken_where_the_resource_says_so(serve: Any, connect: Any) -> None:
    served = serve(server_host_keys=[only_sha1(RSA)])
    with pytest.raises(ConfigError, match=r"\+ssh-rsa"):
        connect(served, host_key_fingerprint=pin(RSA), attempts=9).walk(ANYTHING)
    session = connect(served, host_key_fingerprint=pin(RSA), host_key_algorithms="+ssh-rsa")
    assert session.walk(ANYTHING).files == []
    assert served.passwords == ["right"]


@pytest.mark.filterwarnings("ignore:Diffie-Hellman over finite fields")
@pytest.mark.parametrize(
    ("option", "field", "algorithm"),
    [
        ("kex_algs", "kex_algorithms", "diffie-hellman-group1-sha1"),
        ("encryption_algs", "ciphers", "aes128-cbc"),
        ("mac_algs", "macs", "hmac-md5"),
    ],
)
def test_old_algorithms_by_name(
    serve: Any, connect: Any, option: str, field: str, algorithm: str
) -> None:
    options = {option: [algorithm]}
    if field == "macs":  # ciphers that authenticate by themselves need none
        options["encryption_algs"] = ["aes128-ctr"]
    served = serve(**options)
    with pytest.raises(ConfigError, match=field):  # a server that hangs up first is tried again
        connect(served, attempts=9).walk(ANYTHING)
    assert connect(served, **{field: f"+{algorithm}"}).walk(ANYTHING).files == []


@pytest.mark.parametrize(
    ("fields", "known", "agreed"),
    [
        ({}, None, "aes128-gcm@openssh.com"),
        ({}, ["aes256-ctr"], "aes256-ctr"),
        ({"ciphers": "aes256-ctr,aes128-gcm@openssh.com"}, None, "aes256-ctr"),
        ({"ciphers": "+aes128-cbc"}, ["aes128-cbc"], "aes128-cbc"),
    ],
)
def test_the_quickest_cipher_unless_the_server_or_the_resource_says_otherwise(
    serve: Any, connect: Any, fields: dict[str, str], known: list[str] | None, agreed: str
) -> None:
    served = serve(encryption_algs=known) if known else serve()
    assert connect(served, **fields).walk(ANYTHING).files == []
    (connection,) = served.connections
    assert connection.get_extra_info("send_cipher") == agreed


def test_an_algorithm_that_does_not_exist(serve: Any, resource: Any) -> None:
    wrong = resource(serve(), ciphers="+rot13")
    with pytest.raises(ConfigError, match="rot13"), wrong.session():
        pass


def test_keys_are_agreed_on_anew_as_often_as_the_resource_says(
    serve: Any, plant: Any, connect: Any, spool: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant({f"{number}.csv": b"x" * 1000 for number in range(20)})
    exchanges: list[int] = []
    original = asyncssh.SSHServerConnection._send_kexinit

    def counted(self: Any) -> None:
        exchanges.append(1)
        original(self)

    monkeypatch.setattr(asyncssh.SSHServerConnection, "_send_kexinit", counted)
    served = serve()
    for fields, least, most in (({}, 1, 1), ({"rekey_bytes": 2000}, 3, 100)):
        exchanges.clear()
        session = connect(served, **fields)
        session.fetch(session.walk(ANYTHING).files, spool)
        assert least <= len(exchanges) <= most, fields
