"""Puts the built phone app into the wheel; everything else is in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent


class BuildWithApp(build_py):
    """Builds the phone app when nobody has yet; an editable install serves it from the folder."""

    def run(self) -> None:
        """Build."""
        if not self.editable_mode and not (ROOT / "app" / "static" / "index.html").exists():
            subprocess.run([sys.executable, ROOT / "mobile" / "build.py"], check=True)
        super().run()


setup(cmdclass={"build_py": BuildWithApp})
