"""A phone in a picker's hand: the real app in a real Chromium at phone size, looked at and touched as people do."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, Playwright, expect
from playwright.async_api import Error as PlaywrightError

WAIT_MS = 30_000
expect.set_options(timeout=WAIT_MS)  # a busy machine is slow, not wrong
ARGUMENTS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--use-fake-device-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
)
ALLOWED = "--use-fake-ui-for-media-stream"
"""Answers the browser's question whether the page may use the camera with yes."""
KEPT = """() => new Promise((resolve, reject) => {
  const opening = indexedDB.open("pickmesh");
  opening.onerror = () => reject(opening.error);
  opening.onsuccess = () => {
    const database = opening.result;
    const asking = database.transaction("entries").objectStore("entries").index("order").getAll();
    asking.onsuccess = () => { database.close(); resolve(asking.result); };
    asking.onerror = () => reject(asking.error);
  };
})"""
"""Everything this phone keeps, in the order it was made."""


SCANNER_KEY_S = 0.005
DOUBLE_TAP_S = 0.4
"""A little longer than the app takes two taps at one spot for one."""
_SIGNS = {"-": ("Minus", 189)}


def _key(sign: str) -> dict[str, Any]:
    """Describe a key of the US keyboard a scanner pretends to be."""
    code, number = _SIGNS.get(sign) or (f"Digit{sign}" if sign.isdecimal() else f"Key{sign.upper()}", ord(sign.upper()))
    shift = 8 if sign.isupper() else 0
    return {"key": sign, "text": sign, "code": code, "windowsVirtualKeyCode": number, "modifiers": shift}


async def launch(playwright: Playwright, chromium: str, *more: str) -> Browser:
    """Start a browser; what its camera sees is a flag, so every clip needs a browser of its own."""
    return await playwright.chromium.launch(executable_path=chromium, args=[*ARGUMENTS, *more])


def seeing(clip: Path) -> tuple[str, ...]:
    """Return the flags of a browser whose camera is allowed and sees a clip."""
    return (ALLOWED, f"--use-file-for-fake-video-capture={clip}")


@dataclass
class Phone:
    """One tab of the app; `complaints` are errors of page, console and policy, `asked` every address it went to."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("websocket", lambda socket: self.asked.append(socket.url))

    async def pair(self, link: str) -> None:
        """Open a pairing link, as the phone's own camera does, and choose the only warehouse if asked."""
        await self.page.goto(link)
        await expect(self.next_list.or_(self.warehouses).first).to_be_visible(timeout=WAIT_MS)
        if await self.warehouses.count():
            await self.tap(self.warehouses.first)
        await expect(self.next_list).to_be_enabled(timeout=WAIT_MS)

    async def ready_without_network(self) -> None:
        """Wait until the service worker holds the app, so that it starts without network."""
        # A function that asks again: `serviceWorker.ready` never comes where the registration failed.
        active = "() => navigator.serviceWorker.getRegistration().then((found) => !!found?.active)"
        await self.page.wait_for_function(active, timeout=WAIT_MS)

    @property
    def next_list(self) -> Locator:
        """The button that takes the next list."""
        return self.page.get_by_test_id("next-list")

    @property
    def warehouses(self) -> Locator:
        """The warehouses to choose from."""
        return self.page.locator("main .choices .choice")

    @property
    def banner(self) -> Locator:
        """The latest answer."""
        return self.page.get_by_test_id("banner")

    @property
    def problem(self) -> Locator:
        """The error that waits for a tap."""
        return self.page.get_by_role("alertdialog")

    @property
    def instruction(self) -> Locator:
        """What the screen says to do now."""
        return self.page.locator("section.goal")

    @property
    def place(self) -> Locator:
        """The code that stands out: where to go."""
        return self.page.locator(".goal-code")

    @property
    def left(self) -> Locator:
        """How many pieces are to be taken or packed of what the screen names."""
        return self.page.locator(".goods-count b")

    async def tap(self, what: Locator) -> None:
        """Tap as people do: no other tap comes so close before or after it that both would be a double tap."""
        await asyncio.sleep(DOUBLE_TAP_S)
        await what.click()
        await asyncio.sleep(DOUBLE_TAP_S)

    async def take(self, number: str) -> None:
        """Open one of the lists by its number."""
        await self.tap(self.page.locator(f"[data-list='{number}']"))
        await expect(self.instruction).to_be_visible()

    async def leave(self) -> None:
        """Leave the work to go on later."""
        await self.tap(self.page.locator("header.bar button").first)
        await self.tap(self.page.get_by_role("dialog").locator("button.main"))
        await expect(self.next_list).to_be_visible()

    async def bench(self) -> None:
        """Sit down at the only bench."""
        await self.tap(self.page.get_by_role("button", name="BENCH-1"))
        await expect(self.instruction).to_be_visible()

    async def looks(self) -> tuple[str, str, str]:
        """Return title, sign and feeling of the error that waits for a tap."""
        title = await self.problem.get_by_role("heading").inner_text()
        sign = await self.problem.locator("svg.icon path").first.get_attribute("d")
        feeling = await self.problem.get_attribute("data-feeling")
        return title, str(sign), str(feeling)

    async def wedge(self, code: str, *, halts: Sequence[int] = (), halt_s: float = 0.7) -> None:
        """Scan with a scanner that types: a key every five milliseconds, Enter at the end, however busy this machine.

        The keys carry their own times and are all on their way before the first has arrived. `halts` are numbers of
        keys before which delivery stands still for a while, as on a phone with too much to do.
        """
        wire = await self.page.context.new_cdp_session(self.page)
        begin = time.time()
        keys = [_key(sign) for sign in code] + [{"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13}]
        presses = []
        for number, key in enumerate(keys):
            if number in halts:
                await asyncio.gather(*presses)
                await asyncio.sleep(halt_s)
            pressed_at = begin + number * SCANNER_KEY_S
            presses += [
                asyncio.ensure_future(
                    wire.send("Input.dispatchKeyEvent", {"type": kind, "timestamp": pressed_at, **key})
                )
                for kind in ("keyDown", "keyUp")
            ]
        await asyncio.gather(*presses)
        await wire.detach()

    async def slow_down(self, times: int) -> None:
        """Let the page compute so many times slower."""
        wire = await self.page.context.new_cdp_session(self.page)
        await wire.send("Emulation.setCPUThrottlingRate", {"rate": times})

    async def scan(self, code: str) -> None:
        """Scan in a job and wait until the entry is durable; what the server says is another matter."""
        before = len(await self.kept())
        await self.wedge(code)
        await self.has_kept(before + 1)

    async def has_kept(self, count: int) -> None:
        """Wait until so many entries lie in the phone's own store, answered or not."""
        end = time.monotonic() + WAIT_MS / 1000
        while (found := len(await self.kept())) < count:
            assert time.monotonic() < end, f"{found} entries are kept, not {count}"
            await asyncio.sleep(0.05)

    async def type(self, code: str) -> None:
        """Type a code with the phone's keyboard, as slowly as a person does."""
        await self.tap(self.page.locator("[data-opens=type]"))
        sheet = self.page.get_by_role("dialog")
        await self.tap(sheet.locator("button.plain"))
        await sheet.locator("input.typed").press_sequentially(code, delay=70)
        await self.tap(sheet.locator("button[type=submit]"))

    async def told(self, *outcomes: str) -> str:
        """Wait until the server's answer to the latest entry is one of these outcomes; return it."""
        shown = ", ".join(f"[data-outcome={outcome}]" for outcome in outcomes)
        try:
            await self.page.locator(shown).first.wait_for(timeout=WAIT_MS)
        except PlaywrightError as late:
            kept = [(each["said"], each["state"], each.get("verdict")) for each in await self.kept()]
            raise AssertionError(f"{' or '.join(outcomes)} was never told; kept are {kept}") from late
        return str(await self.page.locator(shown).first.get_attribute("data-outcome"))

    async def kept_only(self, count: int) -> None:
        """Wait until so many entries lie only on this phone, and the screen says so."""
        await expect(self.page.locator("[data-unsynced]")).to_have_attribute(
            "data-unsynced", str(count), timeout=WAIT_MS
        )

    async def understood(self) -> None:
        """Tap away the error that waits."""
        await self.tap(self.problem.get_by_role("button"))
        await expect(self.problem).to_have_count(0)

    async def photograph(self, picture: Path) -> None:
        """Take a picture of a code; the file stands for what the phone's camera app hands over."""
        await self.page.locator("input[type=file]").set_input_files(picture)

    async def key(self, number: int) -> None:
        """Key a number on the open sheet's keys and send it."""
        sheet = self.page.get_by_role("dialog")
        for digit in str(number):
            await sheet.get_by_role("button", name=digit, exact=True).click()
        await self.tap(sheet.locator("button.main"))

    async def camera(self, *, on: bool) -> None:
        """Turn the camera on or off."""
        button = self.page.get_by_test_id("camera-toggle")
        if (await button.get_attribute("aria-pressed") == "true") is not on:
            await button.click()

    async def kept(self) -> list[dict[str, Any]]:
        """Return every entry in the phone's own store."""
        found: list[dict[str, Any]] = await self.page.evaluate(KEPT)
        return found

    async def next_code(self) -> str:
        """Read off the screen which place it names now."""
        return (await self.place.inner_text()).strip()


@asynccontextmanager
async def phone_in(browser: Browser, playwright: Playwright, **more: Any) -> AsyncIterator[Phone]:
    """Give a phone whose browser has never been anywhere."""
    context = await new_context(browser, playwright, **more)
    try:
        yield Phone(await context.new_page())
    finally:
        await context.close()


async def new_context(browser: Browser, playwright: Playwright, **more: Any) -> BrowserContext:
    """Return a browser profile of a Pixel 7 that speaks English unless told otherwise."""
    return await browser.new_context(**{**playwright.devices["Pixel 7"], "locale": "en-GB", **more})


def foreign(asked: Sequence[str], address: str) -> list[str]:
    """Return the addresses that are not the server's own, nor made in the page itself."""
    host = re.sub(r"^http", "(http|ws)", re.escape(address))
    return [url for url in asked if not re.match(rf"{host}/|blob:|data:", url)]
