"""`pickmesh shop …`: a merchant's shops."""

import json
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from pickmesh.app.commands.asked import AsJson, Merchant, for_merchant
from pickmesh.core.accounts import commands, queries
from pickmesh.core.accounts.commands import NewShop
from pickmesh.core.accounts.queries import ShopRow
from pickmesh.core.accounts.tables import Platform, ReviewPolicy, ShortagePolicy
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.refusals import Refused


def add(
    code: str,
    *,
    name: Annotated[str, Parameter(help="As people call it.")],
    platform: Annotated[Platform, Parameter(help="Where it sells.")],
    shortage: Annotated[ShortagePolicy, Parameter(help="What happens to short orders.")] = ShortagePolicy.WAIT_FOR_ALL,
    review: Annotated[ReviewPolicy, Parameter(help="MANUAL: new orders wait until a person approves them.")] = (
        ReviewPolicy.AUTOMATIC
    ),
    merchant: Merchant = None,
) -> int:
    """Add a shop, whose code stands in the files that name it."""

    async def work(database: Database, actor: Actor) -> None:
        new = NewShop(code, name, platform, shortage, review)
        (answer,) = await database.run(actor, lambda uow: commands.create_shops(uow, shops=[new]))
        if isinstance(answer, Refused):
            raise answer.refusal

    for_merchant(merchant, work)
    print(f"The shop {code} is there.")
    return 0


def listed(*, merchant: Merchant = None, as_json: AsJson = False) -> int:
    """List a merchant's shops."""
    rows = for_merchant(merchant, _shops)
    if as_json:
        fields = ("code", "name", "platform", "shortage_policy", "review_policy")
        print(json.dumps([{field: getattr(row, field) for field in fields} for row in rows], ensure_ascii=False))
        return 0
    table = Table("code", "name", "platform", "short orders", "review")
    for row in rows:
        table.add_row(row.code, row.name, row.platform, row.shortage_policy, row.review_policy)
    Console().print(table)
    return 0


async def _shops(database: Database, actor: Actor) -> list[ShopRow]:
    async with database.reading(actor) as uow:
        return await queries.shops(uow)
