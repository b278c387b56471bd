"""Whom the resource trusts: the pinned or known host key, and no other."""

from pathlib import Path
from typing import Any

import asyncssh
import pytest
import regex

from teamster.core.errors import ConfigError, HostKeyUntrusted
from teamster.libraries.ssh.walk import WalkSpec

ANYTHING = WalkSpec("/", regex.compile(".*"), regex.compile(".*"))
OTHER = asyncssh.generate_private_key("ssh-ed25519")
OTHER_FINGERPRINT = OTHER.get_fingerprint("sha256")


def refused_at_once(served: Any, connect: Any, **fields: Any) -> str:
    before = len(served.connections)
    with pytest.raises(HostKeyUntrusted) as failure:
        connect(served, attempts=5, **fields).walk(ANYTHING)
    # A pin may be of a key that the server shows only when asked for its kind: four kinds at most.
    assert len(served.connections) <= before + (4 if "known_hosts" not in fields else 1)
    assert served.passwords == [], "no credential is shown to a server that is not trusted"
    return str(failure.value)


def as_known(served: Any, key: str) -> str:
    return f"[127.0.0.1]:{served.port} {key}\n"


def test_a_pinned_key(serve: Any, connect: Any) -> None:
    served = serve()
    for pin in (
        served.fingerprint,
        f"{served.fingerprint}=",
        f"{OTHER_FINGERPRINT},{served.fingerprint}",
    ):
        assert connect(served, host_key_fingerprint=pin).walk(ANYTHING)


def test_a_pin_on_openssh(sshd: Any, connect: Any) -> None:
    assert connect(sshd).walk(WalkSpec("", ANYTHING.folders, ANYTHING.files))
    with pytest.raises(HostKeyUntrusted):
        connect(sshd, host_key_fingerprint=OTHER_FINGERPRINT).walk(ANYTHING)


def test_another_key_than_the_pinned(serve: Any, connect: Any) -> None:
    served = serve()
    message = refused_at_once(served, connect, host_key_fingerprint=OTHER_FINGERPRINT)
    assert f"it is {served.fingerprint}, ssh-ed25519" in message


def test_the_users_known_hosts_do_not_satisfy_a_pin(serve: Any, connect: Any, home: Path) -> None:
    served = serve()
    (home / ".ssh" / "known_hosts").write_text(served.known_hosts)
    refused_at_once(served, connect, host_key_fingerprint=OTHER_FINGERPRINT)


def test_a_pin_must_be_a_fingerprint(serve: Any, resource: Any) -> None:
    served = serve()
    for pin in ("MD5:00:11", served.host_key, f"{served.fingerprint},"):
        with (
            pytest.raises(ConfigError, match="SHA256:"),
            resource(served, host_key_fingerprint=pin).session(),
        ):
            pass


@pytest.mark.parametrize("as_text", [True, False])
def test_known_hosts(serve: Any, connect: Any, tmp_path: Path, as_text: bool) -> None:
    served = serve()

    def known(text: str) -> str:
        (tmp_path / "hosts").write_text(text)
        return text if as_text else str(tmp_path / "hosts")

    other = OTHER.export_public_key().decode().strip()
    unknown = f"elsewhere.example {served.host_key}\n"
    for text in (as_known(served, other), unknown):
        refused_at_once(served, connect, host_key_fingerprint=None, known_hosts=known(text))
    right = known(f"# ours\n{served.known_hosts}")
    assert connect(served, host_key_fingerprint=None, known_hosts=right).walk(ANYTHING)


def test_known_hosts_that_is_not_there(serve: Any, resource: Any) -> None:
    wrong = resource(serve(), host_key_fingerprint=None, known_hosts="/no/such/file")
    with pytest.raises(ConfigError, match="does not exist") as failure, wrong.session():
        pass
    assert "/no/such/file" not in str(failure.value)


def test_the_users_known_hosts_by_default(serve: Any, connect: Any, home: Path) -> None:
    served = serve()
    refused_at_once(served, connect, host_key_fingerprint=None)
    changed = as_known(served, OTHER.export_public_key().decode().strip())
    (home / ".ssh" / "known_hosts").write_text(changed)
    refused_at_once(served, connect, host_key_fingerprint=None)
    (home / ".ssh" / "known_hosts").write_text(served.known_hosts)
    assert connect(served, host_key_fingerprint=None).walk(ANYTHING)


def test_the_insecure_flag_works_and_warns(
    serve: Any, connect: Any, caplog: pytest.LogCaptureFixture
) -> None:
    session = connect(serve(), host_key_fingerprint=None, insecure_skip_host_key_check=True)
    assert session.walk(ANYTHING)
    assert "INSECURE: the host key of 127.0.0.1 is not checked" in caplog.text


def test_dagster_sshs_flag_is_refused(serve: Any, resource: Any) -> None:
    for also in ({}, {"insecure_skip_host_key_check": True}):
        refused = resource(serve(), no_host_key_check=True, **also)
        with (
            pytest.raises(ConfigError, match="insecure_skip_host_key_check"),
            refused.session(),
        ):
            pass
