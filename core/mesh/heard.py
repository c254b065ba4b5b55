"""What partners tell us of their offers, and the promise that makes at their location.

An offer's version counts its changes at the partner's: of two messages that come in the wrong order the later state
stands. Names and barcodes come with OFFERED alone, whatever was told since.
"""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence
from pickmesh.core.mesh import events, locks, queries, refusals
from pickmesh.core.mesh.messages import Envelope, Figure, NotYet, Offered, OfferedSku, ToldFigures, Withdrawn
from pickmesh.core.mesh.tables import PartnerOffer, PartnershipStatus
from pickmesh.core.stock import partner as stock
from pickmesh.core.stock.rules import Level

Row = sa.Row[*tuple[Any, ...]]
Active = Row | NotYet | None


async def on_offered(uow: UnitOfWork, envelope: Envelope, message: Offered) -> NotYet | None:
    """Take over what a partner supplies now."""
    _require_figures(message.offers)
    partnership = await _active(uow, envelope)
    if partnership is None or isinstance(partnership, NotYet):
        return partnership
    known = await _known(uow, partnership, {offer.offer_id for offer in message.offers})
    rows = [_row(uow, partnership, offer, known.get(offer.offer_id)) for offer in message.offers]
    await uow.insert(PartnerOffer, [row for row in rows if row["id"] not in known])
    await uow.update(PartnerOffer, [row for row in rows if row["id"] in known])
    await _promise(uow, partnership, {row["id"]: row["told_quantity"] for row in rows})
    return None


async def on_withdrawn(uow: UnitOfWork, envelope: Envelope, message: Withdrawn) -> NotYet | None:
    """A partner supplies these no longer."""
    partnership = await _active(uow, envelope)
    if partnership is None or isinstance(partnership, NotYet):
        return partnership
    known = await _known(uow, partnership, {offer.offer_id for offer in message.offers})
    if len(known) < len({offer.offer_id for offer in message.offers}):
        return NotYet("the offer itself")
    gone = [offer for offer in message.offers if offer.version > known[offer.offer_id].version]
    rows = [
        {"id": offer.offer_id, "version": offer.version, "told_quantity": 0, "withdrawn_at": uow.now} for offer in gone
    ]
    await uow.update(PartnerOffer, rows)
    await _promise(uow, partnership, {offer.offer_id: 0 for offer in gone})
    return None


async def on_told(uow: UnitOfWork, envelope: Envelope, message: ToldFigures) -> NotYet | None:
    """A partner has more or less of what it offers: so much is promised at its location, for SKUs that are mapped."""
    _require_figures(message.figures)
    partnership = await _active(uow, envelope)
    if partnership is None or isinstance(partnership, NotYet):
        return partnership
    known = await _known(uow, partnership, {figure.offer_id for figure in message.figures})
    if len(known) < len({figure.offer_id for figure in message.figures}):
        return NotYet("the offer itself")
    news = [figure for figure in message.figures if figure.version > known[figure.offer_id].version]
    rows = [
        {
            "id": figure.offer_id,
            "version": figure.version,
            "told_quantity": figure.quantity,
            "price_micros": figure.price_micros,
            "told_at": uow.now,
            "withdrawn_at": None,
        }
        for figure in news
    ]
    await uow.update(PartnerOffer, rows)
    await _promise(uow, partnership, {figure.offer_id: figure.quantity for figure in news})
    return None


HANDLERS: Mapping[str, Any] = {Offered.kind: on_offered, Withdrawn.kind: on_withdrawn, ToldFigures.kind: on_told}
"""What is done about messages on offers, by kind."""


def _require_figures(told: Collection[OfferedSku | Figure]) -> None:
    if any(one.quantity < 0 or one.price_micros < 0 for one in told):
        raise InvalidInput(sentence("An offer's figure or price is below 0."))


async def _active(uow: UnitOfWork, envelope: Envelope) -> Active:
    """Lock the partnership: one that has ended is told nothing more (None), one not agreed yet waits to be."""
    row = (await locks.lock_partnerships(uow, [envelope.partnership_id]))[envelope.partnership_id]
    if row.status == PartnershipStatus.ACTIVE:
        return row
    return NotYet("the agreement") if row.status == PartnershipStatus.INVITED else None


async def _known(uow: UnitOfWork, partnership: Row, ids: Collection[UUID]) -> dict[UUID, Row]:
    known = await locks.lock_partner_offers(uow, ids)
    if any(row.partnership_id != partnership.id for row in known.values()):
        raise refusals.UnknownOffer
    return known


def _row(uow: UnitOfWork, partnership: Row, offer: OfferedSku, known: Row | None) -> dict[str, Any]:
    """Return a partner's offer as it stands after it was told; what is older than known changes no figure."""
    row: dict[str, Any] = {
        "id": offer.offer_id,
        "partnership_id": partnership.id,
        "code": offer.code,
        "name_zh": offer.name_zh,
        "name_en": offer.name_en,
        "barcodes": list(offer.barcodes),
    }
    if known is not None and known.version >= offer.version:
        figures = ("price_micros", "told_quantity", "told_at", "withdrawn_at", "version")
        return row | {name: getattr(known, name) for name in figures}
    return row | {
        "price_micros": offer.price_micros,
        "told_quantity": offer.quantity,
        "told_at": uow.now,
        "withdrawn_at": None,
        "version": offer.version,
    }


async def _promise(uow: UnitOfWork, partnership: Row, figures: Mapping[UUID, int]) -> None:
    """Bring the partner's location to what it told, where its offers are SKUs of ours, and tell of it."""
    if not figures:
        return
    mapped = await queries.skus_of_partner_offers(uow, figures)
    levels = {Level(partnership.location_id, sku_id): figures[offer_id] for offer_id, sku_id in sorted(mapped.items())}
    await stock.set_promised(uow, told=levels)
    uow.emit([events.PartnerOffersChanged(partnership.id, len(figures))])
