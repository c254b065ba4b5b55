"""Builds the phone app into app/static; with arguments runs pnpm with them (`run test`, `run check`).

Node comes from PATH; where there is none new enough, from the wheel in requirements/node.txt, in a folder of its own.
"""

import os
import re
import shutil
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
NODE_FOLDER = HERE / ".node"
PINNED = HERE.parent / "requirements" / "node.txt"
PNPM = "pnpm@9.15.9"
OLDEST = (20, 19)
"""What Vite needs."""


BUILD = (("install", "--frozen-lockfile"), ("run", "generate"), ("run", "build"))


def main() -> None:
    """Run what was asked for, or install what the lock names, generate the operations and build."""
    environment = {**os.environ, "PATH": f"{node_folder()}{os.pathsep}{os.environ['PATH']}", "CI": "true"}
    asked = tuple(sys.argv[1:])
    for arguments in [asked] if asked else BUILD:
        output = None if asked else subprocess.PIPE  # a build that goes well has nothing to say
        done = subprocess.run(
            ["npx", "--yes", PNPM, *arguments],
            cwd=HERE,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"pnpm {' '.join(arguments)} failed in mobile/.\n{done.stdout or ''}")


def node_folder() -> Path:
    """Return the folder of a Node that is new enough, installing one when there is none."""
    found = shutil.which("node")
    if found and shutil.which("npx") and is_new_enough(found):
        return Path(found).parent
    scripts = NODE_FOLDER / ("Scripts" if os.name == "nt" else "bin")
    if not (scripts / "node").exists():
        print("No Node.js 20.19 or newer here: taking the one from PyPI (once, about 70 MB) ...", flush=True)
        venv.create(NODE_FOLDER, with_pip=True)
        install = [scripts / "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        subprocess.run([*install, "-r", PINNED], check=True)
    return scripts


def is_new_enough(node: str) -> bool:
    """Tell whether a Node may be used."""
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    version = re.match(r"v(\d+)\.(\d+)", told)
    return version is not None and (int(version[1]), int(version[2])) >= OLDEST


if __name__ == "__main__":
    main()
