"""What people hear of dropships, through the real relay: the request, its answer, the tracking."""

import re
from uuid import UUID

from builders_alerts import Ear
from builders_dropships import (
    Trade,
    accept,
    floor_ships,
    make_trade,
    reject,
    short_order,
    submit,
    submitted,
    supplier_order,
)

from pickmesh.core.alerts.dropships import REASONS
from pickmesh.core.journal.database import Database
from pickmesh.core.kit import languages
from pickmesh.core.kit.permissions import Role
from pickmesh.core.mesh.rules import RejectReason
from pickmesh.core.packing import shipping


async def trading(database: Database, pieces: int = 9) -> tuple[Trade, Ear, Ear]:
    """Return a trade with a manager and a picker on each side, the distributor's ear first."""
    trade = await make_trade(database, {"KETTLE": pieces})
    ears = [Ear(database, trader.member.actor) for trader in trade.both]
    for ear in ears:
        await ear.hire("manager", Role.MANAGER)
        await ear.hire("picker", Role.PICKER)
    return trade, ears[0], ears[1]


async def requested(trade: Trade, number: str = "TB-1") -> UUID:
    dropship_id = await submitted(trade.distributor, await short_order(trade.distributor, number, {"KETTLE": 2}))
    await trade.pump()
    return dropship_id


async def test_a_request_waits_in_one_message_that_becomes_the_answer_and_the_shipment(database: Database) -> None:
    trade, distributor, supplier = await trading(database)
    dropship_id = await requested(trade)
    alert = await supplier.alert()
    assert (alert.kind, alert.state, alert.subject_id) == ("DROPSHIP_WAITING", "OPEN", dropship_id)
    (notice,) = await supplier.told("manager")
    assert (notice.kind, notice.state, notice.subject_id) == ("DROPSHIP", "OPEN", dropship_id)
    assert re.fullmatch(r"\S.* asks you to ship D-0001: 2 pieces; accept or reject it\.", notice.text)
    assert [(action.operation, action.type_name, action.subject_id) for action in notice.actions] == [
        ("dropshipAccept", "Dropship", dropship_id),
        ("dropshipReject", "Dropship", dropship_id),
        ("alertSnooze", "Alert", alert.id),
        ("alertResolve", "Alert", alert.id),
    ]
    assert notice.actions[0].version == alert.detail["version"]
    assert await distributor.told("manager") == await supplier.told("picker") == []
    await accept(trade.supplier, dropship_id)
    await trade.pump()
    assert (await supplier.alert()).state == "RESOLVED"
    (notice,) = await supplier.told("manager")
    assert (notice.state, notice.actions) == ("CLOSED", ())
    assert notice.text.endswith("is accepted.")
    (heard,) = await distributor.told("manager")
    assert heard.text.endswith("accepted D-0001.")
    await floor_ships(trade.supplier, await supplier_order(trade, dropship_id), {"KETTLE": 2})
    await trade.pump()
    (notice,) = await supplier.told("manager")
    assert notice.text.endswith("is shipped.")
    (tracking,) = await distributor.told("manager")
    assert tracking.id == heard.id
    assert re.fullmatch(r"\S.* shipped D-0001: \S+ \S+\.", tracking.text)
    assert "已发货 D-0001" in languages.translate(tracking.text, "zh-CN")
    before = [await ear.told("manager") for ear in (distributor, supplier)]
    for ear in (distributor, supplier):
        await ear.listen_again()
    assert [await ear.told("manager") for ear in (distributor, supplier)] == before
    assert [each.state for each in await supplier.alerts()] == ["RESOLVED"]


async def test_a_parcel_called_back_is_told_and_its_number_no_longer_shown(database: Database) -> None:
    trade, distributor, _ = await trading(database)
    dropship_id = await requested(trade)
    await accept(trade.supplier, dropship_id)
    parcel = await floor_ships(trade.supplier, await supplier_order(trade, dropship_id), {"KETTLE": 2})
    await trade.pump()
    async with database.unit_of_work(trade.supplier.member.actor) as uow:
        await shipping.unship_parcels(uow, parcel_ids=[parcel], reason="WRONG_LABEL")
    await trade.pump()
    (heard,) = await distributor.told("manager")
    said = r"\S.* called a parcel of D-0001 back: its tracking number no longer counts, another one follows\."
    assert re.fullmatch(said, heard.text)
    assert "原运单号作废" in languages.translate(heard.text, "zh-CN")
    async with database.unit_of_work(trade.supplier.member.actor) as uow:
        await shipping.ship_parcels(uow, parcel_ids=[parcel])
    await trade.pump()
    (heard,) = await distributor.told("manager")
    assert re.fullmatch(r"\S.* shipped D-0001: \S+ \S+\.", heard.text)


async def test_a_rejection_is_told_with_its_reason_on_both_sides(database: Database) -> None:
    trade, distributor, supplier = await trading(database)
    dropship_id = await requested(trade)
    await reject(trade.supplier, dropship_id, reason=RejectReason.CANNOT_SHIP_THERE)
    await trade.pump()
    (notice,) = await supplier.told("manager")
    (heard,) = await distributor.told("manager")
    assert (await supplier.alert()).state == "RESOLVED"
    assert notice.text.endswith("is rejected: cannot ship there.")
    assert heard.text.endswith("rejected D-0001: cannot ship there; it is back with you.")
    assert "该地址无法发货" in languages.translate(heard.text, "zh-CN")


async def test_many_requests_are_one_message_each(database: Database) -> None:
    trade, distributor, supplier = await trading(database)
    orders = [await short_order(trade.distributor, f"TB-{number}", {"KETTLE": 1}) for number in range(4)]
    await submit(trade.distributor, *orders)
    await trade.pump()
    told = await supplier.told("manager")
    assert [notice.state for notice in told] == ["OPEN"] * 4
    await accept(trade.supplier, *(notice.subject_id for notice in told))
    await trade.pump()
    assert {notice.state for notice in await supplier.told("manager")} == {"CLOSED"}
    assert len(await distributor.told("manager")) == 4


def test_every_reason_has_words() -> None:
    known = {str(reason) for reason in RejectReason}
    assert known <= set(REASONS)
