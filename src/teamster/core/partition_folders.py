"""From an object's folder back to its partition: the inverse of ``hive_parts``."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from dagster import PartitionsDefinition, TimeWindowPartitionsDefinition

from teamster.core.partitions import DATE_FORMAT, hive_parts, join_key
from teamster.core.schema_history import PARTITION_PREFIX


def partition_of(definition: PartitionsDefinition[Any] | None, parts: Sequence[str]) -> str | None:
    """Returns the partition key of an object's folders.

    Args:
        definition: The asset's partitions definition.
        parts: The folders between the asset's own and the object.

    Returns:
        The key; None if no key's object lies there, as where an earlier definition had other
        dimensions. A key of a definition without partitions is the empty text. Whether the
        definition has the key is not looked at.
    """
    if definition is None:
        return None if parts else ""
    values = _values(parts)
    if values is None:
        return None
    try:
        if isinstance(definition, TimeWindowPartitionsDefinition):
            key = _key_of_window(definition, values)
        else:
            key = join_key(definition, values)
        return key if hive_parts(definition, key) == list(parts) else None
    except Exception:  # Dagster raises several unrelated types for a key that it cannot make
        return None


def shown_partition(definition: PartitionsDefinition[Any] | None, parts: Sequence[str]) -> str:
    """Returns an object's partition as people see it: its key, else its folders."""
    key = partition_of(definition, parts)
    return "/".join(parts) if key is None else key or "(not partitioned)"


def _values(parts: Sequence[str]) -> dict[str, str] | None:
    values: dict[str, str] = {}
    for part in parts:
        name, equals, value = part.partition("=")
        if not equals or not name.startswith(PARTITION_PREFIX):
            return None
        values[unquote(name.removeprefix(PARTITION_PREFIX))] = unquote(value)
    return values


def _key_of_window(definition: TimeWindowPartitionsDefinition, values: dict[str, str]) -> str:
    hour = values["hour"]
    text = f"{values['date']} {hour[:2]}:{values['minute']}"
    moment = datetime.strptime(text, f"{DATE_FORMAT} %H:%M")
    # An hour with an offset is the second of two when clocks go back.
    local = moment.replace(tzinfo=ZoneInfo(definition.timezone), fold=int(len(hour) > 2))
    return str(definition.get_partition_key_for_timestamp(local.timestamp()))
