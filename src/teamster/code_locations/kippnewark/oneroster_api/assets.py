"""OneRoster's assets over REST, one for each entry of ``config/assets-endpoints.yaml``."""

from pathlib import Path

from teamster.core.config import config_from_files
from teamster.libraries.oneroster.assets import build_oneroster_asset

CONFIG = Path(__file__).parent / "config"

assets = [
    build_oneroster_asset(**config)
    for config in config_from_files([str(CONFIG / "assets-endpoints.yaml")])["assets"]
]
