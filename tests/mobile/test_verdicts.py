"""What a phone shows for codes that do not fit: each error its own title and sign, and nothing booked."""

from pathlib import Path

import pytest
from mobile import clips, phone, warehouse
from mobile.floor import Floor
from mobile.phone import Phone
from mobile.warehouse import BOOK, CUP, LAMP, MUG, TEA
from playwright.async_api import Playwright, expect

pytestmark = pytest.mark.xdist_group("mobile")

STRANGE = "6906789012347"
"""A right EAN-13 that is nobody's."""


def booked(house: Floor) -> int:
    """Return how many pieces all lists have booked."""
    ((pieces,),) = house.rows("SELECT COALESCE(SUM(picked_quantity), 0) FROM pick_line")
    return int(pieces)


async def test_every_wrong_code_is_told_apart_and_books_nothing(shared: Floor, handset: Phone) -> None:
    lists = shared.release("OTHER", "LOT", "STOP")
    before = booked(shared)
    await handset.pair(shared.pairing_link("picker@linan"))
    looks = {}

    async def wrong(outcome: str, code: str) -> None:
        await handset.scan(code)
        await handset.told(outcome)
        looks[outcome] = await handset.looks()
        await handset.understood()

    await handset.take(lists["OTHER"]["number"])
    await handset.scan(warehouse.tote_label("T-0001"))
    await handset.scan(CUP.bin_label)
    await expect(handset.instruction).to_contain_text(CUP.code)
    await wrong("WRONG_ITEM", MUG.barcode)  # of the order STOP
    await wrong("UNKNOWN_CODE", STRANGE)
    await wrong("WRONG_PLACE", BOOK.bin_label)
    await handset.leave()

    await handset.take(lists["LOT"]["number"])
    await handset.scan(warehouse.tote_label("T-0002"))
    await handset.scan(TEA.bin_label)
    await wrong("EXPIRED_LOT", warehouse.expired_code())
    await handset.leave()

    await handset.take(lists["STOP"]["number"])
    await handset.scan(warehouse.tote_label("T-0003"))
    await handset.told("ACCEPTED")
    shared.intercept("STOP")
    await wrong("INTERCEPTED", MUG.bin_label)

    assert len({title for title, _, _ in looks.values()}) == len(looks), looks
    assert len({sign for _, sign, _ in looks.values()}) == len(looks), looks
    assert {feeling for _, _, feeling in looks.values()} == {"WRONG"}
    assert booked(shared) == before
    assert handset.complaints == []


async def test_a_scan_that_comes_while_an_error_waits_is_booked_and_the_error_stays(
    shared: Floor, handset: Phone
) -> None:
    lists = shared.release("BUSY")
    before = booked(shared)
    await handset.pair(shared.pairing_link("picker@linan"))
    await handset.take(lists["BUSY"]["number"])
    await handset.scan(warehouse.tote_label("T-0004"))
    await handset.scan(CUP.bin_label)
    await handset.scan(BOOK.barcode)
    await handset.told("WRONG_ITEM")
    await handset.scan(CUP.barcode)
    await handset.kept_only(0)
    await expect(handset.problem).to_be_visible()
    assert booked(shared) == before + 1
    await handset.understood()
    await expect(handset.left).to_have_text("1")


async def test_a_code_read_with_doubt_books_only_what_the_person_confirms(
    shared: Floor, playwright: Playwright, chromium: str, tmp_path: Path
) -> None:
    shared.pick(shared.release("ONE")["ONE"], "T-0005")
    clip = clips.write_clip(tmp_path / "lamp.mjpeg", [clips.trade(LAMP.barcode)])
    browser = await phone.launch(playwright, chromium, *phone.seeing(clip))
    async with phone.phone_in(browser, playwright) as handset:
        await handset.pair(shared.pairing_link("packer@linan"))
        await handset.bench()
        await handset.camera(on=True)
        await handset.told("AMBIGUOUS")
        await handset.camera(on=False)
        assert shared.rows("SELECT doubtful FROM scan ORDER BY received_at DESC LIMIT 1") == [(1,)]
        await handset.scan(STRANGE)  # the question is passed over
        await handset.told("UNKNOWN_CODE")
        await handset.understood()
        assert shared.rows("SELECT id FROM parcel") == []
        await handset.camera(on=True)
        await handset.told("AMBIGUOUS")
        await handset.camera(on=False)
        assert shared.rows("SELECT id FROM parcel") == []
        await handset.tap(handset.page.locator(".question .choice", has_text=LAMP.barcode))
        await handset.told("LINE_DONE")
        assert len(shared.rows("SELECT id FROM parcel")) == 1
    await browser.close()
