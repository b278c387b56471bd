"""Types a tutorial in, in a copy of the tree, and runs what it says."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import fastavro

ROOT = Path(__file__).resolve().parents[2]
KEPT_OUT = shutil.ignore_patterns(
    *(".git", ".venv*", ".node", ".teamster", "tests", "__pycache__", "target", "logs", ".*_cache")
)


def typed_files(tutorial: Path) -> dict[str, str]:
    """Path -> text of every file that a tutorial has one type in."""
    return dict(re.findall(r"^```\w+\n# (/?\w+/\S+)\n(.*?)^```", tutorial.read_text(), re.M | re.S))


def copied_tree(folder: Path) -> Path:
    """Returns a copy of the tree."""
    tree = folder / "teamster"
    shutil.copytree(ROOT, tree, ignore=KEPT_OUT, symlinks=True)
    return tree


def type_in(tutorial: Path, tree: Path) -> None:
    """Writes a tutorial's files; those outside the checkout go into it, too."""
    for name, text in typed_files(tutorial).items():
        path = tree / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def run(
    tree: Path, *command: str, variables: Mapping[str, str] | None = None, succeeds: bool = True
) -> str:
    """Runs a command in a tree; returns what it printed."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("TEAMSTER_")},
        "PYTHONPATH": str(tree / "src"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DAGSTER_HOME": str(tree / "home"),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
        **(variables or {}),
    }
    (tree / "home").mkdir(exist_ok=True)
    done = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=300
    )
    printed = done.stdout + done.stderr
    assert (done.returncode == 0) is succeeds, printed[-8000:]
    return printed


def records_at(tree: Path, *parts: str) -> list[object]:
    """Returns the records of an object."""
    with tree.joinpath(".teamster", "storage", *parts, "data").open("rb") as file:
        return list(fastavro.reader(file))
