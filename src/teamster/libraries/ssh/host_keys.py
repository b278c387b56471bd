"""Whom a connection trusts: pinned host keys, by their fingerprints, or those of known_hosts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import asyncssh

_KINDS = {
    "ssh-ed25519": "ssh-ed25519",
    "ecdsa-sha2-": "ecdsa-sha2-nistp*",
    "ssh-rsa": "rsa-sha2-*",
}
"""How the algorithm of a key begins -> the host key algorithms that ask a server for such a key."""


@dataclass(frozen=True)
class Trust:
    """The host keys that are trusted.

    Attributes:
        pinned: Fingerprints, ``SHA256:…`` without padding. With any of them ``known_hosts`` counts
            for nothing.
        known_hosts: A path, or the lines themselves.
    """

    pinned: Collection[str] = ()
    known_hosts: str | bytes = b""


class _VerifiedHost(asyncssh.SSHClient):
    """Trusts what a :class:`Trust` does; of any other key it says which it is."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust
        self._is_listed = False
        self.shown = ""

    def keys_of(self, host: str, addr: str, port: int | None) -> Sequence[Sequence[Any]]:
        """Returns what asyncssh asks for: the keys by which known_hosts knows the host."""
        if self._trust.pinned:
            return [], [], []
        found = asyncssh.match_known_hosts(self._trust.known_hosts, host, addr, port)
        self._is_listed = any(found[:2])
        return found

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Returns True for a pinned key; those of known_hosts do not come here."""
        fingerprint = key.get_fingerprint("sha256")
        if fingerprint in self._trust.pinned:
            return True
        self.shown = key.get_algorithm()
        what = "it is"
        if not self._trust.pinned:
            what = "known_hosts lists another: it is" if self._is_listed else "it is unknown:"
        raise asyncssh.HostKeyNotVerifiable(f"{what} {fingerprint}, {self.shown}")


async def connect(options: Mapping[str, Any], trust: Trust | None) -> asyncssh.SSHClientConnection:
    """Connects to a server whose host key is trusted.

    A server has a host key of each kind and shows the one whose kind the client likes best. The
    pinned one may be another: the server is then asked for its keys of the other kinds.

    Args:
        options: Keyword arguments of ``asyncssh.connect``.
        trust: Whom to trust; None for anyone.

    Raises:
        asyncssh.HostKeyNotVerifiable: The server has no trusted key; the error shows its first one.
    """
    if trust is None:
        return await asyncssh.connect(**options, known_hosts=None)
    host = _VerifiedHost(trust)
    try:
        return await _connect_to(host, options)
    except asyncssh.HostKeyNotVerifiable:
        for kind in _other_kinds(host.shown) if trust.pinned else []:
            asked = {**options, "server_host_key_algs": kind}
            try:
                return await _connect_to(_VerifiedHost(trust), asked)
            except (asyncssh.Error, OSError):
                continue  # not the pinned one, or it has none of that kind and may hang up over it
        raise


async def _connect_to(
    host: _VerifiedHost, options: Mapping[str, Any]
) -> asyncssh.SSHClientConnection:
    return await asyncssh.connect(**options, known_hosts=host.keys_of, client_factory=lambda: host)


def _other_kinds(shown: str) -> list[str]:
    return [kind for beginning, kind in _KINDS.items() if not shown.startswith(beginning)]
