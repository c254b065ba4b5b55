"""What somebody wants promised for a limited time: checked, taken apart into plain SKUs, placed at warehouses."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pickmesh.core.catalog import queries as catalog
from pickmesh.core.catalog.queries import SkuRow
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, NotFound
from pickmesh.core.kit.texts import sentence
from pickmesh.core.stock import queries, refusals, rules
from pickmesh.core.stock.locks import Levels
from pickmesh.core.stock.rules import Level, LevelFigures
from pickmesh.core.stock.tables import LocationKind

LINES_MAX = 100
CODE_LENGTH_MAX = 100
HOLDER_LENGTH_MAX = 200
RUNS_MIN = timedelta(seconds=15)
RUNS_MAX = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class LeaseLine:
    """Pieces of a SKU, a bundle too, wanted at a warehouse or at whichever has everything."""

    sku_id: UUID
    quantity: int
    location_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class NewLease:
    """Stock to promise to a holder under a code of the caller's: for so long from now, or until a moment."""

    code: str
    holder: str
    lines: Sequence[LeaseLine]
    expires_in: timedelta | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """A lease that was found good: `fixed` are pieces at named warehouses, `anywhere` those of any one warehouse."""

    code: str
    holder: str
    wanted: list[list[Any]]
    expires_at: datetime
    fixed: Mapping[Level, int]
    anywhere: Mapping[UUID, int]

    @property
    def parts(self) -> set[UUID]:
        """Return the plain SKUs it is made of."""
        return {level.sku_id for level in self.fixed} | set(self.anywhere)


@dataclass(frozen=True, slots=True)
class Goods:
    """What wishes name: SKUs, what is in the bundles among them, the codes of both, and the warehouses by priority."""

    skus: Mapping[UUID, SkuRow]
    components: Mapping[UUID, Sequence[tuple[UUID, int]]]
    codes: Mapping[UUID, str]
    warehouses: Mapping[UUID, Any]

    def wish(self, uow: UnitOfWork, lease: NewLease) -> Wish:
        """Return a lease as a wish, or refuse what is wrong with it."""
        code, holder = lease.code.strip(), lease.holder.strip()
        _require_text(code, "code", CODE_LENGTH_MAX)
        _require_text(holder, "holder", HOLDER_LENGTH_MAX)
        if not 1 <= len(lease.lines) <= LINES_MAX:
            raise InvalidInput(sentence("A lease has 1 to {most} lines.", most=LINES_MAX), field=("lines",))
        fixed: defaultdict[Level, int] = defaultdict(int)
        anywhere: defaultdict[UUID, int] = defaultdict(int)
        for index, line in enumerate(lease.lines):
            for sku_id, quantity in self._parts(line, index):
                if line.location_id is None:
                    anywhere[sku_id] += quantity
                else:
                    fixed[Level(line.location_id, sku_id)] += quantity
        wanted = [[line.location_id and str(line.location_id), str(line.sku_id), line.quantity] for line in lease.lines]
        expires_at = expiry(uow, lease.expires_in, lease.expires_at)
        return Wish(code, holder, wanted, expires_at, dict(fixed), dict(anywhere))

    def _parts(self, line: LeaseLine, index: int) -> list[tuple[UUID, int]]:
        """Return a line's plain SKUs with their pieces."""
        sku = self.skus.get(line.sku_id)
        if sku is None or sku.archived_at is not None:
            raise refusals.UnknownSku(field=("lines", index, "skuId"))
        if not 1 <= line.quantity <= rules.QUANTITY_MAX:
            message = sentence("A lease is for 1 to {most} pieces.", most=rules.QUANTITY_MAX)
            raise InvalidInput(message, field=("lines", index, "quantity"))
        if line.location_id is not None and line.location_id not in self.warehouses:
            raise NotFound("No warehouse of yours has that id.", field=("lines", index, "locationId"))
        parts = self.components.get(sku.id) or [(sku.id, 1)]
        return [(part, line.quantity * per_unit) for part, per_unit in parts]


def _require_text(text: str, name: str, most: int) -> None:
    if not 1 <= len(text) <= most:
        raise InvalidInput(sentence("{name} must have 1 to {most} characters.", name=name, most=most), field=(name,))


async def goods_of(uow: UnitOfWork, leases: Sequence[NewLease]) -> Goods:
    """Return what leases name; only warehouses of ours that this caller works for are among the locations."""
    skus = await catalog.skus(uow, {line.sku_id for lease in leases for line in lease.lines})
    components = await catalog.components_of(uow, {sku.id for sku in skus.values() if sku.is_bundle})
    parts = await catalog.skus(uow, {part for listed in components.values() for part, _ in listed})
    codes = {sku.id: sku.code for sku in (*skus.values(), *parts.values())}
    warehouses = {
        row.id: row
        for row in await queries.locations(uow)
        if row.kind == LocationKind.WAREHOUSE and uow.actor.may(Permission.ORDERS_WRITE, warehouse_id=row.id)
    }
    return Goods(skus, components, codes, warehouses)


def expiry(uow: UnitOfWork, expires_in: timedelta | None, expires_at: datetime | None) -> datetime:
    """Return until when something shall be promised; refuses less than 15 seconds and more than 30 days."""
    if (expires_in is None) == (expires_at is None):
        raise InvalidInput("Say for how long, or until when; one of them.", field=("expiresIn",))
    field = "expiresAt" if expires_in is None else "expiresIn"
    moment = expires_at if expires_in is None else uow.after(expires_in)
    assert moment is not None
    if not RUNS_MIN <= moment - uow.now <= RUNS_MAX:
        message = sentence(
            "A lease runs for {least} seconds to {most} days.",
            least=int(RUNS_MIN.total_seconds()),
            most=RUNS_MAX.days,
        )
        raise InvalidInput(message, field=(field,))
    return moment


def placed(goods: Goods, wish: Wish, now: Levels) -> dict[Level, int]:
    """Return the levels that give what is wanted, all of it; refuses NOT_ENOUGH_STOCK with the figures.

    `now` are the figures of locked levels, after the leases that came before this one.
    """
    candidates = [_with(wish, location_id) for location_id in goods.warehouses] if wish.anywhere else [dict(wish.fixed)]
    if not candidates:
        raise refusals.NotEnoughStock("You have no warehouse yet; import its places first.")
    for wanted in candidates:
        if not _lacking(wanted, now):
            return wanted
    nearest = min(candidates, key=lambda wanted: sum(_lacking(wanted, now).values()))
    level = min(_lacking(nearest, now))
    raise _not_enough(goods, level, nearest[level], now)


def _with(wish: Wish, location_id: UUID) -> dict[Level, int]:
    """Return everything wanted when one warehouse gives what may come from anywhere."""
    here = {Level(location_id, sku_id): quantity for sku_id, quantity in wish.anywhere.items()}
    return rules.summed([*wish.fixed.items(), *here.items()])


def _lacking(wanted: Mapping[Level, int], now: Levels) -> dict[Level, int]:
    """Return how much is missing where."""
    missing = {level: quantity - _available(level, now) for level, quantity in wanted.items()}
    return {level: quantity for level, quantity in missing.items() if quantity > 0}


def _available(level: Level, now: Levels) -> int:
    return rules.available(now.get(level, LevelFigures()))


def _not_enough(goods: Goods, level: Level, wanted: int, now: Levels) -> refusals.NotEnoughStock:
    """Refuse with what is available, as every list shows it, and where the rest is."""
    figures = now.get(level, LevelFigures())
    message = sentence(
        "{wanted} × {sku} are wanted at {location} and {available} are available there; {reserved} are promised.",
        wanted=wanted,
        sku=goods.codes[level.sku_id],
        location=goods.warehouses[level.location_id].code,
        available=_available(level, now),
        reserved=figures.reserved,
    )
    data = {
        "sku_id": str(level.sku_id),
        "location_id": str(level.location_id),
        "wanted": wanted,
        "available": _available(level, now),
        "on_hand": figures.on_hand,
        "non_sellable": figures.non_sellable,
        "reserved": figures.reserved,
        "buffer": figures.buffer,
    }
    return refusals.NotEnoughStock(message, field=("lines",), data=data)
