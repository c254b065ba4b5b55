"""`pickmesh outbox …`: letters that could not be sent, and another try for them."""

import json
from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from pickmesh.app.commands.asked import AsJson, Merchant, for_merchant
from pickmesh.core.journal import outbox
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor

FIELDS = ("id", "channel", "target", "attempts", "dead_at", "last_error")


def dead(*, merchant: Merchant = None, as_json: AsJson = False) -> int:
    """List the newest letters that were given up after their last attempt, and what the other side said."""
    rows = for_merchant(merchant, _dead)
    if as_json:
        print(json.dumps([{field: getattr(row, field) for field in FIELDS} for row in rows], default=str))
        return 0
    table = Table(*FIELDS)
    for row in rows:
        table.add_row(*(str(getattr(row, field)) for field in FIELDS))
    Console().print(table)
    return 0


def replay(
    *ids: Annotated[UUID, Parameter(help="Which letters; all that were given up when none is named.")],
    merchant: Merchant = None,
) -> int:
    """Give letters a fresh round of attempts; a worker takes them up."""

    async def work(database: Database, actor: Actor) -> int:
        wanted = ids or tuple(row.id for row in await _dead(database, actor))
        return await database.run(actor, lambda uow: outbox.replay(uow, wanted))

    print(f"{for_merchant(merchant, work)} letters are tried again.")
    return 0


async def _dead(database: Database, actor: Actor) -> Sequence[Any]:
    async with database.reading(actor) as uow:
        return await outbox.dead_letters(uow)
