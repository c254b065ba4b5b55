"""A phone with too much to do: keys reach the page late and in pieces, and their times tell that they are one code."""

import json

import pytest
from mobile.floor import Floor
from mobile.phone import Phone
from mobile.warehouse import BOOK, CUP, LAMP
from playwright.async_api import Request, expect

pytestmark = pytest.mark.xdist_group("mobile")

HALTS = {CUP.barcode: (2,), BOOK.barcode: (8,), LAMP.barcode: (4, 9, 13), CUP.bin_label: (1, 12)}
"""Before which of its keys each code stands still; the thirteenth key of a barcode is followed by Enter."""


async def test_a_phone_six_times_too_slow_hears_each_code_whole_and_presses_nothing(
    shared: Floor, handset: Phone
) -> None:
    await handset.pair(shared.pairing_link("picker@linan"))
    terms: list[str | None] = []

    def note(request: Request) -> None:
        told = json.loads(request.post_data or "{}") if request.url.endswith("/graphql") else {}
        terms.append((told.get("variables") or {}).get("term"))

    handset.page.on("request", note)
    settings = handset.page.locator("[data-tab=settings]")
    await handset.tap(handset.page.locator("[data-tab=lookup]"))
    await handset.slow_down(6)
    for code, halts in HALTS.items():
        await settings.focus()  # an Enter that is not the scanner's would press it
        await handset.wedge(code, halts=halts)
        await expect(handset.page.locator(".asked b")).to_have_text(code)
    assert [term for term in terms if term] == list(HALTS)
    assert handset.complaints == []
