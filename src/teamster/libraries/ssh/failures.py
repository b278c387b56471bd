"""The failures of asyncssh and the network, sorted by what helps against them."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import asyncssh

from teamster.core.errors import (
    AuthenticationFailed,
    ConfigError,
    HostKeyUntrusted,
    NoMatchingFile,
    PermissionRefused,
    ServerUnavailable,
    SpoolFull,
    TeamsterError,
)

_DISK_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def sorted_failures(server: str) -> Iterator[None]:
    """Turns what the block raises into Teamster's errors.

    Args:
        server: Host and port, to name in the error.

    Raises:
        AuthenticationFailed: The server refused the credential.
        HostKeyUntrusted: The host key is unknown or changed.
        ConfigError: A key cannot be read, or no algorithm is in common.
        NoMatchingFile: A path is gone.
        PermissionRefused: A path may not be read.
        SpoolFull: The disk here is full.
        ServerUnavailable: Anything that the network or the server's load can cause.
    """
    try:
        yield
    except TeamsterError:
        raise
    except asyncssh.HostKeyNotVerifiable as error:
        raise HostKeyUntrusted(
            f"{server}: the host key is not trusted: {error.reason}. If the vendor announced a "
            "new key, update known_hosts or host_key_fingerprint; if not, ask them first"
        ) from None
    except asyncssh.PermissionDenied:
        raise AuthenticationFailed(
            f"{server}: user name, password or key refused; check the credential in the "
            "environment (for an RSA key and an old server, signature_algorithms: +ssh-rsa)"
        ) from None
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError) as error:
        raise ConfigError(f"{server}: the private key cannot be read: {error}") from None
    except asyncssh.KeyExchangeFailed as error:
        raise ConfigError(
            f"{server}: no algorithm in common: {error.reason}. A server that knows old ones only "
            "needs host_key_algorithms, kex_algorithms, ciphers or macs, e.g. +ssh-rsa"
        ) from None
    except asyncssh.SFTPNoSuchFile as error:
        raise NoMatchingFile(f"{server}: {error.reason}") from None
    except asyncssh.SFTPPermissionDenied as error:
        raise PermissionRefused(f"{server}: {error.reason}") from None
    except OSError as error:
        if error.errno in _DISK_FULL:
            raise SpoolFull(
                "no space is left for temporary files here; free some, or point TEAMSTER_SPOOL_DIR "
                "to a larger disk"
            ) from None
        raise _unavailable(server, error) from None
    except (asyncssh.Error, EOFError) as error:
        raise _unavailable(server, error) from None


def _unavailable(server: str, error: Exception) -> ServerUnavailable:
    reason = getattr(error, "reason", None) or getattr(error, "strerror", None)
    return ServerUnavailable(f"{server}: {type(error).__name__}: {reason or 'no answer'}")
