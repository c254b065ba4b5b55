"""A list picked and packed by camera, scanner and keyboard, through dead zones, a reload and a power cut."""

import asyncio
import re
from pathlib import Path

import pytest
from mobile import clips, phone, warehouse
from mobile.floor import Floor, wait_until
from mobile.phone import Phone
from mobile.warehouse import BOOK, CUP
from playwright.async_api import Playwright, expect

pytestmark = pytest.mark.xdist_group("mobile")

TOTE = warehouse.TOTES[0]


async def test_a_list_is_picked_and_packed_and_the_server_has_every_entry_once(
    house: Floor, playwright: Playwright, chromium: str, tmp_path: Path
) -> None:
    house.release("WALK")
    clip = clips.write_clip(tmp_path / "cup.mjpeg", [clips.label(CUP.bin_label), clips.trade(CUP.barcode)])
    browser = await phone.launch(playwright, chromium, *phone.seeing(clip))
    async with phone.phone_in(browser, playwright) as handset:
        await handset.pair(house.pairing_link("picker@linan"))
        await handset.ready_without_network()
        await _pick(handset, house)
        await _pack(handset)
        await _assert_every_entry_is_there_once(handset, house)
        await _see_to_a_label_in_doubt(handset, house)
        assert [said for said in handset.complaints if "ERR_" not in said] == []
    await browser.close()
    # The worker that was killed held the carriers' post for half a minute at most.
    wait_until("the parcel on its way", lambda: house.order("WALK")["status"] == "SHIPPED", seconds=45)
    assert _picked(house) == {CUP.code: warehouse.PICKED_BY_HAND, BOOK.code: 1}
    house.stop()
    assert "Nothing is off." in house.doctor()


async def _pick(handset: Phone, house: Floor) -> None:
    """Take the list; bin and first piece by camera, the rest while the server is down, with a reload in the middle."""
    await handset.tap(handset.next_list)
    await expect(handset.instruction).to_be_visible()
    await handset.scan(warehouse.tote_label(TOTE))
    await handset.told("ACCEPTED")
    await expect(handset.place).to_have_text(CUP.place)
    await handset.camera(on=True)
    await expect(handset.left).to_have_text("1", timeout=phone.WAIT_MS)
    await handset.camera(on=False)
    await handset.kept_only(0)
    house.kill()
    await handset.type(CUP.barcode)
    await handset.kept_only(1)
    await expect(handset.banner).to_have_attribute("data-feeling", "KEPT")
    await expect(handset.place).to_have_text(BOOK.place)
    await handset.page.reload()
    await handset.kept_only(1)
    await expect(handset.place).to_have_text(BOOK.place)
    await handset.scan(BOOK.bin_label)
    await handset.kept_only(2)
    await handset.scan(BOOK.barcode)
    await handset.kept_only(3)
    await expect(handset.page.locator("[data-outcome]")).to_have_count(0)
    house.start()
    await handset.kept_only(0)
    await handset.told("TASK_DONE")


async def _pack(handset: Phone) -> None:
    """Pack it at the bench; after the first piece the phone is in a dead zone for a while."""
    await handset.tap(handset.page.locator("section.done button.plain"))
    await handset.bench()
    await handset.scan(warehouse.tote_label(TOTE))
    await handset.told("ACCEPTED")
    await handset.scan(CUP.barcode)
    await handset.kept_only(0)
    await handset.page.context.set_offline(True)
    await handset.scan(CUP.barcode)
    await handset.kept_only(1)
    await handset.page.reload()
    await handset.kept_only(1)
    await handset.scan(BOOK.barcode)
    await handset.kept_only(2)
    await handset.page.context.set_offline(False)
    await handset.kept_only(0)
    weight_g = await _weigh_wrongly(handset)
    await handset.tap(handset.page.locator("[data-action=WEIGHT]"))
    await handset.key(weight_g)
    await handset.told("TASK_DONE")


async def _weigh_wrongly(handset: Phone) -> int:
    """Key one gram; the server says what it should be."""
    await handset.tap(handset.page.locator("[data-action=WEIGHT]"))
    await handset.key(1)
    await handset.told("EXCEPTION")
    told = re.search(r"instead of (\d+) g", await handset.problem.inner_text())
    assert told is not None
    await handset.understood()
    return int(told[1])


async def _see_to_a_label_in_doubt(handset: Phone, house: Floor) -> None:
    """The bench shows that nobody knows of a label; the packer, who sees it on the parcel, says that it is there."""
    # The worker that was killed held the carriers' post for half a minute at most.
    await asyncio.to_thread(wait_until, "a label", lambda: house.rows("SELECT id FROM print_job"), seconds=45)
    house.leave_a_label_in_doubt()
    assert house.rows("SELECT state FROM print_job") == [("UNSURE",)]
    line = handset.page.get_by_test_id("doubts")
    await expect(line).to_have_text("1 label unsure: look at the printer", timeout=25_000)
    await handset.tap(line)
    await handset.tap(handset.page.get_by_role("dialog").get_by_role("button", name="It is there"))
    await expect(handset.page.locator(".doubt")).to_have_count(0)
    await expect(line).to_have_count(0)
    assert house.rows("SELECT state FROM print_job") == [("PRINTED",)]


async def _assert_every_entry_is_there_once(handset: Phone, house: Floor) -> None:
    kept = await handset.kept()
    assert {entry["state"] for entry in kept} == {"ANSWERED"}
    assert all(entry["verdict"]["outcome"] for entry in kept)
    scans = house.scans()
    assert sorted(client_id for client_id, _ in scans) == sorted(entry["clientId"].replace("-", "") for entry in kept)
    by_id = {entry["clientId"].replace("-", ""): entry["verdict"]["outcome"] for entry in kept}
    assert dict(scans) == by_id
    assert {entry["said"]["source"] for entry in kept if entry["kind"] == "SCAN"} == {"CAMERA", "WEDGE", "TYPED"}


def _picked(house: Floor) -> dict[str, int]:
    query = """SELECT sku.code, SUM(pick_line.picked_quantity) FROM pick_line JOIN sku ON sku.id = pick_line.sku_id
      GROUP BY sku.code"""
    return {code: quantity for code, quantity in house.rows(query) if quantity}
