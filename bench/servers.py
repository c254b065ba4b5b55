"""A serving process of our own, started by the command line as everybody starts it."""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from pickmesh.bench import world

START_S_MAX = 60


def environment(database_url: str, folder: str = "") -> dict[str, str]:
    """Return the environment of a `pickmesh` on a database; without a folder it keeps nothing of its own."""
    settings = {
        "PICKMESH_DATABASE_URL": database_url,
        "PICKMESH_DATA": folder,
        "PICKMESH_SECRET_KEY": world.SECRET,
        "PICKMESH_PORT": "0",
        "PICKMESH_LOG_FORMAT": "json",
    }
    return {**os.environ, **{name: value for name, value in settings.items() if value}}


@asynccontextmanager
async def serving(database_url: str) -> AsyncIterator[str]:
    """Yield the address of a `pickmesh serve` on a database; it is told to stop afterwards."""
    with tempfile.TemporaryDirectory(prefix="pickmesh-bench-") as folder:
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("pickmesh"),
            "serve",
            env=environment(database_url, folder),
            cwd=folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            address = await asyncio.wait_for(_address(process), START_S_MAX)
            draining = asyncio.create_task(_drain(process))
            yield address
            process.terminate()
            await process.wait()
            await draining
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


async def _address(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    told = ""
    while line := (await process.stdout.readline()).decode():
        told += line
        if match := re.search(r"http://127\.0\.0\.1:\d+", line):
            return match.group()
    raise AssertionError(f"the server did not start:\n{told}")


async def _drain(process: asyncio.subprocess.Process) -> None:
    """Read on what the server logs, so that it never waits for a reader."""
    assert process.stdout is not None
    while await process.stdout.readline():
        pass
