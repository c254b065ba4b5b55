"""`pickmesh user …`: people who work for a merchant."""

import getpass
import json
import os
import sys
from typing import Annotated

from cyclopts import Parameter
from rich.console import Console
from rich.table import Table

from pickmesh.app import pairing, settings
from pickmesh.app.commands.asked import AsJson, Merchant, for_merchant
from pickmesh.core.accounts import commands, passwords, queries
from pickmesh.core.accounts.commands import NewPerson
from pickmesh.core.accounts.queries import PersonRow
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.paging import PAGE_MAX, PageRequest, decode_cursor
from pickmesh.core.kit.permissions import Role
from pickmesh.core.kit.refusals import InvalidInput, Refused

PASSWORD_VARIABLE = "PICKMESH_USER_PASSWORD"


def add(
    sign_in: str,
    *,
    name: Annotated[str, Parameter(help="As colleagues call them.")],
    role: Annotated[Role, Parameter(help="What they may do.")],
    locale: Annotated[str, Parameter(help="zh-CN or en.")] = "zh-CN",
    merchant: Merchant = None,
) -> int:
    """Add a person who signs in with a password, asked for here or taken from PICKMESH_USER_PASSWORD."""
    password = asked_password()

    async def work(database: Database, actor: Actor) -> None:
        person = NewPerson(sign_in, name, role, await passwords.hash_password(password), locale)
        (answer,) = await database.run(actor, lambda uow: commands.create_people(uow, people=[person]))
        if isinstance(answer, Refused):
            raise answer.refusal

    for_merchant(merchant, work)
    print(f"{sign_in} can sign in as {role.value}.")
    return 0


def password(sign_in: str, *, merchant: Merchant = None) -> int:
    """Set a person's password, asked for here or taken from PICKMESH_USER_PASSWORD; all their sessions end."""
    new = asked_password()

    async def work(database: Database, actor: Actor) -> None:
        person_id = await pairing.person_of(database, actor, sign_in)
        password_hash = await passwords.hash_password(new)
        await database.run(
            actor, lambda uow: commands.set_password(uow, person_id=person_id, password_hash=password_hash)
        )

    for_merchant(merchant, work)
    print(f"{sign_in} has a new password; all their sessions have ended.")
    return 0


def pair(
    sign_in: str,
    *,
    merchant: Merchant = None,
    address: Annotated[
        str | None, Parameter(help="What the phone reaches, as https://pick.example.com; else PICKMESH_PUBLIC_URL.")
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Show a QR code that signs one phone in as a person, once, within ten minutes; then the link it holds."""
    chosen = settings.load()
    base = settings.require_origin(address) if address is not None else pairing.default_address(chosen)
    made = for_merchant(merchant, lambda database, actor: pairing.make(database, actor, sign_in, base))
    if as_json:
        print(json.dumps({"sign_in": made.sign_in, "link": made.link, "until": made.until.isoformat()}))
        return 0
    pairing.show(Console(highlight=False), made)
    return 0


def listed(*, merchant: Merchant = None, as_json: AsJson = False) -> int:
    """List the people who work for a merchant."""
    people = for_merchant(merchant, _everybody)
    if as_json:
        fields = ("sign_in", "name", "role", "locale")
        print(json.dumps([{field: getattr(each, field) for field in fields} for each in people], ensure_ascii=False))
        return 0
    table = Table("sign in", "name", "role", "language")
    for each in people:
        table.add_row(each.sign_in, each.name, each.role, each.locale)
    Console().print(table)
    return 0


async def _everybody(database: Database, actor: Actor) -> list[PersonRow]:
    people: list[PersonRow] = []
    cursor: tuple[object, ...] | None = None
    while True:
        async with database.reading(actor) as uow:
            page = await queries.people(uow, PageRequest(PAGE_MAX, cursor))
        people += page.items
        if not page.has_next:
            return people
        cursor = decode_cursor(page.cursors[-1])


def asked_password() -> str:
    """Return a password that was typed twice, or given in the environment; never as an argument, which others see."""
    given = os.environ.get(PASSWORD_VARIABLE)
    if given:
        return given
    if not sys.stdin.isatty():
        raise InvalidInput(f"Run this in a terminal, which asks for the password, or set {PASSWORD_VARIABLE}.")
    first = getpass.getpass("Password: ")
    if getpass.getpass("Once more: ") != first:
        raise InvalidInput("The two passwords differ; run the command again.")
    return first
