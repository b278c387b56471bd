"""Lists that are read twice, where one reading cannot tell whether they moved.

Pages that are found by counting lose a record when one before it goes: it moves onto a page that
was read already. But the end of a reading says that there are no more records than were read. If
all of those, no two the same, are still there afterwards, then they are all that there was: a
record that was there and was not read would be one more. So it is enough that a second reading
finds every record of the first. What it finds beyond them came in the meantime.

Only a record that goes in the first reading, comes back before the second, and hides the same
record once more passes for one that stayed. Without a declared key, records are told apart by
their text, and a record read twice must be read twice both times to pass unnoticed.
"""

import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy

from teamster.core.errors import AnswerIncomplete
from teamster.libraries.rest.chains import Chain
from teamster.libraries.rest.spool import Marks, RecordSpool


def read_settled(
    chain: Chain, spool: RecordSpool, copied: Mapping[str, Any], max_reads: int
) -> Chain:
    """Reads a chain, twice where its listing asks for it and it has more than one answer.

    The second reading takes the first one's place in the spool; of the first, 64 bits a record
    are kept. Where they differ, the second is compared with a third, and so on.

    Args:
        chain: The chain; it is not read itself, but copies of it are.
        spool: Receives the records.
        copied: Fields to add to each of them.
        max_reads: How many times a reading is compared with the one before.

    Returns:
        The chain whose records are in the spool.

    Raises:
        AnswerIncomplete: Each time, records were gone.
        TeamsterError: See :meth:`Chain.read`.
    """
    start = spool.mark()
    before: Marks | None = None
    for attempt in range(max_reads + 1):
        if attempt > 1:
            time.sleep(chain.session.patience.seconds(attempt - 1))
        spool.go_back(start)
        reading = replace(chain)
        reading.read(spool, copied)
        if not chain.listing.is_read_twice or reading.requests <= 1:
            return reading
        marks = spool.marks_since(start)
        if chain.listing.key and (marks[1:] == marks[:-1]).any():
            return reading  # keys are looked at once all is read, and then all is read anew
        if before is not None and are_among(before, marks):
            return reading
        before = marks
    hint = "" if chain.listing.key else ", or declare key: without it, a change counts as well"
    raise AnswerIncomplete(
        f"{chain.session.host}: {chain.shown}: records that were read were gone when all were read "
        f"once more, in {max_reads + 1} reads: the list changes as it is read, and others may have "
        f"been missed. Run it when less changes, with more max_reads{hint}"
    )


def are_among(some: Marks, others: Marks) -> bool:
    """Tells whether each of some sorted marks is among others, as often as it comes."""
    if len(some) > len(others):
        return False
    nth = numpy.arange(len(some)) - numpy.searchsorted(some, some)  # of equal ones, from 0
    places = numpy.searchsorted(others, some) + nth
    return bool((places < numpy.searchsorted(others, some, side="right")).all())
