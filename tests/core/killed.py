"""Rewrites all old objects of an asset, as ``teamster reencode --apply`` does.

Run as a process it waits for lines, each a number of seconds: it forks a process that does so,
kills it after that time (0: never), and says how long it ran.
"""

import json
import os
import signal
import sys
import time
from typing import Any

from upath import UPath

from teamster.core.reencoding import KEPT, rewrite, settle
from teamster.core.schema_history import objects_of, schema_history


def reencode_all(folder: UPath, present: dict[str, Any]) -> list[str]:
    said = [settle(kept) for kept in objects_of(folder, KEPT)]
    for group in schema_history(folder, present).old:
        for found in group.objects:
            rewrite(found, present)
    return said


if __name__ == "__main__":
    where, schema = UPath(sys.argv[1]), json.loads(sys.argv[2])
    for seconds in sys.stdin:
        begun = time.monotonic()
        child = os.fork()
        if not child:
            reencode_all(where, schema)
            os._exit(0)
        if float(seconds):
            time.sleep(float(seconds))
            os.kill(child, signal.SIGKILL)  # if it has ended, its number is still its own
        os.waitpid(child, 0)
        print(time.monotonic() - begun, flush=True)
