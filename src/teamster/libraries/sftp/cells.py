"""Split cells to encoded records by numpy, a chunk of rows at once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from teamster.core.blocks import Block, sealed
from teamster.libraries.sftp.encoding import Plan, TextColumn, TypedColumn, Unfit, can_stay
from teamster.libraries.sftp.formats.places import Places
from teamster.libraries.sftp.gathering import Gathering
from teamster.libraries.sftp.in_place import encode_in_place


@dataclass(frozen=True)
class Encoded:
    """The records of a chunk.

    Attributes:
        block: The records.
        nulls: Field -> how many of them are null, of the fields that are columns.
        short_rows: How many rows had fewer cells than the header.
    """

    block: Block
    nulls: dict[str, int]
    short_rows: int


class CellEncoder:
    """Encodes chunks of cells: in place where plan and cells are plain, else by gathering.

    Args:
        plan: Where each field comes from.
        width: How many columns the header has.
    """

    def __init__(self, plan: Plan, width: int) -> None:
        self._width = width
        self._may_stay = len(plan.sources) == width and can_stay(plan)
        self._plan = plan
        columns = [
            (name, source)
            for name, source in zip(plan.names, plan.sources, strict=True)
            if isinstance(source, TextColumn | TypedColumn)
        ]
        self._names = [name for name, _ in columns]
        self._columns = np.array([source.at for _, source in columns], np.intp)
        self._required = np.array(
            [isinstance(each, TextColumn) and each.branches.null is None for _, each in columns],
            np.bool_,
        )

    def __call__(self, places: Places, first_line: int) -> Encoded | None:
        """Encodes a chunk.

        Args:
            places: Its cells.
            first_line: The line on which its first row begins.

        Returns:
            None where a row must be looked at by itself: it is to be rejected, mostly.
        """
        rows, width = places.lengths.shape
        if places.lengths[:, self._width :].any():
            return None
        lacking = max(self._width - width, 0)
        empty = (places.lengths == 0).sum(axis=0)
        nulls = np.append(empty, [rows] * lacking).take(self._columns)
        if nulls[self._required].any():
            return None
        encoded = self._encoded(places, first_line)
        if encoded is None:
            return None
        counts = zip(self._names, nulls.tolist(), strict=True)
        block = sealed(rows, encoded)
        return Encoded(block, {name: n for name, n in counts if n}, rows if lacking else 0)

    @cached_property
    def _gather(self) -> Gathering:
        return Gathering(self._plan)  # its tables take longer to make than some files to encode

    def _encoded(self, places: Places, first_line: int) -> bytes | memoryview | None:
        if self._may_stay and places.lengths.shape[1] == self._width:
            encoded = encode_in_place(places)
            if encoded is not None:
                return encoded
        try:
            return self._gather(places.joined.padded(self._width), places.line_numbers + first_line)
        except (ValueError, Unfit):
            return None
