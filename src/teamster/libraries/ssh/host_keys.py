"""Whom a connection trusts: pinned host keys, by their fingerprints."""

from collections.abc import Collection, Mapping
from typing import Any

import asyncssh

_KINDS = {
    "ssh-ed25519": "ssh-ed25519",
    "ecdsa-sha2-": "ecdsa-sha2-nistp*",
    "ssh-rsa": "rsa-sha2-*",
}
"""How the algorithm of a key begins -> the host key algorithms that ask a server for such a key."""


class PinnedHost(asyncssh.SSHClient):
    """Trusts the host keys whose SHA-256 fingerprints are pinned, and no other.

    Attributes:
        shown: The algorithm of the key that was refused; empty if none was.
    """

    def __init__(self, pinned: Collection[str]) -> None:
        """Takes the fingerprints, ``SHA256:…`` without padding."""
        self._pinned = pinned
        self.shown = ""

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Returns True for a pinned key.

        Raises:
            asyncssh.HostKeyNotVerifiable: It is another; the error says which.
        """
        fingerprint = key.get_fingerprint("sha256")
        if fingerprint in self._pinned:
            return True
        self.shown = key.get_algorithm()
        raise asyncssh.HostKeyNotVerifiable(f"it is {fingerprint}, {self.shown}")


async def connect(
    options: Mapping[str, Any], pinned: Collection[str] = ()
) -> asyncssh.SSHClientConnection:
    """Connects; where keys are pinned, to a server that has one of them.

    A server has a host key of each kind and shows the one whose kind the client likes best. The
    pinned one may be another: the server is then asked for its keys of the other kinds.

    Args:
        options: Keyword arguments of ``asyncssh.connect``.
        pinned: Fingerprints; without any the options say whom to trust.

    Raises:
        asyncssh.HostKeyNotVerifiable: The server has no pinned key; the error shows its first one.
    """
    if not pinned:
        return await asyncssh.connect(**options)
    host = PinnedHost(pinned)
    try:
        return await asyncssh.connect(**options, client_factory=lambda: host)
    except asyncssh.HostKeyNotVerifiable:
        for kind in _other_kinds(host.shown):
            asked = {**options, "server_host_key_algs": kind}
            try:
                return await asyncssh.connect(**asked, client_factory=lambda: PinnedHost(pinned))
            except (asyncssh.Error, OSError):
                continue  # not the pinned one, or it has none of that kind and may hang up over it
        raise


def _other_kinds(shown: str) -> list[str]:
    return [kind for beginning, kind in _KINDS.items() if not shown.startswith(beginning)]
