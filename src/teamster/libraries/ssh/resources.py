"""The SSH resource: who we are, whom we trust, and how patient we are."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import asyncssh
from anyio.from_thread import start_blocking_portal
from dagster import ConfigurableResource, EnvVar, get_dagster_logger
from pydantic import Field

from teamster.core.errors import ConfigError
from teamster.libraries.ssh.host_keys import Trust, connect
from teamster.libraries.ssh.limits import SessionLimits
from teamster.libraries.ssh.session import SFTPSession

_LOOP = {"use_uvloop": find_spec("uvloop") is not None}  # there is none for Windows


class SSHResource(ConfigurableResource[Any]):
    """A vendor's SSH server. Field names are dagster-ssh's where it has the field.

    The server's host key is verified by ``host_key_fingerprint`` or ``known_hosts``, by the user's
    own ``~/.ssh/known_hosts`` where neither is given, and not at all only with
    ``insecure_skip_host_key_check``.
    """

    remote_host: str = Field(description="Host name or address.")
    remote_port: int = Field(default=22, description="Port.")
    username: str | None = Field(default=None, description="User name.")
    password: str | None = Field(default=None, description="Password.")
    key_file: str | None = Field(default=None, description="Path of a private key.")
    key_string: str | None = Field(
        default=None, description="A private key, PEM or OpenSSH: RSA, Ed25519 or ECDSA."
    )
    key_passphrase: str | None = Field(default=None, description="The private key's passphrase.")
    known_hosts: str | None = Field(
        default=None, description="Path of a known_hosts file, or its lines."
    )
    host_key_fingerprint: str | None = Field(
        default=None, description="The pinned host key: SHA256:… as ssh-keygen -lf prints it."
    )
    insecure_skip_host_key_check: bool = Field(
        default=False, description="Trust any host key. Anyone in between can read and alter."
    )
    timeout: float = Field(default=60, gt=0, description="Seconds without an answer.")
    keepalive_interval: float = Field(default=30, ge=0, description="Seconds; 0 for none.")
    compress: bool = Field(default=False, description="Compress what is sent.")
    agent: bool = Field(default=False, description="Offer the keys of the running ssh-agent too.")
    host_key_algorithms: str = Field(
        default="-ssh-rsa,ssh-rsa-cert-v01@openssh.com",
        description="As HostKeyAlgorithms of ssh_config; '+ssh-rsa' for servers that know no "
        "better: SHA-1 signatures are not trusted by default.",
    )
    signature_algorithms: str = Field(
        default="-ssh-rsa",
        description="As PubkeyAcceptedAlgorithms of ssh_config; '+ssh-rsa' for old servers.",
    )
    kex_algorithms: str | None = Field(
        default=None, description="As KexAlgorithms, e.g. '+diffie-hellman-group1-sha1'."
    )
    ciphers: str | None = Field(
        default="^aes128-gcm@openssh.com",
        description="As Ciphers, e.g. '+aes256-cbc'. By default the quickest first.",
    )
    macs: str | None = Field(default=None, description="As MACs, e.g. '+hmac-md5'.")
    rekey_bytes: int | None = Field(
        default=None,
        gt=0,
        description="Bytes after which new session keys are agreed on; by default 1 GiB. More "
        "for servers that drop the connection then.",
    )
    rekey_seconds: float | None = Field(
        default=None, gt=0, description="Seconds after which, too; by default 3,600."
    )
    attempts: int = Field(default=3, ge=1, description="Tries of a call that fails transiently.")
    longest_wait: float = Field(default=30, ge=0, description="Seconds between tries at most.")
    max_listings: int = Field(default=64, ge=1, description="Folders listed at once.")
    max_downloads: int = Field(default=32, ge=1, description="Files fetched at once.")
    max_ahead: int = Field(
        default=256, ge=1, description="Files fetched or under way that are not read yet, at most."
    )
    max_ahead_bytes: int = Field(
        default=256 * 1024**2,
        ge=1,
        description="Their bytes at most; a file of more is fetched when no other waits.",
    )
    no_host_key_check: bool = Field(
        default=False, description="dagster-ssh's; refused: use insecure_skip_host_key_check."
    )

    @classmethod
    def from_env(cls, prefix: str, **fields: Any) -> "SSHResource":
        """Makes a resource whose host, credential and host key come from the environment.

        Args:
            prefix: ``IREADY`` reads ``IREADY_SFTP_HOST``, ``_PORT``, ``_USERNAME``, ``_PASSWORD``
                and ``_HOST_KEY_FINGERPRINT``, at the time a run needs them.
            **fields: Any field, to replace what the environment would give.
        """
        from_environment: dict[str, Any] = {
            "remote_host": EnvVar(f"{prefix}_SFTP_HOST"),
            "remote_port": EnvVar.int(f"{prefix}_SFTP_PORT"),
            "username": EnvVar(f"{prefix}_SFTP_USERNAME"),
            "password": EnvVar(f"{prefix}_SFTP_PASSWORD"),
            "host_key_fingerprint": EnvVar(f"{prefix}_SFTP_HOST_KEY_FINGERPRINT"),
        }
        return cls(**{**from_environment, **fields})

    @contextmanager
    def session(
        self, *, attempts: int | None = None, timeout: float | None = None
    ) -> Iterator[SFTPSession]:
        """Opens a session; the connection is made at its first call and serves all of them.

        Args:
            attempts: Instead of the field's, for those who can come back later.
            timeout: Seconds without an answer; the field's where that is shorter.

        Raises:
            ConfigError: The fields contradict each other, or a key cannot be read.
        """
        timeout = min(self.timeout, timeout or self.timeout)
        options = {**self._options(timeout), **self._algorithms()}
        trust = self._trust()
        server = f"{self.remote_host}:{self.remote_port}"
        limits = SessionLimits(
            timeout=timeout,
            attempts=attempts or self.attempts,
            longest_wait=self.longest_wait,
            max_listings=self.max_listings,
            max_downloads=self.max_downloads,
            max_ahead=self.max_ahead,
            max_ahead_bytes=self.max_ahead_bytes,
        )
        with start_blocking_portal(backend_options=_LOOP) as portal:
            session = SFTPSession(server, lambda: connect(options, trust), portal, limits)
            try:
                yield session
            finally:
                session.close()

    def _options(self, timeout: float) -> dict[str, Any]:
        options: dict[str, Any] = {
            "host": self.remote_host,
            "port": self.remote_port,
            "username": self.username or (),
            "password": self.password,
            "client_keys": self._client_keys(),
            "connect_timeout": timeout,
            "login_timeout": timeout,
            "keepalive_interval": self.keepalive_interval,
            "compression_algs": ["zlib@openssh.com", "none"] if self.compress else ["none"],
            "agent_path": () if self.agent else None,
            "config": None,
        }
        limits = {"rekey_bytes": self.rekey_bytes, "rekey_seconds": self.rekey_seconds}
        return options | {name: limit for name, limit in limits.items() if limit is not None}

    def _algorithms(self) -> dict[str, str]:
        """Returns what this connection may agree on; nothing is changed for others."""
        given = {
            "server_host_key_algs": self.host_key_algorithms,
            "signature_algs": self.signature_algorithms,
            "kex_algs": self.kex_algorithms,
            "encryption_algs": self.ciphers,
            "mac_algs": self.macs,
        }
        named = {name: algorithms for name, algorithms in given.items() if algorithms}
        try:
            asyncssh.SSHClientConnectionOptions(**named)
        except ValueError as error:
            raise ConfigError(f"{self.remote_host}: {error}") from None
        return named

    def _client_keys(self) -> list[asyncssh.SSHKey] | None:
        if self.key_file and self.key_string:
            raise ConfigError(f"{self.remote_host}: give key_file or key_string, not both")
        try:
            if self.key_string:
                return [asyncssh.import_private_key(self.key_string, self.key_passphrase)]
            if self.key_file:
                return [asyncssh.read_private_key(self.key_file, self.key_passphrase)]
        except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError, OSError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise ConfigError(
                f"{self.remote_host}: the private key cannot be read: {reason}; check the key and "
                "key_passphrase"
            ) from None
        return None

    def _trust(self) -> Trust | None:
        if self.no_host_key_check:
            raise ConfigError(
                f"{self.remote_host}: no_host_key_check is refused; pin host_key_fingerprint or, "
                "knowing what it means, set insecure_skip_host_key_check"
            )
        if self.insecure_skip_host_key_check:
            get_dagster_logger().warning(
                "INSECURE: the host key of %s is not checked; anyone in between can read and alter "
                "the files. Pin host_key_fingerprint instead",
                self.remote_host,
            )
            return None
        if self.host_key_fingerprint:
            return Trust(pinned=self._pinned(self.host_key_fingerprint))
        if self.known_hosts is None:
            of_user = Path.home() / ".ssh" / "known_hosts"
            return Trust(known_hosts=str(of_user) if of_user.is_file() else b"")
        is_text = " " in self.known_hosts.strip()
        if not is_text and not Path(self.known_hosts).is_file():
            raise ConfigError(f"{self.remote_host}: the file of known_hosts does not exist")
        return Trust(known_hosts=self.known_hosts.encode() if is_text else self.known_hosts)

    def _pinned(self, fingerprints: str) -> Collection[str]:
        pinned = {part.strip().rstrip("=") for part in fingerprints.split(",")}
        if not all(part.startswith("SHA256:") for part in pinned):
            raise ConfigError(
                f"{self.remote_host}: host_key_fingerprint must be SHA256:…, as printed by "
                "ssh-keygen -lf; several are separated by commas"
            )
        return pinned
