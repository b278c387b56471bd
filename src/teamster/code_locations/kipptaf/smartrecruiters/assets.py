"""SmartRecruiters's assets, one for each entry of ``config/assets-reports.yaml``."""

from pathlib import Path

from teamster.core.config import config_from_files
from teamster.libraries.smartrecruiters.assets import build_smartrecruiters_asset

CONFIG = Path(__file__).parent / "config"

assets = [
    build_smartrecruiters_asset(**config)
    for config in config_from_files([str(CONFIG / "assets-reports.yaml")])["assets"]
]
