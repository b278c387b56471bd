"""Coupa's assets, one for each entry of ``config/assets-lists.yaml``."""

from pathlib import Path

from teamster.core.config import config_from_files
from teamster.libraries.coupa.assets import build_coupa_asset

CONFIG = Path(__file__).parent / "config"

assets = [
    build_coupa_asset(**config)
    for config in config_from_files([str(CONFIG / "assets-lists.yaml")])["assets"]
]
