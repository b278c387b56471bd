"""A budget of requests a minute, shared by all that this process asks of a server."""

import threading
import time


class Budget:
    """Spaces requests evenly, over all threads; a server's wish to be left alone counts for all.

    Args:
        per_minute: Requests a minute; None for as many as come.
    """

    def __init__(self, per_minute: float | None) -> None:
        self._gap = 60 / per_minute if per_minute else 0.0
        self._next = 0.0
        self._lock = threading.Lock()

    def wait(self) -> None:
        """Waits until a request may go out."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._gap
        if turn > now:
            time.sleep(turn - now)

    def pause(self, seconds: float) -> None:
        """Lets no request go out for a while."""
        with self._lock:
            self._next = max(self._next, time.monotonic() + seconds)


_BUDGETS: dict[tuple[str, str | None, float | None], Budget] = {}
_LOCK = threading.Lock()


def budget_of(server: str, account: str | None, per_minute: float | None) -> Budget:
    """Returns the budget of an account at a server: one in a process, whoever asks.

    Args:
        server: The server's URL.
        account: Who asks there.
        per_minute: Requests a minute.
    """
    with _LOCK:
        return _BUDGETS.setdefault((server, account, per_minute), Budget(per_minute))
