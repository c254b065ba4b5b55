"""Two tabs of one phone: whatever both keep is sent once."""

import asyncio
import json

import pytest
from mobile import phone, warehouse
from mobile.floor import Floor
from mobile.phone import Phone
from mobile.warehouse import CUP
from playwright.async_api import Request, expect

pytestmark = pytest.mark.xdist_group("mobile")

PIECES = warehouse.ORDERS["TABS"][CUP]


def entries_sent(request: Request) -> list[str]:
    """Return the client ids of the entries a request carries; what never left the phone is no request that finished."""
    if not request.url.endswith("/graphql") or not request.post_data:
        return []
    told = json.loads(request.post_data).get("variables", {}).get("input") or {}
    return [entry["clientId"] for entry in told.get("entries", [])]


async def test_two_tabs_of_one_phone_never_send_an_entry_twice(shared: Floor, handset: Phone) -> None:
    lists = shared.release("TABS")
    await handset.pair(shared.pairing_link("picker@linan"))
    sent: list[str] = []
    context = handset.page.context
    context.on("requestfinished", lambda request: sent.extend(entries_sent(request)))
    await handset.take(lists["TABS"]["number"])
    await handset.scan(warehouse.tote_label("T-0006"))
    await handset.told("ACCEPTED")
    await handset.ready_without_network()
    other = Phone(await context.new_page())
    await other.page.goto(f"{shared.address}/app/")
    await expect(other.place).to_have_text(CUP.place)
    await context.set_offline(True)
    await handset.page.bring_to_front()
    await handset.scan(CUP.bin_label)
    for _ in range(PIECES):
        await handset.scan(CUP.barcode)
    await handset.kept_only(PIECES + 1)
    await other.kept_only(PIECES + 1)
    await context.set_offline(False)
    await asyncio.gather(handset.kept_only(0), other.kept_only(0))
    kept = [entry["clientId"] for entry in await handset.kept()]
    assert len(kept) == PIECES + 2
    assert sorted(sent) == sorted(kept)
    marks = ",".join("?" * len(kept))
    ids = [client_id.replace("-", "") for client_id in kept]
    assert shared.rows(f"SELECT count(*) FROM scan WHERE client_id IN ({marks})", *ids) == [(len(kept),)]
    assert {entry["verdict"]["outcome"] for entry in await other.kept()} == {"ACCEPTED", "LINE_DONE"}
    assert phone.foreign([*handset.asked, *other.asked], shared.address) == []
