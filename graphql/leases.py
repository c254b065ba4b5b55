"""Timed reservations: stock promised to a checkout or a quote until a moment."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

import graphene

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.paging import Page, PageRequest
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.stock import lease_queries, leases
from pickmesh.core.stock.leases import LeaseLine, NewLease, Renewal
from pickmesh.core.stock.promise_tables import LeaseStatus
from pickmesh.graphql import relay
from pickmesh.graphql.accounts import Worker
from pickmesh.graphql.base import Done, Many, Mutation, limited
from pickmesh.graphql.context import Context
from pickmesh.graphql.permissions import Queries, Requirement
from pickmesh.graphql.scalars import DateTime
from pickmesh.graphql.stock import AtLocation, OfSku
from pickmesh.graphql.stock_acts import StockUserError

ITEM = "leases"
LeaseStatusName = graphene.Enum.from_enum(LeaseStatus, name="StockLeaseStatus")


class StockLeaseWish(graphene.ObjectType, AtLocation, OfSku):
    """What was asked for: pieces of a SKU, a bundle as such; without a location anywhere."""

    requires = Permission.STOCK_READ
    quantity = graphene.Int(required=True)


class StockLeaseLine(graphene.ObjectType, AtLocation, OfSku):
    """What is held of a plain SKU at a warehouse."""

    requires = Permission.STOCK_READ
    quantity = graphene.Int(required=True, description="What is still held.")


class StockLease(relay.ObjectType):
    """Stock promised to a holder until a moment, under the holder's own code; an order that names it gets it."""

    class Meta:
        interfaces = (relay.Node,)

    requires = Permission.STOCK_READ
    code = graphene.String(required=True)
    holder = graphene.String(required=True)
    status = graphene.Field(LeaseStatusName, required=True)
    expires_at = graphene.Field(DateTime, required=True)
    order = relay.link("order_id", "pickmesh.graphql.orders.Order", description="The order that used it.")
    opened_by = relay.link("created_by", Worker, description="Who opened it; null for a program.")
    created_at = graphene.Field(DateTime, required=True)
    closed_at = graphene.Field(DateTime)
    version = graphene.Int(required=True)
    wanted = graphene.List(graphene.NonNull(StockLeaseWish), required=True, description="What was asked for.")
    lines = relay.listing(lease_queries.lines_of_leases, StockLeaseLine, "What it holds, per warehouse and plain SKU.")

    by_ids = staticmethod(lease_queries.leases)

    @staticmethod
    def resolve_status(root: Any, info: Any) -> str:
        """Return the status as of now."""
        return lease_queries.status_of(root, info.context.now)

    @staticmethod
    def resolve_wanted(root: Any, _info: Any) -> list[dict[str, Any]]:
        """Return what was asked for."""
        return [dict(zip(("location_id", "sku_id", "quantity"), line, strict=True)) for line in root.wanted]


async def _by_code(uow: UnitOfWork, codes: Sequence[str]) -> dict[str, Any]:
    known = await lease_queries.leases_by_code(uow, codes)
    found = await lease_queries.leases(uow, [row["id"] for row in known.values()])
    return {code: found[row["id"]] for code, row in known.items()}


async def _page_of_leases(
    _root: Any, info: Any, request: PageRequest, statuses: list[str] | None = None, codes: list[str] | None = None
) -> Page[Any]:
    async with info.context.reading() as uow:
        return await lease_queries.lease_page(uow, request, statuses=statuses, codes=codes)


class LeasesQueries(Queries):
    """What may be asked of timed reservations."""

    requires: ClassVar[Requirement] = Permission.STOCK_READ
    stock_lease = graphene.Field(
        StockLease, id=graphene.ID(), code=graphene.String(), description="A timed reservation by its id or its code."
    )
    stock_leases = relay.paged(
        relay.connection(StockLease),
        _page_of_leases,
        "Timed reservations, the newest first.",
        statuses=relay.some(LeaseStatusName),
        codes=relay.some(graphene.String),
    )

    @staticmethod
    def resolve_stock_lease(_root: Any, info: Any, id: str | None = None, code: str | None = None) -> Any:
        """Return a lease."""
        relay.one_of({"id": id, "code": code})
        if id is not None:
            return info.context.load(lease_queries.leases, relay.id_of(id, "StockLease"))
        return info.context.load(_by_code, (code or "").strip())


class StockLeaseLineInput(graphene.InputObjectType):
    """Pieces of a SKU, a bundle too."""

    sku_id = graphene.ID(required=True)
    quantity = graphene.Int(required=True)
    location_id = graphene.ID(description="Left out: the first warehouse that has all such lines of the lease.")


class StockLeaseInput(graphene.InputObjectType):
    """Stock to promise, for 15 seconds to 30 days; of expiresInSeconds and expiresAt give one."""

    code = graphene.String(required=True, description="Your own; told again with the same content it answers the same.")
    holder = graphene.String(required=True, description="Whom it is promised to, in a few words.")
    lines = relay.some(StockLeaseLineInput, required=True)
    expires_in_seconds = graphene.Int()
    expires_at = DateTime()


class StockLeaseOpen(Mutation):
    """Promise stock until a moment, all of a lease or nothing; what is short comes back with the figures."""

    requires = Permission.ORDERS_WRITE
    user_error = StockUserError
    items = ITEM

    class Input:
        leases = relay.some(StockLeaseInput, required=True)

    class Payload:
        leases = Many(StockLease)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Open."""
        wanted = [_new_lease(item, (ITEM, index)) for index, item in enumerate(input.leases)]
        answers = await leases.open_leases(uow, leases=wanted)
        opened = [answer.lease_id for answer in answers if not isinstance(answer, Refused)]
        return Done(
            {"leases": list(dict.fromkeys(opened))}, [answer for answer in answers if isinstance(answer, Refused)]
        )


class StockLeaseRenew(Mutation):
    """Let open timed reservations run until another moment; of expiresInSeconds and expiresAt give one."""

    requires = Permission.ORDERS_WRITE
    user_error = StockUserError
    items = "stockLeaseIds"

    class Input:
        stock_lease_ids = relay.some(graphene.ID, required=True)
        expires_in_seconds = graphene.Int()
        expires_at = DateTime()

    class Payload:
        leases = Many(StockLease)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Renew."""
        renewals = [Renewal(each, _seconds(input), input.get("expires_at")) for each in _named(input)]
        return _answered(await leases.renew_leases(uow, renewals=renewals))


class StockLeaseRelease(Mutation):
    """Free what timed reservations hold before their time is over; again changes nothing."""

    requires = Permission.ORDERS_WRITE
    user_error = StockUserError
    items = "stockLeaseIds"

    class Input:
        stock_lease_ids = relay.some(graphene.ID, required=True)

    class Payload:
        leases = Many(StockLease)

    @classmethod
    async def run(cls, uow: UnitOfWork, input: Any, context: Context) -> Done:
        """Release."""
        return _answered(await leases.release_leases(uow, lease_ids=_named(input)))


def _named(input: Any) -> list[UUID]:
    told = limited(input.stock_lease_ids, leases.LEASES_MAX, "stockLeaseIds")
    return relay.ids_of(told, "StockLease", field="stockLeaseIds")


def _answered(answers: Sequence[UUID | Refused]) -> Done:
    done = dict.fromkeys(answer for answer in answers if not isinstance(answer, Refused))
    return Done({"leases": list(done)}, [answer for answer in answers if isinstance(answer, Refused)])


def _seconds(item: Any) -> timedelta | None:
    seconds = item.get("expires_in_seconds")
    return None if seconds is None else timedelta(seconds=seconds)


def _new_lease(item: Any, path: tuple[str | int, ...]) -> NewLease:
    lines = [
        LeaseLine(
            relay.id_of(line.sku_id, "Sku", field=(*path, "lines", index, "skuId")),
            line.quantity,
            relay.optional_id(line.get("location_id"), "Location", field=(*path, "lines", index, "locationId")),
        )
        for index, line in enumerate(item.lines)
    ]
    return NewLease(item.code, item.holder, lines, _seconds(item), item.get("expires_at"))


MUTATIONS = (StockLeaseOpen, StockLeaseRenew, StockLeaseRelease)
