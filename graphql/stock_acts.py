"""What may be done to stock: corrections, receipts, and moves of goods nobody has been promised."""

from typing import Any
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.stock import adjustments, moves, receipts, refusals
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Mutation, batch_done, limited, user_error
from pickmesh.graphql.context import Context
from pickmesh.graphql.scalars import Date, Long
from pickmesh.graphql.stock import OfLot, OfSku, Place

ITEMS_MAX = 1_000
"""Most corrections, receipts or moves in one call."""

StockUserError = user_error("Stock", refusals)


class StockAdjustmentInput(graphene.InputObjectType):
    """A correction of what lies at a place."""

    place_id = graphene.ID(required=True)
    sku_id = graphene.ID(required=True)
    lot_id = graphene.ID(description="Left out for goods without a lot.")
    difference = graphene.Int(required=True, description="Pieces found (positive) or gone (negative), not 0.")
    reason = graphene.String(required=True, description="In a few words, for the ledger.")


class StockAdjustment(graphene.ObjectType, OfSku):
    """A corrected figure: what lies there now."""

    requires = Permission.STOCK_READ
    place = relay.link("place_id", Place, required=True)
    difference = graphene.Int(required=True)
    quantity = graphene.Int(required=True)


class StockReceiptInput(graphene.InputObjectType):
    """Pieces that arrive at a place; a serial number stands alone with quantity 1."""

    place_id = graphene.ID(required=True)
    sku_id = graphene.ID(required=True)
    quantity = graphene.Int(required=True)
    lot_code = graphene.String(required=True, default_value="")
    expires_on = Date()
    serial = graphene.String(required=True, default_value="")
    unit_cost_micros = Long(description="What a piece cost; left out, what the catalog says.")


class StockReceipt(graphene.ObjectType, OfSku, OfLot):
    """Pieces that arrived."""

    requires = Permission.STOCK_READ
    place = relay.link("place_id", Place, required=True)
    quantity = graphene.Int(required=True)


class StockAdjust(Mutation):
    """Correct what lies at places; whose promise must give way when less is there gives way in the same act."""

    requires = Permission.STOCK_WRITE
    user_error = StockUserError
    items = "adjustments"

    class Input:
        adjustments = graphene.List(graphene.NonNull(StockAdjustmentInput), required=True)

    class Payload:
        adjusted = graphene.List(graphene.NonNull(StockAdjustment))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Adjust."""
        asked = [
            adjustments.Adjustment(
                **_place_and_sku("adjustments", index, item),
                difference=item.difference,
                reason=item.reason,
                lot_id=relay.optional_id(item.lot_id, "Lot", field=("adjustments", index, "lotId")) or NIL_ID,
            )
            for index, item in enumerate(limited(input.adjustments, ITEMS_MAX, "adjustments"))
        ]
        return batch_done("adjusted", await adjustments.adjust_stock(uow, adjustments=asked))


class StockReceive(Mutation):
    """Book goods that came from a supplier into bins or docks."""

    requires = Permission.STOCK_WRITE
    user_error = StockUserError
    items = "receipts"

    class Input:
        receipts = graphene.List(graphene.NonNull(StockReceiptInput), required=True)

    class Payload:
        received = graphene.List(graphene.NonNull(StockReceipt))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Receive."""
        asked = [
            receipts.Receipt(
                **_place_and_sku("receipts", index, item),
                quantity=item.quantity,
                lot_code=item.lot_code,
                expires_on=item.expires_on,
                serial=item.serial,
                unit_cost_micros=item.unit_cost_micros,
            )
            for index, item in enumerate(limited(input.receipts, ITEMS_MAX, "receipts"))
        ]
        return batch_done("received", await receipts.receive_stock(uow, receipts=asked))


class StockTransferInput(graphene.InputObjectType):
    """Pieces to move between two places of one warehouse; a serial-tracked one is named by its unit, one at a time."""

    from_place_id = graphene.ID(required=True)
    to_place_id = graphene.ID(required=True)
    sku_id = graphene.ID(required=True)
    lot_id = graphene.ID(description="Left out for goods without a lot.")
    quantity = graphene.Int(required=True)


class StockMoved(graphene.ObjectType, OfSku, OfLot):
    """Pieces that were moved."""

    requires = Permission.STOCK_READ
    from_place = relay.link("from_place_id", Place, required=True)
    to_place = relay.link("to_place_id", Place, required=True)
    quantity = graphene.Int(required=True)


class StockMove(Mutation):
    """Move goods nobody has been promised: put away, replenish, bring to and from the hospital, found again."""

    requires = Permission.STOCK_WRITE
    user_error = StockUserError
    items = "moves"

    class Input:
        moves = graphene.List(graphene.NonNull(StockTransferInput), required=True)

    class Payload:
        moved = graphene.List(graphene.NonNull(StockMoved))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Move."""
        asked = [
            moves.StockTransfer(
                from_place_id=relay.id_of(item.from_place_id, "Place", field=("moves", index, "fromPlaceId")),
                to_place_id=relay.id_of(item.to_place_id, "Place", field=("moves", index, "toPlaceId")),
                sku_id=relay.id_of(item.sku_id, "Sku", field=("moves", index, "skuId")),
                quantity=item.quantity,
                lot_id=relay.optional_id(item.lot_id, "Lot", field=("moves", index, "lotId")) or NIL_ID,
            )
            for index, item in enumerate(limited(input.moves, ITEMS_MAX, "moves"))
        ]
        return batch_done("moved", await moves.move_stock(uow, moves=asked))


def _place_and_sku(items: str, index: int, item: Any) -> dict[str, UUID]:
    return {
        "place_id": relay.id_of(item.place_id, "Place", field=(items, index, "placeId")),
        "sku_id": relay.id_of(item.sku_id, "Sku", field=(items, index, "skuId")),
    }


MUTATIONS = (StockAdjust, StockReceive, StockMove)
