"""Cartons, carriers and handovers for tests of any room, by the real commands."""

from collections import defaultdict
from uuid import UUID

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.packing import carrier_rules, cartons, manifests
from pickmesh.core.packing.carrier_rules import CarrierRuleToSave, CarrierToSave
from pickmesh.core.packing.cartons import CartonToSave

SMALL = CartonToSave("C1", "小号", 200, 150, 100, tare_g=80, cost_micros=600_000)
BIG = CartonToSave("C2", "大号", 400, 300, 200, tare_g=250, max_weight_g=20_000, cost_micros=1_500_000)


async def make_cartons(database: Database, actor: Actor, *told: CartonToSave) -> list[UUID]:
    """Save cartons, none of which may be refused; return their ids."""
    async with database.unit_of_work(actor) as uow:
        answers = await cartons.save_cartons(uow, cartons=told)
    ids = [answer for answer in answers if isinstance(answer, UUID)]
    assert len(ids) == len(answers), answers
    return ids


async def make_carriers(database: Database, actor: Actor, *codes: str) -> None:
    """Let a merchant ship with carriers whose labels we draw ourselves."""
    async with database.unit_of_work(actor) as uow:
        await carrier_rules.save_carriers(uow, carriers=[CarrierToSave(code, f"{code} 快递") for code in codes])


async def make_carrier_rules(database: Database, actor: Actor, *rules: CarrierRuleToSave) -> list[UUID]:
    """Save carrier rules, none of which may be refused; return their ids."""
    async with database.unit_of_work(actor) as uow:
        answers = await carrier_rules.save_carrier_rules(uow, rules=rules)
    ids = [answer for answer in answers if isinstance(answer, UUID)]
    assert len(ids) == len(answers), answers
    return ids


async def furnish_packing(database: Database, actor: Actor, size: int, ids: defaultdict[str, list[UUID]]) -> None:
    """Give a furnished merchant `size` cartons, carriers and carrier rules, and a manifest at each warehouse."""
    told = [CartonToSave(f"C{number}", f"纸箱 {number}", 400, 300, 200 + number) for number in range(size)]
    ids["Carton"] += await make_cartons(database, actor, *told)
    rules = [CarrierRuleToSave(f"Carrier rule {number}", "LOCAL") for number in range(size)]
    async with database.unit_of_work(actor) as uow:
        for location_id in ids["Location"]:
            opened = await manifests.open_manifest(uow, location_id=location_id, carrier="LOCAL")
            ids["Manifest"].append(opened.manifest_id)
    ids["CarrierRule"] += await make_carrier_rules(database, actor, *rules)
    await make_carriers(database, actor, *(f"C-{number}" for number in range(1, size + 1)))
