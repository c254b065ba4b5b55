"""What may be done to stock: corrections, receipts, counts, returns, and moves of goods nobody has been promised."""

from typing import Any

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.stock import adjustments, counts, moves, receipts, refusals, returned
from pickmesh.core.stock.reasons import AdjustmentReason
from pickmesh.graphql import relay
from pickmesh.graphql.base import Done, Mutation, batch_done, limited, user_error
from pickmesh.graphql.context import Context
from pickmesh.graphql.scalars import Date, Long
from pickmesh.graphql.stock import OfLot, OfSku, Place

ITEMS_MAX = 1_000
"""Most corrections, receipts or moves in one call."""

StockUserError = user_error("Stock", refusals)
AdjustmentReasonName = graphene.Enum.from_enum(AdjustmentReason, name="AdjustmentReason")


class StockAdjustmentInput(graphene.InputObjectType):
    """A correction of what lies at a place."""

    place_id = graphene.ID(required=True)
    sku_id = graphene.ID(required=True)
    lot_id = graphene.ID(description="Left out for goods without a lot.")
    difference = graphene.Int(required=True, description="Pieces found (positive) or gone (negative), not 0.")
    why = graphene.InputField(AdjustmentReasonName, description="The reason; the ledger keeps it with the note.")
    note = graphene.String(required=True, default_value="", description="What the reason does not say; OTHER needs it.")
    reason = graphene.String(description="Instead of why and note: in a few words of one's own, for the ledger.")
    serial = graphene.String(
        required=True, default_value="", description="The serial-tracked piece that is gone, difference -1."
    )


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
                **_why(item),
                difference=item.difference,
                lot_id=relay.optional_id(item.lot_id, "Lot", field=("adjustments", index, "lotId")) or NIL_ID,
                serial=item.serial,
            )
            for index, item in enumerate(limited(input.adjustments, ITEMS_MAX, "adjustments"))
        ]
        return batch_done("adjusted", await adjustments.adjust_stock(uow, adjustments=asked))


def _why(item: Any) -> dict[str, Any]:
    """Return the reason of a correction: a known one with its note, or words of one's own."""
    if item.why is None:
        return {"reason": item.reason or ""}
    return {"why": AdjustmentReason(item.why), "note": item.note}


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
    """Pieces to move between two places of one warehouse; a serial-tracked one is named, one at a time."""

    from_place_id = graphene.ID(required=True)
    to_place_id = graphene.ID(required=True)
    sku_id = graphene.ID(required=True)
    lot_id = graphene.ID(description="Left out for goods without a lot.")
    quantity = graphene.Int(required=True)
    serial = graphene.String(required=True, default_value="", description="Of a serial-tracked piece, quantity 1.")


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
                serial=item.serial,
            )
            for index, item in enumerate(limited(input.moves, ITEMS_MAX, "moves"))
        ]
        return batch_done("moved", await moves.move_stock(uow, moves=asked))


class CountedFigureInput(graphene.InputObjectType):
    """How many pieces were found at a place."""

    place_id = graphene.ID(required=True)
    sku_id = graphene.ID(required=True)
    lot_id = graphene.ID(description="Left out for goods without a lot.")
    quantity = graphene.Int(required=True)
    serials = graphene.List(
        graphene.NonNull(graphene.String),
        required=True,
        default_value=[],
        description="Of serial-tracked goods: which were found, one for each piece.",
    )


class CountedFigure(graphene.ObjectType, OfSku, OfLot):
    """A counted figure: what the books said, what lies there now, and the difference."""

    requires = Permission.STOCK_READ
    place = relay.link("place_id", Place, required=True)
    before = graphene.Int(required=True)
    after = graphene.Int(required=True)
    difference = graphene.Int(required=True)


class StockCount(Mutation):
    """Bring places to the figures that were counted; the same figure counted again changes nothing."""

    requires = Permission.STOCK_WRITE
    user_error = StockUserError
    items = "counts"

    class Input:
        counts = relay.some(CountedFigureInput, required=True)

    class Payload:
        counted = graphene.List(graphene.NonNull(CountedFigure))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Count."""
        told = [
            counts.StockCount(
                **_place_and_sku("counts", index, item),
                quantity=item.quantity,
                lot_id=relay.optional_id(item.lot_id, "Lot", field=("counts", index, "lotId")) or NIL_ID,
                serials=item.serials,
            )
            for index, item in enumerate(limited(input.counts, ITEMS_MAX, "counts"))
        ]
        return batch_done("counted", await counts.count_stock(uow, counts=told))


class ReturnedGoodsInput(graphene.InputObjectType):
    """Pieces of a fulfillment line that came back; the pool of the place says what they are good for."""

    fulfillment_line_id = graphene.ID(required=True)
    place_id = graphene.ID(required=True)
    quantity = graphene.Int(required=True)
    lot_id = graphene.ID(description="Needed only where the line shipped several lots.")
    serial = graphene.String(required=True, default_value="", description="Of a serial-tracked piece, quantity 1.")


class ReturnedGoods(graphene.ObjectType, OfSku, OfLot):
    """Pieces that lie with us again."""

    requires = Permission.STOCK_READ
    place = relay.link("place_id", Place, required=True)
    quantity = graphene.Int(required=True)
    left = graphene.Int(required=True, description="Pieces of the line still with the buyer.")


class StockReturn(Mutation):
    """Book goods that buyers sent back; of a line never more than it shipped."""

    requires = Permission.STOCK_WRITE
    user_error = StockUserError
    items = "returns"

    class Input:
        returns = relay.some(ReturnedGoodsInput, required=True)

    class Payload:
        returned = graphene.List(graphene.NonNull(ReturnedGoods))

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Take back."""
        told = [
            returned.StockReturn(
                line_id=relay.id_of(
                    item.fulfillment_line_id, "FulfillmentLine", field=("returns", index, "fulfillmentLineId")
                ),
                place_id=relay.id_of(item.place_id, "Place", field=("returns", index, "placeId")),
                quantity=item.quantity,
                lot_id=relay.optional_id(item.lot_id, "Lot", field=("returns", index, "lotId")),
                serial=item.serial,
            )
            for index, item in enumerate(limited(input.returns, ITEMS_MAX, "returns"))
        ]
        return batch_done("returned", await returned.take_returns(uow, returns=told))


def _place_and_sku(items: str, index: int, item: Any) -> dict[str, Any]:
    return {
        "place_id": relay.id_of(item.place_id, "Place", field=(items, index, "placeId")),
        "sku_id": relay.id_of(item.sku_id, "Sku", field=(items, index, "skuId")),
    }


MUTATIONS = (StockAdjust, StockReceive, StockMove, StockCount, StockReturn)
