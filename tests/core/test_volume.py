"""When a row count is suspect; what then happens to the drop is in tests/libraries/sftp."""

from typing import Any

import pytest
from dagster import AssetKey, StaticPartitionsDefinition
from pydantic import ValidationError

from teamster.core.errors import ConfigError
from teamster.core.volume import (
    VolumeGuard,
    VolumeOptions,
    build_check_spec_volume,
    check_volume_options,
)

KEY = AssetKey(["kipptaf", "vendor", "table"])


@pytest.mark.parametrize(
    ("options", "earlier", "rows", "suspect"),
    [
        ({}, 100, 50, ""),
        ({}, 100, 49, "fell by 51%"),
        ({}, 100, 0, "fell by 100%"),
        ({}, 100, 1_000_000, ""),
        ({}, None, 0, ""),
        ({}, 0, 5, ""),
        ({"max_fall": 0.1}, 100, 89, "fell by 11%"),
        ({"max_fall": 1}, 100, 0, ""),
        ({"max_rise": 0.5}, 100, 151, "rose by 51%"),
        ({"max_rise": 0.5}, 100, 150, ""),
        ({"max_fall": None, "max_rise": 0.5}, 100, 0, ""),
    ],
)
def test_what_is_suspect(
    options: dict[str, Any], earlier: int | None, rows: int, suspect: str
) -> None:
    guard = VolumeGuard(KEY, None, VolumeOptions(**options), earlier)
    assert suspect in guard.breach(rows)
    assert bool(guard.breach(rows)) == bool(suspect)
    assert guard.result(rows).passed == (not suspect)


@pytest.mark.parametrize(
    "options",
    [
        {"max_fall": None},
        {"max_fall": 0},
        {"max_fall": 1.5},
        {"max_drop": 0.5},
        {"on_breach": "explode"},
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        VolumeOptions(**options)


def test_a_year_before_needs_years() -> None:
    options = VolumeOptions(compare_with="year_before")
    check_volume_options(options, StaticPartitionsDefinition(["2025"]))
    for definition in (None, StaticPartitionsDefinition(["ela"])):
        with pytest.raises(ConfigError, match="dimension of years"):
            check_volume_options(options, definition)


def test_the_spec_says_what_is_looked_at() -> None:
    options = VolumeOptions(max_rise=2, compare_with="year_before")
    description = build_check_spec_volume(KEY, options).description
    assert description == (
        "The row count neither falls by over 50% nor rises by over 200% against the year before."
    )
    only = build_check_spec_volume(KEY, VolumeOptions()).description
    assert only == "The row count never falls by over 50% against the last time."
