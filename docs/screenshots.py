"""Photographs the phone app at work, from the product itself: docs/screens/*.png, in both languages and themes.

A small furnished warehouse is served from a temporary folder; a real Chromium at phone size is led through it.
"""

import asyncio
import io
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests"))

from mobile import clips, conftest, floor, phone, warehouse  # noqa: E402 - the tests' own phone and warehouse
from mobile.floor import Floor  # noqa: E402
from mobile.phone import Phone  # noqa: E402
from mobile.warehouse import BOOK, CUP, LAMP, MUG  # noqa: E402
from PIL import Image  # noqa: E402
from playwright.async_api import Playwright, async_playwright, expect  # noqa: E402

SCREENS = HERE / "screens"
COLOURS = 128
PHONE = {"viewport": {"width": 393, "height": 800}, "device_scale_factor": 2}
DESKTOP = {"viewport": {"width": 1280, "height": 800}, "device_scale_factor": 1, "is_mobile": False, "has_touch": False}


@dataclass(frozen=True, slots=True)
class Look:
    """One language in one theme."""

    name: str
    locale: str
    theme: str


LOOKS = (Look("zh-light", "zh-CN", "light"), Look("en-dark", "en-GB", "dark"))


@dataclass
class Photographer:
    """Walks a phone through a day and photographs it."""

    house: Floor
    handset: Phone
    look: Look

    async def take(self, name: str) -> None:
        """Write what the phone shows now, with few colours so that the file is small."""
        await self.handset.page.wait_for_timeout(500)
        shot = Image.open(io.BytesIO(await self.handset.page.screenshot()))
        small = shot.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
        small.save(SCREENS / f"{name}-{self.look.name}.png", optimize=True)

    async def walk(self) -> None:
        """Link, pick, err, be stopped, pack."""
        lists = self.house.release("WALK", "OTHER", "LOT", "STOP", "PHOTO", "LOOK")
        self.house.pick(lists["PHOTO"], "T-0007")
        await self.handset.page.goto(f"{self.house.address}/app/")
        await expect(self.handset.page.get_by_test_id("camera-toggle")).to_be_visible()
        await self.take("pair")
        await self.handset.pair(self.house.pairing_link("picker@linan"))
        await self.take("jobs")
        await self.pick(lists["WALK"]["number"])
        await self.be_stopped(lists["STOP"]["number"])
        await self.pack()
        await self.handset.leave()
        await self.sort()
        await self.load()
        await self.handset.page.locator("header.bar .person").click()
        await self.take("settings")

    async def pick(self, number: str) -> None:
        """Pick a list; the camera, a dead zone and a wrong item on the way."""
        handset = self.handset
        await handset.take(number)
        await handset.scan(warehouse.tote_label("T-0001"))
        await handset.scan(CUP.bin_label)
        await handset.kept_only(0)
        await self.take("pick")
        await handset.camera(on=True)
        await expect(handset.left).to_have_text("1", timeout=phone.WAIT_MS)
        await self.take("camera")
        await handset.camera(on=False)
        await handset.page.context.set_offline(True)
        await handset.scan(CUP.barcode)
        await handset.kept_only(1)
        await self.take("kept")
        await handset.page.context.set_offline(False)
        await handset.kept_only(0)
        await handset.scan(LAMP.barcode)
        await handset.told("WRONG_ITEM", "NEEDS_PLACE")
        await self.take("wrong")
        if await handset.problem.count():
            await handset.understood()
        await handset.leave()

    async def be_stopped(self, number: str) -> None:
        """Go for an order the manager stops meanwhile."""
        await self.handset.take(number)
        await self.handset.scan(warehouse.tote_label("T-0003"))
        self.house.intercept("STOP")
        await self.handset.scan(MUG.bin_label)
        await self.handset.told("INTERCEPTED")
        await self.take("stopped")
        await self.handset.understood()
        await self.handset.leave()

    async def pack(self) -> None:
        """Verify the first pieces of an order at the bench."""
        await self.handset.bench()
        await self.handset.scan(warehouse.tote_label("T-0007"))
        await self.handset.scan(BOOK.barcode)
        await self.handset.kept_only(0)
        await self.take("pack")

    async def begin(self, chinese: str, english: str) -> None:
        """Choose a job by its tile."""
        await self.handset.page.locator(f".tile:has-text('{chinese}'), .tile:has-text('{english}')").click()

    async def sort(self) -> None:
        """Sort the first pieces at the put wall, where the manager stops one of the orders meanwhile."""
        for one in self.house.release_for_the_wall("SLOT-A", "SLOT-B", "TABS"):
            self.house.pick(one, "T-0006")
        handset = self.handset
        await self.begin("播种", "Put wall")
        await handset.scan(warehouse.tote_label("T-0006"))
        await expect(handset.page.locator(".free-walls")).to_be_visible()
        await handset.scan(warehouse.slot_label("PW-01"))
        for good in (LAMP, BOOK):
            await handset.scan(good.barcode)
            await handset.kept_only(0)
            slot = await handset.page.locator("[data-lit]").get_attribute("data-lit")
            await handset.scan(warehouse.slot_label(f"PW-{slot}"))
            await handset.kept_only(0)
        self.house.intercept("SLOT-B")
        await expect(handset.page.locator("[data-state=STOPPED]")).to_be_visible()
        await handset.scan(CUP.barcode)
        await expect(handset.page.locator("[data-lit]")).to_be_visible()
        await self.take("wall")
        await handset.scan(warehouse.slot_label("PW-12"))
        await handset.told("WRONG_PLACE")
        await handset.understood()
        await handset.leave()

    async def load(self) -> None:
        """Load the first of two parcels, and something that is none."""
        for number, tote in zip(lists := self.house.release("DOCK-A", "DOCK-B"), ("T-0009", "T-0010"), strict=True):
            self.house.pick(lists[number], tote)
            parcel = self.house.pack(number, tote)
        await self.begin("交接", "Handover")
        await self.handset.scan(parcel["number"])
        await self.handset.told("ACCEPTED")
        await self.handset.scan(BOOK.barcode)
        await self.handset.told("WRONG_ITEM")
        await self.handset.understood()
        await self.take("handover")
        await self.handset.leave()


async def photograph(playwright: Playwright, folder: Path, furnished: Path, look: Look) -> None:
    """Take all screens in one look, each in a house and a browser of its own."""
    house = floor.copied(furnished, folder / look.name)
    house.start()
    clip = clips.write_clip(folder / f"{look.name}.mjpeg", [clips.trade(CUP.barcode)])
    browser = await phone.launch(playwright, conftest.chromium_here() or "chromium", *phone.seeing(clip))
    try:
        more = {**PHONE, "locale": look.locale, "color_scheme": look.theme}
        async with phone.phone_in(browser, playwright, **more) as handset:
            await Photographer(house, handset, look).walk()
        async with phone.phone_in(browser, playwright, **{**more, **DESKTOP}) as desk:
            await desk.pair(house.pairing_link("manager@linan"))
            await Photographer(house, desk, look).take("desktop")
    finally:
        await browser.close()
        house.stop()


async def main() -> None:
    """Furnish once, then photograph every look."""
    conftest.build()
    SCREENS.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="pickmesh-screens-") as name:
        folder = Path(name)
        furnished = folder / "furnished"
        furnished.mkdir()
        floor.furnish(furnished)
        async with async_playwright() as playwright:
            for look in LOOKS:
                await photograph(playwright, folder, furnished, look)


asyncio.run(main())
