"""What the complaints ask through the front: orders in, orders back, figures, as a signed-in person does."""

from typing import Any

from tests.builders_orders import House

from pickmesh.graphql.ids import global_id

IMPORT = """mutation ($input: OrderImportInput!) { orderImport(input: $input) {
  imported { index verdict shortPieces order { id fulfillmentOrders {
    id status shortQuantity lines { sku { code } bundle { code } quantity isShort } } } }
  userErrors { code }
} }"""
CANCEL = """mutation ($input: FulfillmentOrderCancelInput!) { fulfillmentOrderCancel(input: $input) {
  stopped { outcome changed } userErrors { code message }
} }"""
SKU = "query ($code: String!) { sku(code: $code) { onHand free available levels { onHand reserved free available } } }"


def told(house: House, number: str, **wanted: int) -> dict[str, Any]:
    """Return a paid order of goods by their codes, as a shop would send it."""
    return {
        "shopId": global_id("Shop", house.shop_id),
        "externalId": number,
        "orderedAt": "2026-11-23T10:00:00+08:00",
        "paymentStatus": "PAID",
        "currency": "CNY",
        "recipient": {"name": "林晓彤", "phone": "13812345678", "street": "文三路 269 号", "country": "CN"},
        "lines": [
            {"externalLineId": str(index), "shopCode": code, "quantity": quantity, "unitPriceMicros": 12_500_000}
            for index, (code, quantity) in enumerate(wanted.items(), 1)
        ],
    }


async def bring(client: Any, *orders: dict[str, Any]) -> list[dict[str, Any]]:
    """Import orders as one batch, none of which may be refused; return what is answered of each."""
    answer = (await client.run(IMPORT, input={"orders": list(orders)}))["orderImport"]
    assert answer["userErrors"] == []
    imported: list[dict[str, Any]] = answer["imported"]
    return imported


async def figures(client: Any, code: str) -> tuple[int, int, int]:
    """Return on hand, free, available of a SKU over all warehouses."""
    sku = (await client.run(SKU, code=code))["sku"]
    return sku["onHand"], sku["free"], sku["available"]
