"""Parcels handed over to a driver: counted as they are scanned, strangers put aside, closed with the driver's count."""

import pytest
from mobile import warehouse
from mobile.floor import Floor
from mobile.phone import Phone
from mobile.test_page import look
from mobile.warehouse import BOOK
from playwright.async_api import expect

pytestmark = pytest.mark.xdist_group("mobile")


async def counts(handset: Phone, **wanted: int) -> None:
    """Wait until the counts on the screen are these."""
    for name, number in wanted.items():
        await expect(handset.page.locator(f"[data-count={name}]")).to_have_text(str(number))


async def test_a_driver_gets_what_was_scanned_and_what_is_missing_or_strange_is_told(
    house: Floor, handset: Phone
) -> None:
    lists = house.release("DOCK-A", "DOCK-B")
    parcels = {}
    for number, tote in zip(lists, warehouse.TOTES, strict=False):
        house.pick(lists[number], tote)
        parcels[number] = house.pack(number, tote)
    first, second = parcels.values()
    await handset.pair(house.pairing_link("packer@linan"))
    await handset.tap(handset.page.get_by_role("button", name="Handover"))
    await handset.scan(first["number"])  # at once, before the server has opened the job
    await handset.told("ACCEPTED")
    await counts(handset, expected=2, scanned=1, missing=1, strange=0)
    await handset.scan(BOOK.barcode)
    await handset.told("WRONG_ITEM")
    await handset.understood()
    await counts(handset, strange=1)
    await look(handset, "loading")
    await _see_what_is_missing(handset, second)
    await handset.page.reload()
    await counts(handset, scanned=1, strange=1)
    await handset.scan(second["waybill"]["number"])
    await handset.told("TASK_DONE")
    await counts(handset, scanned=2, missing=0, strange=1)
    await _close(handset)
    assert house.rows("SELECT state, told_count FROM manifest") == [("CLOSED", 2)]
    assert house.rows("SELECT state FROM parcel") == [("HANDED_OVER",), ("HANDED_OVER",)]
    assert handset.complaints == []


async def _see_what_is_missing(handset: Phone, parcel: dict[str, object]) -> None:
    await handset.tap(handset.page.get_by_role("button", name="What is missing"))
    sheet = handset.page.get_by_role("dialog")
    await expect(sheet).to_contain_text(str(parcel["number"]))
    await look(handset, "what is missing")
    await handset.page.keyboard.press("Escape")
    await handset.tap(handset.page.get_by_role("button", name="What does not belong"))
    await expect(sheet).to_contain_text(f"{BOOK.barcode} is no parcel")
    await handset.page.keyboard.press("Escape")


async def _close(handset: Phone) -> None:
    """Key one too few, see that it differs, then key what the driver counts the second time."""
    await handset.tap(handset.page.locator("[data-action=CLOSE]"))
    sheet = handset.page.get_by_role("dialog")
    await sheet.get_by_role("button", name="1", exact=True).click()
    await expect(sheet.get_by_role("status").last).to_contain_text("Driver 1, scanned 2")
    await expect(sheet.locator("button.main")).to_have_text("Close with the difference")
    await handset.tap(sheet.get_by_role("button", name="Clear"))
    await handset.key(2)
    await expect(handset.page.get_by_test_id("handed")).to_contain_text("2 parcels handed over to LOCAL")
