"""Estimates of waves: of a planned one as it stands, and of what several kinds would make of the same orders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self
from uuid import UUID

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, NotFound, WrongState
from pickmesh.core.kit.texts import sentence, word
from pickmesh.core.picking import pools, queries, routes, rules, wave_rules, waves, what_if
from pickmesh.core.picking.rules import Share
from pickmesh.core.picking.tables import WaveKind, WaveStatus
from pickmesh.core.picking.wave_rules import EVERYTHING, Alike, Chosen
from pickmesh.core.picking.what_if import Estimate, Job, Speeds
from pickmesh.core.stock.locations import SPEED_MAX

HOT_SALES_MAX = 250


NONE_TOLD: Mapping[str, int] = {}
_SPEEDS = tuple(each.name for each in fields(Speeds))


@dataclass(frozen=True, slots=True)
class Crew:
    """Who would work on a wave: how many people, and how fast."""

    people: int
    speeds: Speeds

    @classmethod
    def of(cls, location: Any, people: int | None, speeds: Mapping[str, int]) -> Self:
        """Return the crew of a warehouse, with what is told for this time; refuses INVALID_INPUT out of bounds."""
        told = {name: speeds.get(name, getattr(location, name)) for name in _SPEEDS}
        crew = cls(location.pickers if people is None else people, Speeds(**told))
        if not 1 <= crew.people <= what_if.PEOPLE_MAX:
            raise _out_of_bounds("people", 1, what_if.PEOPLE_MAX)
        if any(not (name == "walk_mm_per_s") <= each <= SPEED_MAX for name, each in told.items()):
            raise _out_of_bounds("speeds", 0, SPEED_MAX)
        return crew


@dataclass(frozen=True, slots=True)
class _Plan:
    """Orders with the bins they would be served from, laid out once for every kind."""

    shares: Sequence[Share]
    walk: Sequence[routes.Stop]
    ground: routes.Ground
    leave_by: Mapping[UUID, datetime]

    @classmethod
    async def of(cls, uow: UnitOfWork, pool: pools.Pool, ids: Sequence[UUID]) -> Self:
        proposal = await pools.propose_bins(uow, pool, ids)
        walk, ground = await pools.walk_of(uow, pool.location.id, {share.place_id for share in proposal.shares})
        leave_by = {each.fulfillment_order_id: each.leave_by for each in pool.candidates if each.leave_by is not None}
        return cls(proposal.shares, walk, ground, leave_by)

    def job(self, kind: WaveKind, ids: Sequence[UUID], *, passed_over: int) -> Job:
        """Return the work of a wave of some of the orders; one without bins is passed over too."""
        wanted = set(ids)
        shares = [share for share in self.shares if share.fulfillment_order_id in wanted]
        short = len(wanted) - len({share.fulfillment_order_id for share in shares})
        places = {share.place_id for share in shares}
        walk = [stop for stop in self.walk if stop.place_id in places]
        return Job(kind, ids, shares, walk, self.ground, self.leave_by, passed_over + short)


async def estimate_wave(
    uow: UnitOfWork,
    *,
    wave_id: UUID,
    people: int | None = None,
    cart_capacity: int = rules.CART_CAPACITY,
    speeds: Mapping[str, int] = NONE_TOLD,
) -> Estimate:
    """Tell what releasing a planned wave now would take; promises nothing and changes nothing.

    How many people there are and how fast they work is the warehouse's setting where it is not told. Orders that could
    not go, because they were stopped or lie in no bin, count as passed over. Refuses WRONG_STATE once it is released.
    """
    wave = (await queries.waves(uow, [wave_id])).get(wave_id)
    if wave is None:
        raise NotFound("No wave of yours has that id; look up the wave's number again.")
    uow.actor.require(Permission.FLOOR_MANAGE, warehouse_id=wave.location_id)
    waves.require_capacity(cart_capacity)
    if wave.status != WaveStatus.PLANNED:
        message = sentence("The wave is {state} already.", state=word(wave.status))
        raise WrongState(message, data={"status": wave.status})
    seated = await waves.seated_orders(uow, wave_id)
    pool = await pools.read_seated(uow, wave.location_id, seated)
    crew = Crew.of(pool.location, people, speeds)
    ids = [each for each in seated if each in pool.found]
    plan = await _Plan.of(uow, pool, ids)
    job = plan.job(WaveKind(wave.kind), ids, passed_over=len(seated) - len(ids))
    return what_if.estimate(job, cart_capacity=cart_capacity, people=crew.people, now=uow.now, speeds=crew.speeds)


async def compare_waves(
    uow: UnitOfWork,
    *,
    location_id: UUID,
    kinds: Sequence[WaveKind],
    chosen: Chosen = EVERYTHING,
    limit: int = waves.LIMIT,
    people: int | None = None,
    cart_capacity: int = rules.CART_CAPACITY,
    speeds: Mapping[str, int] = NONE_TOLD,
) -> list[Estimate]:
    """Tell what each kind of wave would make of the same chosen orders now, in the order of the kinds.

    Each takes at most `limit` of them, as planning would; the rest count as passed over. People and their speeds are
    the warehouse's settings where they are not told. Changes nothing.
    """
    uow.actor.require(Permission.FLOOR_MANAGE, warehouse_id=location_id)
    waves.require_capacity(cart_capacity)
    waves.require_limit(limit, None, chosen)
    pool = await pools.read_pool(uow, location_id, WaveKind.HOT_SALE, chosen)
    crew = Crew.of(pool.location, people, speeds)
    slots = await pools.wall_slots(uow, location_id)
    taken = {
        kind: wave_rules.choose_orders(kind, pool.candidates, waves.most_orders(kind, limit, slots)) for kind in kinds
    }
    everyone = dict.fromkeys(each for ids in taken.values() for each in ids)
    plan = await _Plan.of(uow, pool, list(everyone))
    return [
        what_if.estimate(
            plan.job(kind, ids, passed_over=len(pool.candidates) - len(ids)),
            cart_capacity=cart_capacity,
            people=crew.people,
            now=uow.now,
            speeds=crew.speeds,
        )
        for kind, ids in taken.items()
    ]


async def hot_sales(uow: UnitOfWork, *, location_id: UUID, chosen: Chosen = EVERYTHING, limit: int = 20) -> list[Alike]:
    """Return the groups of chosen orders with the very same contents, the largest first: each could be one wave."""
    uow.actor.require(Permission.FLOOR_MANAGE, warehouse_id=location_id)
    if not 1 <= limit <= HOT_SALES_MAX:
        raise _out_of_bounds("first", 1, HOT_SALES_MAX)
    pool = await pools.read_pool(uow, location_id, WaveKind.HOT_SALE, chosen)
    return wave_rules.hot_sales(pool.candidates)[:limit]


def _out_of_bounds(name: str, least: int, most: int) -> InvalidInput:
    message = sentence("{name} must be between {least} and {most}.", name=name, least=least, most=most)
    return InvalidInput(message, field=(name,))
