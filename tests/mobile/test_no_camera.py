"""Where there is no camera: refused, missing, or on a connection nobody trusts; a photograph still works."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from mobile import clips, floor, phone, warehouse
from mobile.floor import Floor
from mobile.phone import Phone
from mobile.warehouse import BOOK
from PIL import Image
from playwright.async_api import Playwright, expect

pytestmark = pytest.mark.xdist_group("mobile")

OUTSIDE = "192.0.2.1"
"""An address of a documentation network: asking for a way to it sends nothing and tells this machine's own address."""


def own_address() -> str | None:
    """Return an address of this machine that is not the loopback, None where there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((OUTSIDE, 9))
        except OSError:
            return None
        found = str(probe.getsockname()[0])
    return None if found.startswith("127.") else found


@pytest.fixture
def open_house(furnished: Path, tmp_path: Path) -> Iterator[Floor]:
    """An installation served by plain http to this machine's network."""
    address = own_address()
    if address is None:
        pytest.skip("This machine has no address but the loopback.")
    own = floor.copied(furnished, tmp_path / "house")
    own.settings = {"host": address}
    own.start()
    yield own
    own.stop()


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (("--deny-permission-prompts",), "not allowed"),
        ((phone.ALLOWED, "--use-file-for-fake-video-capture=/nowhere/clip.mjpeg"), "no camera|Another app"),
    ],
    ids=["refused", "missing"],
)
async def test_without_a_camera_a_sentence_says_why_and_scanning_goes_on(
    shared: Floor, playwright: Playwright, chromium: str, flags: tuple[str, ...], sentence: str
) -> None:
    browser = await phone.launch(playwright, chromium, *flags)
    async with phone.phone_in(browser, playwright) as handset:
        await handset.pair(shared.pairing_link("packer@linan"))
        await handset.bench()
        await handset.camera(on=True)
        await expect(handset.page.get_by_role("alert")).to_have_text(re.compile(sentence), timeout=phone.WAIT_MS)
        await handset.scan(BOOK.barcode)
        await handset.told("WRONG_ITEM")
        await handset.understood()
    await browser.close()


async def test_on_plain_http_the_app_says_so_and_a_photograph_is_read(
    open_house: Floor, handset: Phone, tmp_path: Path
) -> None:
    lists = open_house.release("PHOTO")
    await handset.page.goto(f"{open_house.address}/app/")
    await expect(handset.page.get_by_test_id("insecure")).to_be_visible()
    assert await handset.page.evaluate("() => window.isSecureContext") is False
    await handset.pair(open_house.pairing_link("picker@linan"))
    await handset.take(lists["PHOTO"]["number"])
    await handset.scan(warehouse.tote_label("T-0007"))
    await handset.told("ACCEPTED")
    await handset.photograph(photo(tmp_path / "bin.jpg", BOOK.bin_label, "Code128"))
    await expect(handset.page.locator(".goal.wants-item")).to_contain_text(BOOK.code, timeout=phone.WAIT_MS)
    await handset.photograph(photo(tmp_path / "book.jpg", BOOK.barcode, "EAN13"))
    await expect(handset.left).to_have_text("1", timeout=phone.WAIT_MS)
    await handset.kept_only(0)
    sources = open_house.rows("SELECT source, outcome FROM scan ORDER BY sequence")
    assert sources == [("WEDGE", "ACCEPTED"), ("PICTURE", "ACCEPTED"), ("PICTURE", "ACCEPTED")]


async def test_a_photograph_of_nothing_is_answered_with_a_sentence(
    open_house: Floor, handset: Phone, tmp_path: Path
) -> None:
    await handset.pair(open_house.pairing_link("packer@linan"))
    await handset.bench()
    wall = tmp_path / "wall.jpg"
    Image.new("RGB", (1200, 900), (180, 176, 168)).save(wall)
    await handset.photograph(wall)
    await expect(handset.page.locator(".note")).to_contain_text("No barcode was found", timeout=phone.WAIT_MS)
    assert await handset.kept() == []


def photo(path: Path, text: str, format: str) -> Path:
    """Draw a photograph of a label on a table, larger than the phone sends."""
    card = clips.barcode(text, format, scale=6).rotate(4, Image.Resampling.BICUBIC, expand=True, fillcolor=150)
    table = Image.new("L", (2400, 1800), 150)
    table.paste(card, (700, 700))
    table.save(path, quality=85)
    return path
