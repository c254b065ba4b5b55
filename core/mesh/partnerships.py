"""Partnerships: two merchants agree, by messages both ways, to supply each other.

Both sides' rows share the id, the currency and the time to answer, as the one who invited proposed them and the other
accepted them. Each side has its own shop for orders that come from the partner and its own location for work it gives
to it, so both directions between the same two merchants work alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import commands as accounts
from pickmesh.core.accounts import directory
from pickmesh.core.accounts import locks as account_locks
from pickmesh.core.accounts import queries as account_queries
from pickmesh.core.accounts.commands import NewShop
from pickmesh.core.accounts.directory import EntryKind
from pickmesh.core.accounts.tables import Platform
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence
from pickmesh.core.mesh import events, locks, posting, refusals, rules
from pickmesh.core.mesh.messages import Agreed, Ended, Envelope, Invited, NotYet
from pickmesh.core.mesh.posting import Outgoing
from pickmesh.core.mesh.tables import Offer, PartnerOffer, Partnership, PartnershipStatus
from pickmesh.core.stock import partner as stock

Row = sa.Row[*tuple[Any, ...]]
SHOP_CODE_LENGTH = 57
"""How much of a partner's code its shop's code holds, so that a tail still fits behind it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What both keep (currency, hours to answer), and what the one who says it does by itself.

    `auto_accept` is for dropships that come, `auto_route` for short orders that may go to the partner.
    """

    currency: str
    hours_to_answer: int = 24
    auto_accept: bool = False
    auto_route: bool = False


async def invite(uow: UnitOfWork, *, partner: str, terms: Terms) -> UUID:
    """Ask a merchant, named by its code, for a partnership under these terms; return the partnership's id.

    Refuses an unknown code, oneself, and a merchant one is partners with or has asked. Needs account:write.
    """
    uow.actor.require(Permission.ACCOUNT_WRITE)
    rules.require_terms(terms.currency, terms.hours_to_answer)
    entry = await directory.find_entry(uow.connection, EntryKind.MERCHANT_CODE, partner)
    if entry is None:
        raise refusals.UnknownMerchant(field=("partner",))
    if entry.merchant_id == uow.merchant_id:
        raise InvalidInput(
            sentence("You cannot be your own partner; give another merchant's code."), field=("partner",)
        )
    await account_locks.lock_merchant(uow)
    known = await locks.lock_partnership_with(uow, entry.merchant_id)
    if known is not None and known.status != PartnershipStatus.ENDED:
        raise refusals.AlreadyPartners(data={"partnership_id": known.id, "status": known.status})
    partnership_id = new_id() if known is None else known.id
    row = {
        "id": partnership_id,
        "status": PartnershipStatus.INVITED,
        "currency": terms.currency,
        "hours_to_answer": terms.hours_to_answer,
        "auto_accept": terms.auto_accept,
        "auto_route": terms.auto_route,
        "ended_at": None,
    }
    code = partner.strip().lower()
    await _write(uow, known, {**row, "partner_id": entry.merchant_id, "partner_code": code, "partner_name": code})
    me = await account_queries.merchant(uow)
    message = Invited(me.code, me.name, terms.currency, terms.hours_to_answer)
    await posting.post(uow, [Outgoing(entry.merchant_id, partnership_id, message)])
    return partnership_id


async def accept(uow: UnitOfWork, *, partnership_id: UUID, auto_accept: bool = False, auto_route: bool = False) -> None:
    """Agree to the partnership one was asked for, and to its terms; again changes nothing.

    Makes the shop and the location of the partner. Refuses one that was not asked for. Needs account:write.
    """
    uow.actor.require(Permission.ACCOUNT_WRITE)
    await account_locks.lock_merchant(uow)
    row = await _locked(uow, partnership_id)
    if row.status == PartnershipStatus.ACTIVE:
        return
    if row.status != PartnershipStatus.ASKED:
        message = sentence("Nobody asked you for this partnership, or it has ended; invite the merchant yourself.")
        raise refusals.PartnershipNotActive(message, data={"status": row.status})
    await _activate(uow, row, {"auto_accept": auto_accept, "auto_route": auto_route})
    me = await account_queries.merchant(uow)
    await posting.post(uow, [Outgoing(row.partner_id, row.id, Agreed(me.code, me.name))])


async def change(uow: UnitOfWork, *, partnership_id: UUID, auto_accept: bool, auto_route: bool) -> None:
    """Choose what is done without asking: accepting what is covered, giving short orders away. Needs account:write."""
    uow.actor.require(Permission.ACCOUNT_WRITE)
    row = await _locked(uow, partnership_id)
    if (row.auto_accept, row.auto_route) != (auto_accept, auto_route):
        changed = {"id": row.id, "status": row.status, "auto_accept": auto_accept, "auto_route": auto_route}
        await _write(uow, row, changed)


async def end(uow: UnitOfWork, *, partnership_id: UUID) -> None:
    """End a partnership, take an invitation back or decline one; again changes nothing. Needs account:write.

    Offers of both sides are withdrawn; dropships under way are still brought to their end.
    """
    uow.actor.require(Permission.ACCOUNT_WRITE)
    row = await _locked(uow, partnership_id)
    if row.status == PartnershipStatus.ENDED:
        return
    await close(uow, row)
    await posting.post(uow, [Outgoing(row.partner_id, row.id, Ended())])


async def close(uow: UnitOfWork, row: Row) -> None:
    """End a locked partnership on this side: offers are withdrawn, and nothing is promised by the partner any more."""
    await _write(uow, row, {"id": row.id, "status": PartnershipStatus.ENDED, "ended_at": uow.now})
    ours = uow.mine(Offer), Offer.partnership_id == row.id, Offer.withdrawn_at.is_(None)
    await uow.execute(
        sa.update(Offer).where(*ours).values(withdrawn_at=uow.now, told_quantity=0, version=Offer.version + 1)
    )
    theirs = uow.mine(PartnerOffer), PartnerOffer.partnership_id == row.id, PartnerOffer.withdrawn_at.is_(None)
    await uow.execute(sa.update(PartnerOffer).where(*theirs).values(withdrawn_at=uow.now, told_quantity=0))
    if row.location_id is not None:
        await stock.clear_promised(uow, location_id=row.location_id)


async def on_invited(uow: UnitOfWork, envelope: Envelope, message: Invited) -> NotYet | None:
    """Note that a merchant asks for a partnership; when we have asked it too, we are agreed.

    Of two invitations that cross the one with the smaller id gives both sides id and terms.
    """
    await account_locks.lock_merchant(uow)
    known = await locks.lock_partnership_with(uow, envelope.sender_id)
    if known is not None and known.status == PartnershipStatus.ACTIVE:
        # Either this is the invitation that lost, or the end that the partner told us of before is still on its way.
        return NotYet("the end of the partnership") if known.id == envelope.partnership_id else None
    if known is not None and known.status == PartnershipStatus.INVITED and known.id <= envelope.partnership_id:
        await _activate(uow, known, {"partner_code": message.code, "partner_name": message.name})
        return None
    crossed = known is not None and known.status == PartnershipStatus.INVITED
    if known is not None and known.id != envelope.partnership_id:
        await uow.execute(sa.delete(Partnership).where(uow.mine(Partnership), Partnership.id == known.id))
    row = {
        "id": envelope.partnership_id,
        "status": PartnershipStatus.ASKED,
        "currency": message.currency,
        "hours_to_answer": message.hours_to_answer,
        "auto_accept": known is not None and crossed and known.auto_accept,
        "auto_route": known is not None and crossed and known.auto_route,
        "ended_at": None,
        "partner_id": envelope.sender_id,
        "partner_code": message.code,
        "partner_name": message.name,
    }
    stays = known is not None and known.id == envelope.partnership_id
    await _write(uow, known if stays else None, row)
    if crossed:
        await _activate(uow, await _locked(uow, envelope.partnership_id), {})
    return None


async def on_agreed(uow: UnitOfWork, envelope: Envelope, message: Agreed) -> None:
    """The partner agreed: from now on both supply each other. One that we ended meanwhile stays ended."""
    await account_locks.lock_merchant(uow)
    row = await _locked(uow, envelope.partnership_id)
    if row.status == PartnershipStatus.INVITED:
        await _activate(uow, row, {"partner_code": message.code, "partner_name": message.name})


async def on_ended(uow: UnitOfWork, envelope: Envelope, message: Ended) -> None:
    """The partner ended it, took its invitation back or declined ours."""
    row = await _locked(uow, envelope.partnership_id)
    if row.status != PartnershipStatus.ENDED:
        await close(uow, row)


HANDLERS: Mapping[str, Any] = {Invited.kind: on_invited, Agreed.kind: on_agreed, Ended.kind: on_ended}
"""What is done about messages on partnerships, by kind."""


async def _locked(uow: UnitOfWork, partnership_id: UUID) -> Row:
    row = (await locks.lock_partnerships(uow, [partnership_id])).get(partnership_id)
    if row is None:
        raise refusals.UnknownPartnership(field=("partnershipId",))
    return row


async def _activate(uow: UnitOfWork, row: Row, changes: Mapping[str, Any]) -> None:
    """Make a locked partnership active, with its shop and its location; an earlier time's are used again."""
    code, name = (changes.get(column, getattr(row, column)) for column in ("partner_code", "partner_name"))
    shop_id = row.shop_id or await _open_shop(uow, row.partner_id, code, name)
    me = await account_queries.merchant(uow)
    location_id = row.location_id or await stock.open_location(
        uow,
        partner_id=row.partner_id,
        codes=[code.upper(), f"PARTNER-{code.upper()}", f"PARTNER-{row.partner_id.hex.upper()}"],
        name=name,
        time_zone=me.time_zone,
    )
    made = {"status": PartnershipStatus.ACTIVE, "shop_id": shop_id, "location_id": location_id, "ended_at": None}
    await _write(uow, row, {"id": row.id, **made, **changes})


async def _open_shop(uow: UnitOfWork, partner_id: UUID, code: str, name: str) -> UUID:
    """Make the shop orders from a partner come into, under the first code that is free."""
    plain = f"partner-{code[:SHOP_CODE_LENGTH]}"
    codes = [plain, f"partner-{partner_id.hex}", f"partner-{new_id().hex}"]
    taken = await account_queries.shops_by_code(uow, codes)
    chosen = next(each for each in codes if each not in taken)
    (made,) = await accounts.create_shops(uow, shops=[NewShop(chosen, name, Platform.PARTNER)])
    if not isinstance(made, UUID):
        raise made.refusal
    return made


async def _write(uow: UnitOfWork, known: Row | None, row: Mapping[str, Any]) -> None:
    """Write a partnership as it is now, and tell of it."""
    if known is None:
        await uow.insert(Partnership, [{**row, "created_at": uow.now}])
    else:
        await uow.update(Partnership, [row], bump_version=True)
    version = 1 if known is None else known.version + 1
    uow.emit([events.PartnershipChanged(row["id"], row["status"], version)])
