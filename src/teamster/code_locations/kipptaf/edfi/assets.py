"""Ed-Fi's assets, one for each entry of ``config/assets-resources.yaml``."""

from pathlib import Path

from teamster.core.config import config_from_files
from teamster.libraries.edfi.assets import build_edfi_asset

CONFIG = Path(__file__).parent / "config"

assets = [
    build_edfi_asset(**config)
    for config in config_from_files([str(CONFIG / "assets-resources.yaml")])["assets"]
]
