"""What commands have in common: for whom, in which form the answer comes, and the database opened and closed again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from cyclopts import Parameter

from pickmesh.app import merchants, seals, settings
from pickmesh.app.database import is_there, missing_sentence, open_database
from pickmesh.app.health import NotServing
from pickmesh.app.worker import WOKEN
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.wakes import Waker
from pickmesh.core.kit.actors import Actor

Answer = TypeVar("Answer")
Merchant = Annotated[str | None, Parameter(env_var="PICKMESH_MERCHANT", help="For which merchant, by its code.")]
AsJson = Annotated[bool, Parameter(name="--json", negative="", help="Answer with JSON.")]


def with_database(work: Callable[[Database], Awaitable[Answer]]) -> Answer:
    """Do some work on the database of the settings; refuses one that is not made or that their key does not open."""

    async def opened() -> Answer:
        chosen = settings.load()
        if not is_there(chosen):
            raise NotServing(missing_sentence())
        await seals.require_key_of(chosen)
        database = open_database(chosen)
        try:
            return await work(database)
        finally:
            await database.dispose()

    return asyncio.run(opened())


def for_merchant(code: str | None, work: Callable[[Database, Actor], Awaitable[Answer]]) -> Answer:
    """Do some work for the merchant with a code; refuses an unknown one. Workers look at the merchant afterwards."""

    async def found(database: Database) -> Answer:
        actor = await merchants.find(database, code)
        try:
            return await work(database, actor)
        finally:
            await Waker(database, WOKEN).finish()  # else what it committed would wait for a sweep, up to a minute

    return with_database(found)
