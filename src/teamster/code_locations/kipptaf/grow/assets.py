"""Level Data Grow's assets, one for each entry of ``config/assets-lists.yaml``."""

from pathlib import Path

from teamster.core.config import config_from_files
from teamster.libraries.grow.assets import build_grow_asset

CONFIG = Path(__file__).parent / "config"

assets = [
    build_grow_asset(**config)
    for config in config_from_files([str(CONFIG / "assets-lists.yaml")])["assets"]
]
