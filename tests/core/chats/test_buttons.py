import re
from datetime import timedelta

import pytest
from builders_accounts import make_person
from statements import statements

from pickmesh.core.chats import buttons
from pickmesh.core.chats.buttons import Button, NewButton
from pickmesh.core.chats.refusals import ButtonExpired, ButtonNotYours, ButtonOvertaken, ButtonUnknown
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.clock import StoppedClock
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import LimitExceeded


async def test_a_button_means_what_it_was_made_for_however_often_it_is_pressed(
    database: Database, merchant: Actor
) -> None:
    person_id, _ = await make_person(database, merchant, Role.MANAGER)
    dropship = new_id()
    new = NewButton(person_id, "dropshipReject", {"reason": "PRICE", "ids": [str(dropship)]}, dropship, 3)
    async with database.unit_of_work(merchant) as uow:
        (key,) = await buttons.mint(uow, [new])
    assert re.fullmatch(r"[A-Z2-7]{16}", key)
    for _ in range(2):
        async with database.unit_of_work(merchant) as uow:
            pressed = await buttons.press(uow, key, person_id)
        assert pressed == Button("dropshipReject", new.arguments, dropship, 3)
    buttons.require_current(pressed, 3)
    for present in (4, None):
        with pytest.raises(ButtonOvertaken) as refused:
            buttons.require_current(pressed, present)
        assert refused.value.data == {"version": present}
    buttons.require_current(Button("stock", {}, None, None), None)


async def test_a_button_is_one_persons_for_a_while(
    database: Database, merchant: Actor, stranger: Actor, clock: StoppedClock
) -> None:
    person_id, _ = await make_person(database, merchant, Role.MANAGER)
    other_id, _ = await make_person(database, merchant, Role.OWNER)
    async with database.unit_of_work(merchant) as uow:
        (key,) = await buttons.mint(uow, [NewButton(person_id, "stock", lasts=timedelta(hours=1))])
    async with database.unit_of_work(merchant) as uow:
        with pytest.raises(ButtonNotYours):
            await buttons.press(uow, key, other_id)
        for wrong in ("", "A" * 16, key.lower()):
            with pytest.raises(ButtonUnknown):
                await buttons.press(uow, wrong, person_id)
    async with database.unit_of_work(stranger) as uow:
        with pytest.raises(ButtonUnknown):
            await buttons.press(uow, key, person_id)
    clock.advance(timedelta(hours=1))
    async with database.unit_of_work(merchant) as uow:
        with pytest.raises(ButtonExpired):
            await buttons.press(uow, key, person_id)


async def test_many_buttons_are_made_in_one_statement(database: Database, merchant: Actor) -> None:
    person_id, _ = await make_person(database, merchant, Role.MANAGER)
    counts = []
    for many in (1, 200):
        with statements(database) as sent:
            async with database.unit_of_work(merchant) as uow:
                keys = await buttons.mint(uow, [NewButton(person_id, "stock")] * many)
        assert len(set(keys)) == many
        counts.append(len(sent))
    assert counts[0] == counts[1]
    async with database.unit_of_work(merchant) as uow:
        with pytest.raises(LimitExceeded):
            await buttons.mint(uow, [NewButton(person_id, "stock")] * (buttons.BUTTONS_MAX + 1))
