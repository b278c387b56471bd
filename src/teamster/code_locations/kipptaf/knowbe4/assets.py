"""KnowBe4's assets, one for each entry of ``config/assets-lists.yaml``."""

from pathlib import Path

from teamster.core.config import config_from_files
from teamster.libraries.knowbe4.assets import build_knowbe4_asset

CONFIG = Path(__file__).parent / "config"

assets = [
    build_knowbe4_asset(**config)
    for config in config_from_files([str(CONFIG / "assets-lists.yaml")])["assets"]
]
