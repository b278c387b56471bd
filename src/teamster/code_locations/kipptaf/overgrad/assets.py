"""Overgrad's assets, one for each entry of the files in ``config``."""

from pathlib import Path

from teamster.core.config import config_from_files
from teamster.libraries.overgrad.assets import (
    build_overgrad_asset,
    build_overgrad_university_asset,
)

CONFIG = Path(__file__).parent / "config"

lists = [
    build_overgrad_asset(**config)
    for config in config_from_files([str(CONFIG / "assets-lists.yaml")])["assets"]
]

universities = [
    build_overgrad_university_asset(**config)
    for config in config_from_files([str(CONFIG / "assets-universities.yaml")])["assets"]
]

assets = [*lists, *universities]
