"""The phone's stage: the app built from its source, a Chromium, a small furnished installation copied for each test."""

import fcntl
import os
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from mobile import floor, phone
from mobile.floor import Floor
from mobile.phone import Phone
from playwright.async_api import Browser, Playwright, async_playwright

from pickmesh.app.phone import FOLDER

REPOSITORY = Path(__file__).parents[2]
SOURCE = REPOSITORY / "mobile"
NO_CHROMIUM = "No Chromium here; on Debian and Ubuntu: apt-get install -y chromium"


@pytest.fixture(scope="session")
def app() -> Path:
    """The built app, as new as its source."""
    with (SOURCE / "package.json").open() as only_one_builds:
        fcntl.flock(only_one_builds, fcntl.LOCK_EX)
        build()
    return FOLDER


def build() -> None:
    """Build the app if anything of its source is newer."""
    index = FOLDER / "index.html"
    sources = [path for folder in ("src", "public") for path in (SOURCE / folder).rglob("*") if path.is_file()]
    newest = max(path.stat().st_mtime for path in sources if path.name != "generated.ts")
    if not index.exists() or index.stat().st_mtime < newest:
        done = subprocess.run(["make", "app"], cwd=REPOSITORY, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium that is installed here."""
    found = chromium_here()
    if found is None:
        pytest.skip(NO_CHROMIUM)
    return found


def chromium_here() -> str | None:
    """Find an installed Chromium: the one PICKMESH_CHROMIUM names, on PATH, or where Debian puts it."""
    names = (os.environ.get("PICKMESH_CHROMIUM"), "chromium", "chromium-browser", "google-chrome", "/usr/bin/chromium")
    return next((path for name in names if name and (path := shutil.which(name))), None)


@pytest.fixture(scope="session")
def furnished(tmp_path_factory: pytest.TempPathFactory, app: Path, chromium: str) -> Path:
    """An installation with people, goods and orders, never served; tests copy it."""
    folder = tmp_path_factory.mktemp("furnished") / "house"
    folder.mkdir()
    floor.furnish(folder)
    return folder


@pytest.fixture(scope="session")
def shared(furnished: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """A running installation for all tests that break nothing; each has orders and totes of its own there."""
    own = floor.copied(furnished, tmp_path_factory.mktemp("shared") / "house")
    own.start()
    yield own
    own.stop()


@pytest.fixture
def house(furnished: Path, tmp_path: Path) -> Iterator[Floor]:
    """A running installation of the test's own."""
    own = floor.copied(furnished, tmp_path / "house")
    own.start()
    yield own
    own.stop()


@pytest_asyncio.fixture(scope="session")
async def playwright() -> AsyncIterator[Playwright]:
    """Playwright, without a browser of its own."""
    async with async_playwright() as started:
        yield started


@pytest_asyncio.fixture(scope="session")
async def browser(playwright: Playwright, chromium: str) -> AsyncIterator[Browser]:
    """A browser for all tests whose camera sees nothing in particular."""
    started = await phone.launch(playwright, chromium, phone.ALLOWED)
    yield started
    await started.close()


@pytest_asyncio.fixture
async def handset(browser: Browser, playwright: Playwright) -> AsyncIterator[Phone]:
    """A phone that has never been anywhere."""
    async with phone.phone_in(browser, playwright) as own:
        yield own
