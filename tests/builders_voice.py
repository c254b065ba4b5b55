"""What a furnished merchant has of alerts, notices, chats and partners; made by the real commands."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from tests.builders_catalog import save_skus
from tests.builders_mesh import Member, make_mapped, make_member, make_partners, offer, pump
from tests.builders_orders import House, bring_in, new_order
from tests.builders_stock import Warehouse

from pickmesh.core.accounts import commands as accounts
from pickmesh.core.alerts import commands as alerts
from pickmesh.core.alerts import queries as alert_queries
from pickmesh.core.alerts.commands import NewReorderPoint
from pickmesh.core.alerts.reactions import REACTIONS as ALERTS
from pickmesh.core.catalog.rules import NewShopCode, NewSku
from pickmesh.core.chats.tables import Messenger
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.paging import PageRequest
from pickmesh.core.mesh import dropships, partnerships
from pickmesh.core.mesh.dropships import Submitted
from pickmesh.core.mesh.partnerships import Terms
from pickmesh.core.mesh.reactions import REACTIONS as MESH
from pickmesh.core.notices import deliveries
from pickmesh.core.notices.tables import Medium
from pickmesh.core.orders import queries as order_queries
from pickmesh.graphql import chat_sessions

ROOMS = {"alerts": ALERTS, "mesh": MESH}
LOW_AT = 1_000
Found = defaultdict[str, list[UUID]]


async def furnish_voice(database: Database, actor: Actor, size: int, warehouse: Warehouse, ids: Found) -> None:
    """Give a merchant `size` of each: reorder points, alerts, notices for its last worker, partners, offers, dropships.

    The first partner is active and has what orders lack here; the others are invited. The last worker has a chat.
    """
    supplier = await _partners(database, actor, size, warehouse, ids)
    await _dropships(database, actor, size, ids)
    async with database.unit_of_work(actor) as uow:
        points = [NewReorderPoint(warehouse.location_id, sku_id, LOW_AT) for sku_id in ids["Sku"]]
        saved = await alerts.save_reorder_points(uow, points=points)
    ids["ReorderPoint"] += [each for each in saved if isinstance(each, UUID)]
    await pump(database, Member(actor, "", warehouse), supplier, rooms=ROOMS)
    worker_id = ids["Worker"][-1]
    async with database.unit_of_work(actor) as uow:
        page = await alert_queries.alert_page(uow, PageRequest(limit=size))
        ids["Alert"] += [row.id for row in page.items]
        told = await deliveries.waiting(uow, Medium.CHAT, person_ids=[worker_id])
        ids["Notice"] += [each.notice.id for each in told]
        token = await chat_sessions.invite(uow, person_id=worker_id)
    account = new_id().hex
    linked = await chat_sessions.link(
        database, token=token, messenger=Messenger.TELEGRAM, account=account, chat=account
    )
    ids["ChatAccount"].append(linked.link.id)


async def _partners(database: Database, actor: Actor, size: int, warehouse: Warehouse, ids: Found) -> Member:
    """Let the merchant have partners: one that offers lamps, which are mapped, and fans, which are not."""
    lamps, fans = ([f"{name}-{number:02d}" for number in range(1, size + 1)] for name in ("LAMP", "FAN"))
    skus = await save_skus(database, actor, [_sku(code) for code in (*lamps, *fans)])
    supplier = await make_member(database, "supplier", dict.fromkeys((*lamps, *fans), 10))
    kettles = {f"KETTLE-{number:02d}": sku_id for number, sku_id in enumerate(ids["Sku"], 1)}
    me = Member(actor, "", warehouse, {**skus, **kettles})
    ids["Partnership"].append(await make_partners(database, me, supplier))
    ids["PartnerOffer"] += (await make_mapped(database, supplier, me, ids["Partnership"][0], *lamps)).values()
    await offer(database, supplier, ids["Partnership"][0], *fans)
    await pump(database, supplier, me, rooms=ROOMS)
    ids["Offer"] += (await offer(database, me, ids["Partnership"][0], *kettles)).values()
    for _ in range(1, size):
        code = f"other-{new_id().hex[-12:]}"
        await accounts.create_merchant(
            database, code=code, name="别家", time_zone="Asia/Shanghai", currency="CNY", locale="zh-CN"
        )
        async with database.unit_of_work(actor) as uow:
            ids["Partnership"].append(await partnerships.invite(uow, partner=code, terms=Terms("CNY")))
    return supplier


async def _dropships(database: Database, actor: Actor, size: int, ids: Found) -> None:
    """Give orders for lamps to the partner."""
    house = House("TB0", ids["Shop"][0], {})
    told = [new_order(house, f"D-{number}", {f"LAMP-{number:02d}": 1}) for number in range(1, size + 1)]
    verdicts = await bring_in(database, actor, *told)
    async with database.unit_of_work(actor) as uow:
        found = await order_queries.fulfillment_orders_of(uow, [verdict.order_id for verdict in verdicts])
        short = [rows[0].id for rows in found.values()]
        ids["Dropship"] += _given(await dropships.submit(uow, fulfillment_order_ids=short))


def _given(answers: Sequence[object]) -> list[UUID]:
    given = [answer.dropship_id for answer in answers if isinstance(answer, Submitted)]
    assert len(given) == len(answers), answers
    return given


def _sku(code: str) -> NewSku:
    return NewSku(code, f"P-{code}", f"灯 {code}", f"Lamp {code}", shop_codes=(NewShopCode("TB0", code),))
