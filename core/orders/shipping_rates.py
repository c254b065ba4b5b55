"""What a parcel from a warehouse into a region costs: the figures the cheapest warehouse is found by."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.accounts import locks as account_locks
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.countries import country_problem
from pickmesh.core.kit.money import AMOUNT_MAX, currency_problem
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, Refusal, Refused
from pickmesh.core.kit.texts import sentence
from pickmesh.core.orders.refusals import NotAWarehouse, RateCurrencyDiffers
from pickmesh.core.orders.route_rules import Rates, province_key, province_name
from pickmesh.core.orders.routing_rules import warehouse_ids
from pickmesh.core.orders.rule_tables import ShippingRate

RATES_MAX = 5_000
PROVINCE_LENGTH_MAX = 100
RATE = tuple(ShippingRate.__table__.c)
_KEY = (ShippingRate.location_id, ShippingRate.country, ShippingRate.province)
Key = tuple[UUID, str, str]


@dataclass(frozen=True, slots=True)
class NewRate:
    """A rate as somebody tells it, in minor units; an empty province is the whole country, no cost takes it away."""

    location_id: UUID
    country: str
    cost_minor: int | None
    currency: str = "CNY"
    province: str = ""


@dataclass(frozen=True, slots=True)
class SavedRate:
    """A rate that stands as told now, or is gone; `province` is how it is kept."""

    index: int
    location_id: UUID
    country: str
    province: str
    cost_minor: int | None


async def save_shipping_rates(uow: UnitOfWork, *, rates: Sequence[NewRate]) -> list[SavedRate | Refused]:
    """Set what parcels from a warehouse into a country or one of its provinces cost; a verdict per rate.

    浙江 and 浙江省 are one province. All rates into a country are in one currency, because costs are compared and
    never converted. At most 5,000 at a time; needs `floor:manage` at each warehouse.
    """
    uow.actor.require(Permission.FLOOR_MANAGE)
    if len(rates) > RATES_MAX:
        raise LimitExceeded(sentence("At most {most} rates go in one call; send them in parts.", most=RATES_MAX))
    await account_locks.lock_merchant(uow)
    saving = _Saving(await warehouse_ids(uow), await _into(uow, {rate.country for rate in rates}))
    answers: list[SavedRate | Refused] = []
    for index, rate in enumerate(rates):
        try:
            answers.append(saving.save(uow, index, rate))
        except Refusal as refusal:
            answers.append(Refused(index, refusal))
    if saving.gone:
        gone = uow.among(_KEY, sorted(saving.gone))
        await uow.execute(sa.delete(ShippingRate).where(uow.mine(ShippingRate), gone))
    rows = [saving.wanted[key] for key in sorted(saving.wanted)]
    await uow.upsert(ShippingRate, rows, replace=["cost_minor", "currency"])
    return answers


class _Saving:
    """A batch of rates beside those that stand."""

    def __init__(self, there: Collection[UUID], standing: Sequence[sa.Row[Any]]) -> None:
        self.there = there
        self.known = {(row.location_id, row.country, province_key(row.province)): row.province for row in standing}
        self.currencies = {row.country: row.currency for row in standing}
        self.wanted: dict[Key, dict[str, Any]] = {}
        self.gone: set[Key] = set()

    def save(self, uow: UnitOfWork, index: int, rate: NewRate) -> SavedRate:
        """Decide what one rate comes to."""
        self._check(uow, rate)
        named = (rate.location_id, rate.country, province_key(rate.province))
        province = self.known.setdefault(named, province_name(rate.province))
        key = (rate.location_id, rate.country, province)
        if key in self.wanted or key in self.gone:
            raise InvalidInput(sentence("This rate stands twice in the batch; send it once."), field=("province",))
        if rate.cost_minor is None:
            self.gone.add(key)
        else:
            if self.currencies.setdefault(rate.country, rate.currency) != rate.currency:
                raise RateCurrencyDiffers(field=("currency",), data={"currency": self.currencies[rate.country]})
            told = dict(zip(("location_id", "country", "province"), key, strict=True))
            self.wanted[key] = told | {"cost_minor": rate.cost_minor, "currency": rate.currency}
        return SavedRate(index, rate.location_id, rate.country, province, rate.cost_minor)

    def _check(self, uow: UnitOfWork, rate: NewRate) -> None:
        if rate.location_id not in self.there:
            raise NotAWarehouse(field=("location_id",))
        uow.actor.require(Permission.FLOOR_MANAGE, warehouse_id=rate.location_id)
        for field, problem in (
            ("country", country_problem(rate.country)),
            ("currency", currency_problem(rate.currency)),
        ):
            if problem is not None:
                raise InvalidInput(problem, field=(field,))
        if rate.cost_minor is not None and not 0 <= rate.cost_minor <= AMOUNT_MAX:
            message = sentence("Give a whole number from 0 to {most}.", most=AMOUNT_MAX)
            raise InvalidInput(message, field=("cost_minor",))
        if len(rate.province) > PROVINCE_LENGTH_MAX or "\x00" in rate.province:
            message = sentence("A name has 1 to {most} characters.", most=PROVINCE_LENGTH_MAX)
            raise InvalidInput(message, field=("province",))


async def _into(uow: UnitOfWork, countries: Collection[str]) -> Sequence[sa.Row[Any]]:
    return await uow.fetch(
        sa.select(*RATE).where(uow.mine(ShippingRate), uow.among(ShippingRate.country, countries)).order_by(*_KEY)
    )


async def rates_into(uow: UnitOfWork, countries: Collection[str]) -> Rates:
    """Return what parcels into countries cost, as routing looks it up."""
    found = await _into(uow, countries)
    return {(row.location_id, row.country, province_key(row.province)): row.cost_minor for row in found}


async def shipping_rates(uow: UnitOfWork, location_ids: Collection[UUID]) -> Sequence[sa.Row[Any]]:
    """Return the rates of warehouses, by country and province."""
    return await uow.fetch(
        sa.select(*RATE)
        .where(uow.mine(ShippingRate), uow.among(ShippingRate.location_id, location_ids))
        .order_by(*_KEY)
    )
