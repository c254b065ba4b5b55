"""Reads that several people's answers need in one moment, made once for all of them.

The scans of a group are committed together, so its phones are answered together, and each answer reads the same few
things: the worker, the warehouse, the list, the goods that come next.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pickmesh.core.accounts import queries as accounts
from pickmesh.core.catalog import queries as catalog
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.core.packing import manifest_queries, stations
from pickmesh.core.packing import queries as packing
from pickmesh.core.picking import queries as picking
from pickmesh.core.stock import queries as stock

Batch = Callable[[UnitOfWork, Sequence[Any]], Awaitable[Mapping[Any, Any]]]
"""How many things are loaded at once: `async def(uow, keys) -> {key: value}`; a key left out has nothing."""

SHARED: frozenset[Any] = frozenset(
    {
        accounts.people_by_id,
        stock.locations_by_id,
        picking.pick_lists,
        picking.waves,
        catalog.skus,
        catalog.barcodes_of,
        stations.stations,
        packing.parcels,
        packing.live_waybills,
        packing.print_jobs_of,
        manifest_queries.manifests,
    }
)
"""What may be read together: a merchant's things by their ids, the same whoever of its people asks."""


@dataclass(slots=True)
class _Round:
    """What is wanted until the reading begins, and the reading."""

    wanted: dict[Batch, dict[Any, None]] = field(default_factory=dict)
    reading: asyncio.Task[Mapping[Batch, Mapping[Any, Any]]] | None = None


class Together:
    """Gathers what is wanted in one moment of the loop and reads it in one transaction that begins afterwards.

    Only people of one merchant with the same rights share a reading, which is made as somebody with these rights and
    no name. One that fails does so for all who wait for it; who goes away leaves it to the others.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rounds: dict[Actor, _Round] = {}

    async def load(self, actor: Actor, batch: Batch, keys: Sequence[Any]) -> Mapping[Any, Any]:
        """Return what a batch of `SHARED` finds under these keys, and under those that others asked for with them."""
        rights = replace(actor, person_id=None, session_id=None, api_key_id=None)
        gathered = self._rounds.get(rights)
        if gathered is None:
            gathered = self._rounds[rights] = _Round()
            gathered.reading = asyncio.create_task(self._read(rights, gathered))
        gathered.wanted.setdefault(batch, {}).update(dict.fromkeys(keys))
        assert gathered.reading is not None
        return (await asyncio.shield(gathered.reading))[batch]

    async def _read(self, rights: Actor, gathered: _Round) -> Mapping[Batch, Mapping[Any, Any]]:
        try:
            await asyncio.sleep(0)  # whoever was answered in the same moment is about to ask
        finally:
            del self._rounds[rights]
        async with self._database.reading(rights) as uow:
            return {batch: await batch(uow, list(keys)) for batch, keys in gathered.wanted.items()}
