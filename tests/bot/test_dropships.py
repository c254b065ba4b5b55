"""A partner's request comes to the supplier's chat and is answered there by a tap; the message becomes its outcome."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from tests import builders_dropships as mesh
from tests.bot.conftest import free_port
from tests.bot.emulated import telegram
from tests.bot.stage import OWNER, Stage
from tests.builders_dropships import Trade

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.permissions import Role

pytestmark = pytest.mark.xdist_group("bot")


class Market:
    """A supplier whose owner is in a chat, and a distributor who is short."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.count = 0

    def set_up(self) -> None:
        async def furnish(database: Database) -> None:
            self.trade = await mesh.make_trade(database, {"MUG": 50})
            await self.stage.hire(database, self.trade.supplier.member.actor, {OWNER: ("owner@supplier", Role.OWNER)})

        self.stage.migrate()
        self.stage.look(furnish)

    def submit(self) -> UUID:
        """Let an order come in that is short, and give it to the supplier."""

        async def work(database: Database) -> UUID:
            distributor = self._there(database).distributor
            self.count += 1
            order = await mesh.short_order(distributor, f"D-{self.count}", {"MUG": 2})
            return await mesh.submitted(distributor, order)

        return self.stage.look(work)

    def statuses(self, dropship_id: UUID) -> tuple[str, str]:
        return self.stage.look(lambda database: mesh.statuses(self._there(database), dropship_id))

    def becomes(self, dropship_id: UUID, status: str) -> None:
        self.stage.telegram.until(lambda: self.statuses(dropship_id) == (status, status), status)

    def _there(self, database: Database) -> Trade:
        """Return the trade over another connection to its database."""
        for trader in self.trade.both:
            trader.floor.database = database
        return self.trade


@pytest.fixture(scope="module", params=["polling", "webhook"])
def market(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    with telegram() as emulated:
        stage = Stage(tmp_path_factory.mktemp("market"), request.param, emulated, free_port())
        made = Market(stage)
        made.set_up()
        try:
            stage.start()
            stage.link(OWNER)
            yield made
        finally:
            stage.close()


def test_a_request_is_accepted_by_a_tap_and_its_message_becomes_the_outcome(market: Market) -> None:
    chat = market.stage.telegram
    before = chat.now
    request = market.submit()
    told = chat.wait_for(lambda call: "Accept" in call.buttons, after=before, what="the request")
    assert {"Accept", "Reject", "Details"} <= set(told.buttons)
    chat.press(OWNER, told, "Details")
    chat.answer(OWNER, "2 × <code>MUG</code>", after=before)
    tapped = chat.press(OWNER, told, "Accept")
    market.becomes(request, "ACCEPTED")
    ended = chat.wait_for(
        lambda call: call.method == "editMessageText" and not call.buttons, after=before, what="the outcome"
    )
    assert int(ended.fields["message_id"]) == told.message
    before = chat.now
    chat.bring_again(tapped)
    chat.until(lambda: chat.pending == 0, "that the second coming is dealt with")
    assert market.statuses(request) == ("ACCEPTED", "ACCEPTED")


def test_a_request_is_rejected_with_a_reason(market: Market) -> None:
    chat = market.stage.telegram
    before = chat.now
    request = market.submit()
    told = chat.wait_for(lambda call: "Reject" in call.buttons, after=before, what="the request")
    chat.press(OWNER, told, "Reject")
    why = chat.answer(OWNER, "Why do you reject it?", after=before)
    chat.press(OWNER, why, "Cannot ship there")
    market.becomes(request, "REJECTED")


def test_all_that_wait_are_accepted_by_one_tap(market: Market) -> None:
    chat = market.stage.telegram
    before = chat.now
    requests = [market.submit() for _ in range(3)]
    chat.until(
        lambda: len({call.message for call in chat.emulator.calls[before:] if "Accept" in call.buttons}) >= 3,
        "three requests",
    )
    before = chat.now
    chat.say(OWNER, "/waiting")
    listed = chat.answer(OWNER, "3 requests wait", after=before)
    chat.press(OWNER, listed, "Accept all 3")
    chat.answer(OWNER, "3 accepted", after=before)
    for request in requests:
        market.becomes(request, "ACCEPTED")
