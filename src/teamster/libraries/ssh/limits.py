"""How patient and how greedy a session is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SessionLimits:
    """How patient and how greedy a session is.

    Attributes:
        timeout: Seconds without an answer until a call counts as failed.
        attempts: How often a call is tried when the failure is transient.
        longest_wait: Seconds to wait between tries at the most.
        max_listings: Folders listed at once.
        max_downloads: Files fetched at once.
        max_ahead: Files under way or fetched that nobody has taken yet, at the most.
        max_ahead_bytes: Their bytes at the most; a file of more is fetched when there is no other.
    """

    timeout: float = 60
    attempts: int = 3
    longest_wait: float = 30
    max_listings: int = 64
    max_downloads: int = 32
    max_ahead: int = 256
    max_ahead_bytes: int = 256 * 1024**2
