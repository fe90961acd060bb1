"""Make virtual environments as other people have them."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

from tests.conftest import ROOT
from tests.plugin import need


def pip(*arguments: str | Path, python: str | Path = sys.executable) -> None:
    """Run pip; without a package index, skip the test, or fail it in CI."""
    command = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if "No matching distribution" in result.stderr or "No module named pip" in result.stderr:
        need("pip with a package index")
    assert result.returncode == 0, result.stderr


def environment(folder: Path) -> Path:
    """Make an empty environment and return the folder of its programs."""
    venv.create(folder, with_pip=True, symlinks=os.name != "nt")
    return folder / ("Scripts" if os.name == "nt" else "bin")


def without_paths() -> dict[str, str]:
    """Return the environment variables without those that change what Python imports."""
    names = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    kept = {name: text for name, text in os.environ.items() if name not in names}
    return {name: text for name, text in kept.items() if not name.startswith("PYTEST")}


def build_wheel(folder: Path) -> Path:
    """Build this repository's wheel; the packages for that come from the index."""
    pip("wheel", "--no-deps", "--wheel-dir", folder, ROOT)
    [found] = folder.iterdir()
    return found
