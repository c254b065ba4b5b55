"""A tote sorted into the slots of a put wall: lit, refused, undone, stopped, and the wall as it stands."""

import pytest
from mobile import warehouse
from mobile.floor import Floor
from mobile.phone import Phone
from mobile.test_page import look
from mobile.warehouse import BOOK, CUP, LAMP
from playwright.async_api import Locator, expect

pytestmark = pytest.mark.xdist_group("mobile")

TOTE = warehouse.TOTES[9]


def slot(handset: Phone, label: str) -> Locator:
    """A slot on the screen."""
    return handset.page.locator(f"[data-slot='{label}']")


async def test_a_tote_is_sorted_slot_by_slot_and_a_stopped_order_shows_at_its_slot(
    shared: Floor, handset: Phone
) -> None:
    for one in shared.release_for_the_wall("SLOT-A", "SLOT-B"):
        shared.pick(one, TOTE)
    await handset.pair(shared.pairing_link("picker@linan"))
    await _open_by_the_tote(handset)
    await handset.scan(CUP.barcode)
    lit, other = await _lit_and_other(handset)
    await expect(handset.left).to_have_text("1")
    await expect(slot(handset, lit)).to_have_attribute("aria-current", "true")
    await look(handset, "a lit slot")
    await handset.scan(warehouse.slot_label(f"PW-{other}"))
    await handset.told("WRONG_PLACE")
    await handset.understood()
    await _undo(handset)
    await handset.scan(CUP.barcode)
    await handset.type(f"PW-{lit}")
    await handset.kept_only(0)
    await expect(slot(handset, lit)).to_contain_text("1/2")
    await handset.scan(LAMP.barcode)
    await handset.scan(warehouse.slot_label(f"PW-{other}"))
    await handset.kept_only(0)
    shared.intercept("SLOT-B")
    await handset.scan(LAMP.barcode)  # the other order's, which goes no further
    await handset.told("INTERCEPTED")
    await handset.understood()
    await expect(slot(handset, other)).to_have_attribute("data-state", "STOPPED")
    await handset.scan(BOOK.barcode)
    await handset.scan(warehouse.slot_label(f"PW-{lit}"))
    await handset.told("TASK_DONE")
    await expect(handset.page.locator("[data-opens-work]")).to_have_count(1)
    lying = _lying(shared)
    assert {key: pieces for key, pieces in lying.items() if key[0] == f"PW-{lit}"} == {
        (f"PW-{lit}", CUP.code): 1,
        (f"PW-{lit}", BOOK.code): 1,
    }
    assert [said for said in handset.complaints if "ERR_" not in said] == []


async def _lit_and_other(handset: Phone) -> tuple[str, str]:
    """Read which slot is lit; the other one is the other order's."""
    await expect(handset.page.locator("[data-lit]")).to_be_visible()
    lit = str(await handset.page.locator("[data-lit]").get_attribute("data-lit"))
    return lit, {"01": "02", "02": "01"}[lit]


async def _open_by_the_tote(handset: Phone) -> None:
    """Scan the tote among the jobs: it opens sorting, and any slot of the free wall gives the wave that wall.

    A piece that is scanned before the server has opened it is part of the work already.
    """
    await handset.ready_without_network()
    await handset.page.context.set_offline(True)
    await handset.scan(warehouse.tote_label(TOTE))
    await handset.scan(CUP.barcode)
    await handset.kept_only(2)
    await handset.page.context.set_offline(False)
    await handset.told("NEEDS_PLACE")
    await expect(handset.page.locator(".free-walls")).to_contain_text("12 slots free")
    await look(handset, "free walls")
    await handset.scan(warehouse.slot_label("PW-07"))
    await handset.told("ACCEPTED")
    await expect(slot(handset, "01")).to_have_attribute("data-state", "WAITING")
    await expect(slot(handset, "03")).to_have_attribute("data-state", "EMPTY")


async def _undo(handset: Phone) -> None:
    """Lay the piece back; nothing is lit then."""
    await handset.tap(handset.page.locator("[data-action=UNDO]"))
    await handset.tap(handset.page.get_by_role("dialog").locator("button.main"))
    await handset.told("UNDONE")
    await expect(handset.page.locator("[data-lit]")).to_have_count(0)


async def test_a_bin_that_should_be_empty_is_asked_about(shared: Floor, handset: Phone) -> None:
    number = shared.release("LAST")["LAST"]["number"]
    await handset.pair(shared.pairing_link("picker@linan"))
    await handset.take(number)
    await handset.scan(warehouse.tote_label(warehouse.TOTES[8]))
    await handset.scan(warehouse.VASE.bin_label)
    await handset.scan(warehouse.VASE.barcode)
    await handset.told("TASK_DONE")
    question = handset.page.locator(".zero-check")
    await expect(question).to_contain_text(f"Is {warehouse.VASE.place} empty now?")
    await look(handset, "the question about a bin")
    await handset.tap(question.locator("[data-action=NOT_EMPTY]"))
    await handset.key(2)
    await handset.kept_only(0)
    await expect(question).to_have_count(0)
    await expect(handset.banner).to_contain_text(f"Noted: 2 left in {warehouse.VASE.place}")
    assert handset.complaints == []


def _lying(house: Floor) -> dict[tuple[str, str], int]:
    query = """SELECT place.code, sku.code, SUM(allocation.quantity) FROM allocation
      JOIN place ON place.id = allocation.place_id
      JOIN fulfillment_line ON fulfillment_line.id = allocation.line_id
      JOIN sku ON sku.id = fulfillment_line.sku_id
      WHERE place.kind = 'WALL_SLOT' AND allocation.status = 'OPEN' GROUP BY place.code, sku.code"""
    return {(place, sku): pieces for place, sku, pieces in house.rows(query)}
