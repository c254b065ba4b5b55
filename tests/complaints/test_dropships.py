"""What users of other systems complain of about dropshipping: complaint 24, in the three parts it has."""

from typing import Any
from uuid import UUID

from tests.builders_dropships import (
    Trade,
    accept,
    assert_sound,
    dropship,
    fulfillment_order,
    make_trade,
    short_order,
    submit,
    submitted,
    supplier_order,
)
from tests.builders_floor import code_of, done, get_number, open_parcel, pick_list, release, seal, verify, weigh
from tests.builders_mesh import mesh_letters
from tests.complaints.asking import told

from pickmesh.core.accounts.tables import ShortagePolicy
from pickmesh.core.journal.database import Database
from pickmesh.graphql import relay

IMPORT = """mutation ($input: OrderImportInput!) { orderImport(input: $input) {
  imported { verdict order { id fulfillmentOrders { id } } } userErrors { code }
} }"""
ORDER = """query ($id: ID!) { order(id: $id) {
  remark sellerFlag
  fulfillmentOrders { id status requestStatus routeReason lines { sku { code } quantity shippedQuantity } }
  shipments { waybill lines { externalLineId quantity } }
} }"""


async def order_seen(client: Any, order_id: str) -> dict[str, Any]:
    """Return an order as its merchant sees it."""
    found: dict[str, Any] = (await client.run(ORDER, id=order_id))["order"]
    return found


async def send_parcel(trade: Trade, order_id: UUID, contents: dict[str, int], *, last: bool) -> None:
    """Let the supplier pack and ship one parcel of a picked order, and the distributor hear of it."""
    floor = trade.supplier.floor
    parcel_id = await open_parcel(floor, order_id)
    for code, quantity in contents.items():
        done(await verify(floor, parcel_id, code, quantity))
    done(await seal(floor, parcel_id, last=last))
    await get_number(floor, parcel_id)
    done(await weigh(floor, parcel_id, 100 * sum(contents.values())))
    await trade.pump()


async def test_complaint_24_an_order_that_a_partner_ships_is_marked_at_import_and_stays_so(
    client_of: Any, database: Database
) -> None:
    """ecommerce_integrations 352, multi-company 637.

    The rule of the partnership decides at intake. Told again, the order is neither made twice nor taken home.
    """
    trade = await make_trade(database, {"KETTLE": 5}, auto_route=True)
    client = await client_of(trade.distributor.member.actor)
    order = {**told(trade.distributor.floor.house, "TB-1", KETTLE=2), "remark": "厂家直发", "sellerFlag": "RED"}
    (first,) = (await client.run(IMPORT, input={"orders": [order]}))["orderImport"]["imported"]
    await trade.pump()
    order_id = first["order"]["id"]
    seen = await order_seen(client, order_id)
    (part,) = seen["fulfillmentOrders"]
    assert (seen["remark"], seen["sellerFlag"]) == ("厂家直发", "RED")
    assert (part["requestStatus"], part["routeReason"]) == ("SUBMITTED", "PARTNER")
    (again,) = (await client.run(IMPORT, input={"orders": [order]}))["orderImport"]["imported"]
    await trade.pump()
    assert (again["verdict"], again["order"]["id"]) == ("UNCHANGED", order_id)
    assert await order_seen(client, order_id) == seen
    await assert_sound(*trade.both)


async def test_complaint_24_each_part_shipment_of_a_partner_is_told_for_its_own_lines(
    client_of: Any, database: Database
) -> None:
    """ecommerce_integrations 207, go-shopify 343.

    Two kettles are the partner's, the lid is ours: the partner's two parcels are two shipments of its own fulfillment
    order's line, each told when it went, and ours is untouched by them.
    """
    trade = await make_trade(database, {"KETTLE": 5}, own={"LID": 3}, policy=ShortagePolicy.SHIP_AVAILABLE)
    client = await client_of(trade.distributor.member.actor)
    order = told(trade.distributor.floor.house, "TB-1", KETTLE=2, LID=1)
    (imported,) = (await client.run(IMPORT, input={"orders": [order]}))["orderImport"]["imported"]
    order_id = imported["order"]["id"]
    parts = {
        part["lines"][0]["sku"]["code"]: part for part in (await order_seen(client, order_id))["fulfillmentOrders"]
    }
    assert parts.keys() == {"KETTLE", "LID"}
    dropship_id = await submitted(trade.distributor, relay.id_of(parts["KETTLE"]["id"], "FulfillmentOrder"))
    await trade.pump()
    await accept(trade.supplier, dropship_id)
    await trade.pump()
    theirs = await supplier_order(trade, dropship_id)
    wave = await release(trade.supplier.floor, orders=[theirs])
    await pick_list(trade.supplier.floor, wave.pick_list_ids[0], "T-0001")
    for number, last in ((1, False), (2, True)):
        await send_parcel(trade, theirs, {"KETTLE": 1}, last=last)
        seen = await order_seen(client, order_id)
        assert [one["lines"] for one in seen["shipments"]] == [[{"externalLineId": "1", "quantity": 1}]] * number
        sent = {part["lines"][0]["sku"]["code"]: part for part in seen["fulfillmentOrders"]}
        assert (sent["KETTLE"]["lines"][0]["shippedQuantity"], sent["LID"]["lines"][0]["shippedQuantity"]) == (
            number,
            0,
        )
        assert (sent["KETTLE"]["status"] == "SHIPPED", sent["LID"]["status"]) == (last, "OPEN")
    await assert_sound(*trade.both)


async def test_complaint_24_a_partners_stock_is_asked_when_the_order_goes_and_only_changes_are_told(
    database: Database,
) -> None:
    """acg-faka 946, dujiao-next 185.

    More than the partner has told is refused at once; what it sold meanwhile is found out before it accepts, never
    after; and between that, one figure crosses per change and none without.
    """
    trade = await make_trade(database, {"KETTLE": 5})
    many = await short_order(trade.distributor, "TB-1", {"KETTLE": 6})
    (refused,) = await submit(trade.distributor, many)
    assert code_of(refused) == "NOT_ENOUGH_STOCK"
    told_before = len(await mesh_letters(database, trade.supplier.member))
    await trade.pump()
    assert len(await mesh_letters(database, trade.supplier.member)) == told_before
    dropship_id = await submitted(trade.distributor, await short_order(trade.distributor, "TB-2", {"KETTLE": 4}))
    await short_order(trade.supplier, "MINE", {"KETTLE": 3})
    await trade.pump()
    (answer,) = await accept(trade.supplier, dropship_id)
    assert code_of(answer) == "NOT_ENOUGH_STOCK"
    assert (await dropship(trade.supplier, dropship_id)).status == "SUBMITTED"
    assert (await fulfillment_order(trade.distributor, many)).request_status == "UNSUBMITTED"
    await assert_sound(*trade.both)
