"""Counts beside pages by key: whether what came can be what was there.

Nothing is lost by key: whatever was there all the time comes, and counts need not stay equal. They
guard against a server that leaves records out.

Records that come meanwhile may be read or not, as may those that go. So what was read lies between
the first count less all that went, and the first count and all that came. Counts show how many went
and came, but for those that made up for one another between two counts; a right reading may be
refused for them. It is then read anew with a count before each page, where next to none do. Where
all counts are equal, that many must have come.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

_FEW_PAGES = 20


@dataclass
class Counts:
    """The counts of a list, from before it is read to after.

    Attributes:
        stated: The counts, in order.
    """

    stated: list[int] = field(default_factory=list)
    _pages: int | None = field(default=None, init=False)

    def is_outrun(self, came: int, pages: int) -> bool:
        """Tells whether a list grows as fast as it is read, and its end may never come.

        It took so many pages until as many records came as there were at first: twice as many,
        and some, are enough for those that are left.

        Args:
            came: How many records came so far.
            pages: In how many pages.
        """
        if self._pages is None and came >= self.stated[0]:
            self._pages = pages
        return self._pages is not None and pages > 2 * self._pages + _FEW_PAGES

    def allow(self, came: int) -> bool:
        """Tells whether a reading of so many records can be right.

        None is right only where each count is 0: an answer without records may be a fault, and
        reading none anew is cheap.
        """
        if not came:
            return not any(self.stated)
        steps: Sequence[tuple[int, int]] = list(pairwise(self.stated))
        gone = sum(max(0, before - after) for before, after in steps)
        added = sum(max(0, after - before) for before, after in steps)
        return self.stated[0] - gone <= came <= self.stated[0] + added
