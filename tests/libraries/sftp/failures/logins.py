"""Login and host keys."""

import asyncssh

from teamster.core.errors import AuthenticationFailed, ConfigError, HostKeyUntrusted
from tests.libraries.sftp.failures.cases import CANARY, GOOD, Case, Scene

OTHER = asyncssh.generate_private_key("ssh-ed25519")
OTHER_LINE = OTHER.export_public_key().decode().strip()
LOCKED_KEY = OTHER.export_private_key("pkcs8-pem", "right").decode()
NO_LOGIN = {"password": None, "key_string": None}


def wrong_password(scene: Scene) -> None:
    scene.put(f"{GOOD}2,{CANARY}\n")
    scene.proxied(**{**NO_LOGIN, "password": f"{CANARY}-1"})


def wrong_key(scene: Scene) -> None:
    scene.put(f"{GOOD}2,{CANARY}\n")
    scene.proxied(**{**NO_LOGIN, "key_string": OTHER.export_private_key().decode()})


def wrong_passphrase(scene: Scene) -> None:
    scene.put(f"{GOOD}2,{CANARY}\n")
    scene.login(**{**NO_LOGIN, "key_string": LOCKED_KEY, "key_passphrase": f"{CANARY}-1"})


def key_is_no_key(scene: Scene) -> None:
    scene.put(f"{GOOD}2,{CANARY}\n")
    key = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{CANARY}\n-----END OPENSSH PRIVATE KEY-----\n"
    scene.login(**{**NO_LOGIN, "key_string": key})


def unknown_host(scene: Scene) -> None:
    scene.put(f"{GOOD}2,{CANARY}\n")
    scene.proxied(host_key_fingerprint=None, known_hosts=f"elsewhere.example {scene.known_host}\n")


def no_known_hosts(scene: Scene) -> None:
    """Neither a pinned key nor known_hosts, and the user knows no host either."""
    scene.put(f"{GOOD}2,{CANARY}\n")
    scene.proxied(host_key_fingerprint=None)


def changed_host_key(scene: Scene) -> None:
    scene.put(f"{GOOD}2,{CANARY}\n")
    scene.proxied()
    port = scene.vendor.resource.remote_port
    known = f"[127.0.0.1]:{port} {OTHER_LINE}\n"
    scene.login(host_key_fingerprint=None, known_hosts=known)


def changed_pinned_key(scene: Scene) -> None:
    scene.put(f"{GOOD}2,{CANARY}\n")
    scene.proxied(host_key_fingerprint=OTHER.get_fingerprint("sha256"))


def known_host(scene: Scene) -> None:
    scene.put(f"{GOOD}2,{CANARY}\n")
    scene.proxied()
    port = scene.vendor.resource.remote_port
    place = scene.home / "known_hosts"
    place.write_text(f"[127.0.0.1]:{port} {scene.known_host}\n")
    scene.login(host_key_fingerprint=None, known_hosts=str(place))


def no_file_of_known_hosts(scene: Scene) -> None:
    scene.put(f"{GOOD}2,{CANARY}\n")
    scene.login(host_key_fingerprint=None, known_hosts=str(scene.home / "known_hosts"))


CASES = [
    Case("wrong password", "fails at once", wrong_password, AuthenticationFailed, ["credential"]),
    Case("wrong key", "fails at once", wrong_key, AuthenticationFailed, ["credential"]),
    Case("wrong passphrase of the key", "fails at once", wrong_passphrase, ConfigError, ["key"]),
    Case("a key that is none", "fails at once", key_is_no_key, ConfigError, ["key"]),
    Case("unknown host key", "fails at once", unknown_host, HostKeyUntrusted, ["not trusted"]),
    Case("no host key given at all", "fails at once", no_known_hosts, HostKeyUntrusted),
    Case(
        "changed host key, by known_hosts",
        *("fails at once", changed_host_key, HostKeyUntrusted, ["not trusted"]),
    ),
    Case(
        "changed host key, by its fingerprint",
        *("fails at once", changed_pinned_key, HostKeyUntrusted, ["it is SHA256:"]),
        connections=3,  # it is asked for its keys of the other kinds too
    ),
    Case(
        "the file of known_hosts is not there",
        *("fails at once", no_file_of_known_hosts, ConfigError, ["known_hosts"]),
    ),
    Case("host key as in known_hosts", "read", known_host, rows=[("1", "Good"), ("2", CANARY)]),
]
