from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from builders_mesh import (
    HIDDEN_FOR,
    Member,
    dead_letters,
    make_mapped,
    make_member,
    make_partners,
    mesh_letters,
    offer,
    partnership_of,
    pump,
    told_of,
)
from builders_stock import put_stock
from events_told import events_told

from pickmesh.app import letters
from pickmesh.app.mesh_relay import CHANNEL, MeshRelay
from pickmesh.core.accounts import directory
from pickmesh.core.accounts.directory import EntryKind
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.outbox import Letter
from pickmesh.core.journal.tables import Inbox
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refusal
from pickmesh.core.mesh import inbox, messages, partnerships, posting, queries
from pickmesh.core.mesh.inbox import HANDLERS, Arriving, Received
from pickmesh.core.mesh.messages import KINDS, NotYet, Offered, OfferedSku, Rejected, ToldFigures
from pickmesh.core.mesh.partnerships import Terms
from pickmesh.core.mesh.posting import Outgoing
from pickmesh.core.mesh.tables import PartnerOffer


@pytest.fixture
async def shop(database: Database) -> Member:
    return await make_member(database, "shop", {"MUG": 0})


@pytest.fixture
async def mill(database: Database) -> Member:
    return await make_member(database, "mill", {"MUG": 20})


async def deliver(
    database: Database, sender: Member, letter: Letter, to: Member, *, last_try: bool = False, **changes: Any
) -> Received | NotYet | Refusal:
    arriving = Arriving(sender.actor.merchant_id, letter.id, {**letter.payload, **changes})
    return await inbox.deliver(database, to.actor.merchant_id, arriving, last_try=last_try)


async def refusals_told(database: Database, member: Member) -> list[tuple[str, str, bool]]:
    return [
        (str(event.payload["message_kind"]), str(event.payload["code"]), bool(event.payload["by_us"]))
        for event in await events_told(database, member.actor)
        if event.kind == "partner_message_refused"
    ]


async def test_a_letter_that_comes_again_changes_nothing(database: Database, shop: Member, mill: Member) -> None:
    partnership_id = await make_partners(database, shop, mill)
    await make_mapped(database, mill, shop, partnership_id, "MUG")
    before = (await partnership_of(database, shop, partnership_id), len(await events_told(database, shop.actor)))
    for letter in await mesh_letters(database, mill):
        assert await deliver(database, mill, letter, shop) == Received(again=True)
    assert (
        await partnership_of(database, shop, partnership_id),
        len(await events_told(database, shop.actor)),
    ) == before
    for letter in await mesh_letters(database, shop):
        assert await deliver(database, shop, letter, mill) == Received(again=True)


async def test_a_relay_that_dies_between_effect_and_mark_leaves_one_effect(
    database: Database, shop: Member, mill: Member, clock: StoppedClock
) -> None:
    partnership_id = await make_partners(database, shop, mill)
    made = await offer(database, mill, partnership_id, "MUG")

    class Killed(BaseException):
        pass

    class DyingRelay(MeshRelay):
        async def sent(self, uow: Any, letters: Any) -> None:
            raise Killed

    with pytest.raises(Killed):
        await letters.send_due(database, mill.actor, {CHANNEL: DyingRelay(database)}, hidden_for=HIDDEN_FOR)
    assert await told_of(database, shop, list(made.values())) == [20]
    heard = len(await events_told(database, shop.actor))
    assert len(await mesh_letters(database, mill, waiting=True)) == 1
    clock.advance(HIDDEN_FOR)
    await pump(database, mill, rooms={})
    assert await mesh_letters(database, mill, waiting=True) == []
    assert len(await events_told(database, shop.actor)) == heard


async def test_a_later_state_of_an_offer_stands_whatever_comes_first(
    database: Database, shop: Member, mill: Member
) -> None:
    partnership_id = await make_partners(database, shop, mill)
    made = await offer(database, mill, partnership_id, "MUG")
    await offer(database, mill, partnership_id, "MUG", price_micros=1_000_000)
    await put_stock(database, mill.actor, mill.bin, mill.skus["MUG"], 5)
    await pump(database, mill, rooms={})  # the shop heard both offers
    await put_stock(database, mill.actor, mill.bin, mill.skus["MUG"], 5)
    await offer(database, mill, partnership_id, "MUG", price_micros=2_000_000)
    last = (await mesh_letters(database, mill))[-1]
    assert last.payload["kind"] == "OFFERED"
    first = replace(last, id=new_id(), payload=(await mesh_letters(database, mill))[-3].payload)
    assert isinstance(await deliver(database, mill, last, shop), Received)
    assert isinstance(await deliver(database, mill, first, shop), Received)
    async with database.reading(shop.actor) as uow:
        heard = (await queries.partner_offers_by_id(uow, made.values()))[made["MUG"]]
    assert (heard.price_micros, heard.told_quantity) == (2_000_000, 30)


async def test_a_figure_waits_for_its_offer_and_holds_up_nothing_else(
    database: Database, shop: Member, mill: Member, clock: StoppedClock
) -> None:
    partnership_id = await make_partners(database, shop, mill)
    early = ToldFigures((messages.Figure(offer_id := new_id(), 2, 9, 500),))
    late = Offered((OfferedSku(offer_id, 1, "X", "乂", "X", (), 400, 3),))
    post = [Outgoing(shop.actor.merchant_id, partnership_id, early)]
    async with database.unit_of_work(mill.actor) as uow:
        await posting.post(uow, post)
    made = await offer(database, mill, partnership_id, "MUG")
    await pump(database, mill, shop)
    assert await told_of(database, shop, list(made.values())) == [20]
    (waiting,) = await mesh_letters(database, mill, waiting=True)
    assert (waiting.payload["kind"], waiting.attempts) == ("TOLD", 0)
    async with database.unit_of_work(mill.actor) as uow:
        await posting.post(uow, [Outgoing(shop.actor.merchant_id, partnership_id, late)])
    clock.advance(timedelta(seconds=1))
    await pump(database, mill, shop)
    clock.advance(timedelta(seconds=1))
    await pump(database, mill, shop)
    assert await mesh_letters(database, mill, waiting=True) == []
    assert await told_of(database, shop, [offer_id]) == [9]


async def test_who_waits_in_vain_is_told_back(
    database: Database, shop: Member, mill: Member, clock: StoppedClock
) -> None:
    partnership_id = await make_partners(database, shop, mill)
    figure = ToldFigures((messages.Figure(new_id(), 2, 9, 500),))
    async with database.unit_of_work(mill.actor) as uow:
        await posting.post(uow, [Outgoing(shop.actor.merchant_id, partnership_id, figure)])
    for _ in range(3):
        await pump(database, mill, shop)
        clock.advance(timedelta(hours=10))
    await pump(database, mill, shop)
    assert await mesh_letters(database, mill, waiting=True) == []
    assert await dead_letters(database, mill) == 0
    assert await refusals_told(database, shop) == [("TOLD", "WAITED_IN_VAIN", True)]
    assert await refusals_told(database, mill) == [("TOLD", "WAITED_IN_VAIN", False)]


@pytest.mark.parametrize(
    "changes",
    [
        {"kind": "SUNG"},
        {"version": 2},
        {"body": {}},
        {"body": {"offers": "all of them"}},
        {"body": {"offers": [{"offer_id": "no id"}]}},
        {"body": {"offers": [{"offer_id": 7}]}},
    ],
)
async def test_what_cannot_be_read_is_refused_once_and_its_sender_told(
    database: Database, shop: Member, mill: Member, changes: dict[str, Any]
) -> None:
    partnership_id = await make_partners(database, shop, mill)
    await offer(database, mill, partnership_id, "MUG")
    (letter,) = await mesh_letters(database, mill, waiting=True)
    for expected in ("UNKNOWN_MESSAGE", None):  # the second time it is known to be refused
        outcome = await deliver(database, mill, letter, shop, **changes)
        assert (outcome.code if isinstance(outcome, Refusal) else None) == expected
    kind = changes.get("kind", "OFFERED")
    assert await refusals_told(database, shop) == [(kind, "UNKNOWN_MESSAGE", True)]
    await pump(database, shop)
    assert await refusals_told(database, mill) == [(kind, "UNKNOWN_MESSAGE", False)]
    assert await told_of(database, shop, []) == []
    async with database.reading(shop.actor) as uow:
        assert await uow.scalar(sa.select(sa.func.count()).select_from(PartnerOffer).where(uow.mine(PartnerOffer))) == 0


async def test_fields_that_a_later_release_adds_are_passed_over(database: Database, shop: Member, mill: Member) -> None:
    partnership_id = await make_partners(database, shop, mill)
    await offer(database, mill, partnership_id, "MUG")
    (letter,) = await mesh_letters(database, mill, waiting=True)
    body = {**letter.payload["body"], "colour": "red"}
    assert await deliver(database, mill, letter, shop, body=body) == Received(again=False)


async def test_a_refusal_leaves_nothing_of_what_was_begun(database: Database, shop: Member, mill: Member) -> None:
    """A letter with an offer of somebody else's id is refused as a whole."""
    carl = await make_member(database, "carl", {"MUG": 3})
    first = await offer(database, mill, await make_partners(database, shop, mill), "MUG")
    others = await make_partners(database, shop, carl)
    await pump(database, shop, mill, carl)
    stolen = OfferedSku(first["MUG"], 9, "X", "乂", "X", (), 1, 1)
    own = replace(stolen, offer_id=new_id())
    async with database.unit_of_work(carl.actor) as uow:
        await posting.post(uow, [Outgoing(shop.actor.merchant_id, others, Offered((own, stolen)))])
    await pump(database, shop, carl)
    assert await told_of(database, shop, list(first.values())) == [20]
    async with database.reading(shop.actor) as uow:
        assert own.offer_id not in await queries.partner_offers_by_id(uow, [own.offer_id])
    assert await refusals_told(database, carl) == [("OFFERED", "UNKNOWN_OFFER", False)]


async def test_only_a_partner_is_listened_to(database: Database, shop: Member, mill: Member) -> None:
    carl = await make_member(database, "carl", {"MUG": 3})
    partnership_id = await make_partners(database, shop, mill)
    made = await offer(database, mill, partnership_id, "MUG")
    (letter,) = await mesh_letters(database, mill, waiting=True)
    outcome = await deliver(database, carl, letter, shop)  # Carl knows the id and speaks in the mill's name
    assert isinstance(outcome, Refusal)
    assert outcome.code == "UNKNOWN_PARTNERSHIP"
    async with database.reading(shop.actor) as uow:
        assert await queries.partner_offers_by_id(uow, made.values()) == {}
    async with database.reading(mill.actor) as uow:
        inbox_rows = await uow.fetch(sa.select(Inbox.sender).where(uow.mine(Inbox)))
    assert {row.sender for row in inbox_rows} == {str(shop.actor.merchant_id)}


async def test_a_partner_who_is_gone_is_no_partner_any_more(database: Database, shop: Member) -> None:
    gone, code = new_id(), f"gone-{new_id().hex}"
    async with database.directory() as connection:
        await directory.put_entry(connection, EntryKind.MERCHANT_CODE, code, gone, gone)
    async with database.unit_of_work(shop.actor) as uow:
        partnership_id = await partnerships.invite(uow, partner=code, terms=Terms("CNY"))
    for _ in range(2):
        await pump(database, shop)
    assert await mesh_letters(database, shop, waiting=True) == []
    assert await refusals_told(database, shop) == [("INVITED", "PARTNER_GONE", False)]
    assert (await partnership_of(database, shop, partnership_id)).status == "ENDED"
    async with database.directory() as connection:
        await connection.execute(
            sa.text("DELETE FROM directory_entry WHERE merchant_id = :gone").bindparams(
                sa.bindparam("gone", gone, sa.Uuid())
            )
        )


async def test_an_end_that_overtakes_its_invitation_waits_for_it(
    database: Database, shop: Member, mill: Member
) -> None:
    async with database.unit_of_work(shop.actor) as uow:
        partnership_id = await partnerships.invite(uow, partner=mill.code, terms=Terms("CNY"))
        await partnerships.end(uow, partnership_id=partnership_id)
    invited, ended = await mesh_letters(database, shop)
    assert isinstance(await deliver(database, shop, ended, mill), NotYet)
    assert await deliver(database, shop, invited, mill) == Received(again=False)
    assert await deliver(database, shop, ended, mill) == Received(again=False)
    assert (await partnership_of(database, mill, partnership_id)).status == "ENDED"


async def test_a_new_invitation_that_overtakes_the_end_waits_for_it(
    database: Database, shop: Member, mill: Member
) -> None:
    partnership_id = await make_partners(database, shop, mill)
    async with database.unit_of_work(shop.actor) as uow:
        await partnerships.end(uow, partnership_id=partnership_id)
        await partnerships.invite(uow, partner=mill.code, terms=Terms("CNY"))
    ended, invited = (await mesh_letters(database, shop))[-2:]
    assert isinstance(await deliver(database, shop, invited, mill), NotYet)
    assert await deliver(database, shop, ended, mill) == Received(again=False)
    assert await deliver(database, shop, invited, mill) == Received(again=False)
    assert (await partnership_of(database, mill, partnership_id)).status == "ASKED"


async def test_a_message_on_a_dropship_waits_for_the_one_before_it(
    database: Database, shop: Member, mill: Member
) -> None:
    partnership_id = await make_partners(database, shop, mill)
    payload = posting.payload_of(
        Outgoing(shop.actor.merchant_id, partnership_id, Rejected("OTHER"), dropship_id=new_id()), 2
    )
    arriving = Arriving(mill.actor.merchant_id, new_id(), payload)
    outcome = await inbox.deliver(database, shop.actor.merchant_id, arriving)
    assert outcome == NotYet("message 1 of its dropship")
    async with database.reading(shop.actor) as uow:
        known = sa.select(Inbox.message_id).where(uow.mine(Inbox), Inbox.message_id == str(arriving.message_id))
        assert await uow.first(known) is None


def test_messages_are_written_and_read_alike() -> None:
    told = messages.Submitted(
        "CNY",
        (new_id(), new_id()),
        (messages.SubmittedLine(1, new_id(), 3, 5_000),),
        datetime(2026, 11, 24, tzinfo=UTC),
        None,
    )
    assert messages.message_in(told.kind, told.version, messages.body_of(told)) == told
    assert len(KINDS) == len({kind for kind, _ in KINDS})
    assert set(HANDLERS) <= {kind for kind, _ in KINDS}
