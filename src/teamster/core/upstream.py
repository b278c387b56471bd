"""Several partitions of an upstream asset, as one input."""

from collections.abc import Callable, ItemsView, Iterable, Iterator, ValuesView
from typing import Any


class UpstreamPartitions(dict[str, Any]):
    """Partition key -> value, where each value is loaded when it is asked for, and anew each time.

    A run over a thousand partitions so holds one of them at a time. It is a dict, since that is
    what Dagster hands to an asset that declares one.

    Args:
        keys: The partitions.
        load: Loads one.
    """

    def __init__(self, keys: Iterable[str], load: Callable[[str], Any]) -> None:
        super().__init__(dict.fromkeys(keys))
        self._load = load

    def __getitem__(self, key: str) -> Any:
        super().__getitem__(key)
        return self._load(key)

    def __iter__(self) -> Iterator[str]:  # its own, or dict(partitions) would take what lies within
        return super().__iter__()

    def get(self, key: str, default: Any = None) -> Any:
        """Loads a partition, if it is one of these."""
        if key not in self:
            return default
        return self[key]

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        """Loads one partition after the other."""
        return ItemsView(self)

    def values(self) -> ValuesView[Any]:  # type: ignore[override]
        """Loads one partition after the other."""
        return ValuesView(self)

    def pop(self, key: str, *default: Any) -> Any:
        """Loads a partition and takes it out."""
        if key not in self:
            return super().pop(key, *default)
        value = self[key]
        del self[key]
        return value

    def copy(self) -> "UpstreamPartitions":
        """Returns the same partitions, none of them loaded."""
        return UpstreamPartitions(self, self._load)
