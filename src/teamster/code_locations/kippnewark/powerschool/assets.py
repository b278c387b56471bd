"""PowerSchool's assets, one for each entry of ``config/assets-tables.yaml``."""

from pathlib import Path

from teamster.core.config import config_from_files
from teamster.libraries.powerschool.assets import build_powerschool_asset

CONFIG = Path(__file__).parent / "config"

assets = [
    build_powerschool_asset(**config)
    for config in config_from_files([str(CONFIG / "assets-tables.yaml")])["assets"]
]
