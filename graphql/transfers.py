"""Transfers between two warehouses: what is planned, travels and arrived; planning, sending, receiving, undoing."""

from collections.abc import Sequence
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.stock import transfer_queries as queries
from pickmesh.core.stock import transfer_receipts, transfer_sends, transfer_undo, transfers
from pickmesh.core.stock.reasons import AdjustmentReason
from pickmesh.core.stock.transfer_tables import TransferStatus
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Worker
from pickmesh.graphql.base import Done, Many, Mutation, limited
from pickmesh.graphql.context import Context
from pickmesh.graphql.loading import grouped, listed
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime
from pickmesh.graphql.stock import Location, OfSku
from pickmesh.graphql.stock_acts import AdjustmentReasonName, StockUserError
from pickmesh.scanner.codes.own import OwnKind

ITEMS_MAX = 1_000
"""Most pieces of work in one call."""

TransferStatusName = graphene.Enum.from_enum(TransferStatus, name="TransferStatus")
TransferActionName = graphene.Enum.from_enum(transfers.TransferAction, name="TransferAction")

LINES = grouped(queries.lines_of_transfers, "transfer_id")


class TransferLine(relay.ObjectType, OfSku):
    """Pieces of one SKU in a transfer."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.STOCK_READ
    transfer = relay.link("transfer_id", "pickmesh.graphql.transfers.Transfer", required=True)
    quantity = graphene.Int(required=True, description="Pieces planned.")
    reserved_quantity = graphene.Int(required=True, description="Pieces set aside for it now.")
    short_quantity = graphene.Int(
        required=True, description="Pieces still to be sent that are no longer set aside: reality left less."
    )
    sent_quantity = graphene.Int(required=True)
    travelling_quantity = graphene.Int(required=True)
    received_quantity = graphene.Int(required=True)
    lost_quantity = graphene.Int(required=True, description="Pieces sent that never arrived.")

    by_ids = staticmethod(queries.lines)


class Transfer(relay.ObjectType):
    """Goods on their way from one warehouse to another; what travels counts as incoming where it goes."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.STOCK_READ
    number = relay.number(OwnKind.TRANSFER)
    from_location = relay.link("from_location_id", Location, required=True)
    to_location = relay.link("to_location_id", Location, required=True)
    status = graphene.Field(TransferStatusName, required=True)
    note = graphene.String(required=True)
    planned_by = relay.link("created_by", Worker, description="Null for the machinery.")
    created_at = graphene.Field(DateTime, required=True)
    sent_at = graphene.Field(DateTime, description="When pieces left last.")
    closed_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)
    lines = relay.listing(LINES, TransferLine)
    supported_actions = graphene.List(graphene.NonNull(TransferActionName), required=True)

    by_ids = staticmethod(queries.transfers)

    @staticmethod
    async def resolve_supported_actions(root: Any, info: Any) -> list[transfers.TransferAction]:
        """Return what may be done now."""
        return transfers.supported_actions(root.status, await listed(info.context.load(LINES, root.id)))


async def _page_of_transfers(
    _root: Any,
    info: Any,
    request: PageRequest,
    statuses: list[str] | None = None,
    location_id: str | None = None,
) -> Page[Any]:
    location = relay.optional_id(location_id, "Location", field=("locationId",))
    async with info.context.reading() as uow:
        return await queries.transfer_page(uow, request, statuses=statuses, location_id=location)


class TransferQueries(Queries):
    """What may be asked of transfers."""

    requires: ClassVar[Requirement] = Permission.STOCK_READ
    transfer = graphene.Field(
        Transfer, id=graphene.ID(), number=graphene.String(), description="A transfer by its id or its number."
    )
    transfers = relay.paged(
        relay.connection(Transfer),
        _page_of_transfers,
        "Transfers, the newest first.",
        statuses=relay.some(TransferStatusName),
        location_id=graphene.ID(description="The warehouse at either end."),
    )

    @staticmethod
    def resolve_transfer(_root: Any, info: Any, id: str | None = None, number: str | None = None) -> Any:
        """Return a transfer."""
        name, value = relay.one_of({"id": id, "number": number})
        if name == "id":
            return info.context.load(queries.transfers, relay.id_of(value, "Transfer"))
        return info.context.load(queries.transfers_by_number, relay.number_of(value, OwnKind.TRANSFER))


class PlannedLineInput(graphene.InputObjectType):
    """Pieces of one SKU to bring to the other warehouse."""

    sku_id = graphene.ID(required=True)
    quantity = graphene.Int(required=True)


class PlannedTransferInput(graphene.InputObjectType):
    """A transfer to make."""

    from_location_id = graphene.ID(required=True)
    to_location_id = graphene.ID(required=True)
    lines = relay.some(PlannedLineInput, required=True)
    note = graphene.String(required=True, default_value="")
    allow_short = graphene.Boolean(
        required=True, default_value=False, description="Shrink to what is free instead of being refused."
    )


class OfTransfers(Mutation):
    """What the mutations over transfers share."""

    requires = Permission.STOCK_WRITE
    user_error = StockUserError
    subject = "Transfer"

    class Input:
        transfer_ids = relay.some(graphene.ID, required=True)

    class Payload:
        transfers = Many(Transfer)


def _done(answers: Sequence[Any]) -> Done:
    """Answer the transfers that were changed, each once, and what was refused."""
    changed = [answer.transfer_id for answer in answers if not isinstance(answer, Refused)]
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    return Done({"transfers": list(dict.fromkeys(changed))}, refused)


def _ids(input: Any) -> list[UUID]:
    return relay.ids_of(limited(input.transfer_ids, ITEMS_MAX, "transferIds"), "Transfer", field="transferIds")


class TransferPlan(OfTransfers):
    """Make transfers; their pieces are set aside at once, never those that orders were promised."""

    items = "plans"

    class Input:
        plans = relay.some(PlannedTransferInput, required=True)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Plan."""
        plans = [_plan(index, item) for index, item in enumerate(limited(input.plans, ITEMS_MAX, "plans"))]
        return _done(await transfers.plan_transfers(uow, plans=plans))


def _plan(index: int, item: Any) -> transfers.TransferPlan:
    path = ("plans", index)
    lines = [
        transfers.PlannedLine(relay.id_of(line.sku_id, "Sku", field=(*path, "lines", number, "skuId")), line.quantity)
        for number, line in enumerate(item.lines)
    ]
    return transfers.TransferPlan(
        from_location_id=relay.id_of(item.from_location_id, "Location", field=(*path, "fromLocationId")),
        to_location_id=relay.id_of(item.to_location_id, "Location", field=(*path, "toLocationId")),
        lines=lines,
        note=item.note,
        allow_short=item.allow_short,
    )


class TransferSendingInput(graphene.InputObjectType):
    """Pieces of a transfer line that leave."""

    transfer_line_id = graphene.ID(required=True)
    quantity = graphene.Int(required=True)
    place_id = graphene.ID(description="The bin or dock they leave; left out, the taking rules choose bins.")
    lot_id = graphene.ID(description="Left out for goods without a lot.")
    serial = graphene.String(required=True, default_value="", description="Of a serial-tracked piece, quantity 1.")


class TransferSend(OfTransfers):
    """Send pieces of planned transfers; parts may follow. They count as incoming where they go, not as on hand."""

    items = "sendings"

    class Input:
        sendings = relay.some(TransferSendingInput, required=True)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Send."""
        sendings = [
            transfer_sends.Sending(
                line_id=_line("sendings", index, item),
                quantity=item.quantity,
                place_id=relay.optional_id(item.place_id, "Place", field=("sendings", index, "placeId")),
                lot_id=relay.optional_id(item.lot_id, "Lot", field=("sendings", index, "lotId")) or NIL_ID,
                serial=item.serial,
            )
            for index, item in enumerate(limited(input.sendings, ITEMS_MAX, "sendings"))
        ]
        return _done(await transfer_sends.send_transfers(uow, sendings=sendings))


def _line(items: str, index: int, item: Any) -> UUID:
    return relay.id_of(item.transfer_line_id, "TransferLine", field=(items, index, "transferLineId"))


class TransferFinish(OfTransfers):
    """Say that nothing more of these transfers will be sent; what was still set aside is free again."""

    items = "transferIds"

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Finish."""
        return _done(await transfer_sends.finish_transfers(uow, transfer_ids=_ids(input)))


class TransferCancel(OfTransfers):
    """Call transfers off of which nothing has left; what was set aside is free again, once."""

    items = "transferIds"

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Cancel."""
        return _done(await transfers.cancel_transfers(uow, transfer_ids=_ids(input)))


class TransferReceiptInput(graphene.InputObjectType):
    """Pieces of a transfer line that arrive."""

    transfer_line_id = graphene.ID(required=True)
    place_id = graphene.ID(required=True, description="The bin, dock or hospital they are put in.")
    quantity = graphene.Int(required=True)
    lot_id = graphene.ID(description="Needed only where several lots of the line travel.")
    serial = graphene.String(required=True, default_value="", description="Of a serial-tracked piece, quantity 1.")


class TransferReceive(OfTransfers):
    """Book pieces of transfers that arrive, in parts if need be; never more than travels."""

    items = "receipts"

    class Input:
        receipts = relay.some(TransferReceiptInput, required=True)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Receive."""
        receipts = [
            transfer_receipts.TransferReceipt(
                line_id=_line("receipts", index, item),
                place_id=relay.id_of(item.place_id, "Place", field=("receipts", index, "placeId")),
                quantity=item.quantity,
                lot_id=relay.optional_id(item.lot_id, "Lot", field=("receipts", index, "lotId")),
                serial=item.serial,
            )
            for index, item in enumerate(limited(input.receipts, ITEMS_MAX, "receipts"))
        ]
        return _done(await transfer_receipts.receive_transfers(uow, receipts=receipts))


class TransferClose(OfTransfers):
    """Give up what still travels of transfers: it leaves the books with the reason and counts as lost."""

    items = "transferIds"

    class Input(OfTransfers.Input):
        reason = graphene.InputField(AdjustmentReasonName, required=True, default_value=AdjustmentReason.LOST.value)
        note = graphene.String(required=True, default_value="", description="OTHER needs one.")

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Close."""
        answers = await transfer_receipts.close_transfers(
            uow, transfer_ids=_ids(input), reason=AdjustmentReason(input.reason), note=input.note
        )
        return _done(answers)


class TransferTakenBackInput(graphene.InputObjectType):
    """Pieces of a transfer line whose booking was a mistake."""

    transfer_line_id = graphene.ID(required=True)
    place_id = graphene.ID(required=True, description="Where they were taken from, or where they were received.")
    quantity = graphene.Int(required=True)
    lot_id = graphene.ID(description="Left out for goods without a lot.")
    serial = graphene.String(required=True, default_value="", description="Of a serial-tracked piece, quantity 1.")


class TransferTakeBackSent(OfTransfers):
    """Put pieces that still travel back where they were taken from; the transfer may send them again."""

    items = "backs"

    class Input:
        backs = relay.some(TransferTakenBackInput, required=True)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Take back."""
        return _done(await transfer_undo.take_back_sends(uow, backs=_backs(input)))


class TransferTakeBackReceived(OfTransfers):
    """Let pieces travel again that were booked as received by mistake and that nobody was promised since."""

    items = "backs"

    class Input:
        backs = relay.some(TransferTakenBackInput, required=True)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Take back."""
        return _done(await transfer_undo.take_back_receipts(uow, backs=_backs(input)))


def _backs(input: Any) -> list[transfer_undo.TakenBack]:
    return [
        transfer_undo.TakenBack(
            line_id=_line("backs", index, item),
            place_id=relay.id_of(item.place_id, "Place", field=("backs", index, "placeId")),
            quantity=item.quantity,
            lot_id=relay.optional_id(item.lot_id, "Lot", field=("backs", index, "lotId")) or NIL_ID,
            serial=item.serial,
        )
        for index, item in enumerate(limited(input.backs, ITEMS_MAX, "backs"))
    ]


MUTATIONS = (
    TransferPlan,
    TransferSend,
    TransferFinish,
    TransferCancel,
    TransferReceive,
    TransferClose,
    TransferTakeBackSent,
    TransferTakeBackReceived,
)
