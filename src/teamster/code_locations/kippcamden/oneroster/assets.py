"""OneRoster's assets, one for each entry of ``config/assets-archives.yaml``."""

from pathlib import Path

from teamster.core.config import config_from_files
from teamster.libraries.oneroster.archives import build_oneroster_archive_asset

CONFIG = Path(__file__).parent / "config"

assets = [
    build_oneroster_archive_asset(**config)
    for config in config_from_files([str(CONFIG / "assets-archives.yaml")])["assets"]
]
