"""Batches for loaders, made from core's queries: many keys in, one statement, a list for each key."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.graphql.context import Batch

Query = Callable[[UnitOfWork, Sequence[Any]], Awaitable[Sequence[Any]]]


def grouped(query: Query, attribute: str) -> Batch:
    """Return a batch that answers each key the rows whose attribute is that key, in the query's order.

    To be called once, at module level: a context knows a batch by its identity.
    """

    async def batch(uow: UnitOfWork, keys: Sequence[Any]) -> Mapping[Any, Any]:
        groups: defaultdict[Any, list[Any]] = defaultdict(list)
        for row in await query(uow, keys):
            groups[getattr(row, attribute)].append(row)
        return groups

    return batch


async def listed(waiting: Awaitable[list[Any] | None]) -> list[Any]:
    """Return what a batch of lists found, an empty list for nothing."""
    return await waiting or []
