"""The demo's passwords: one that everybody knows where only this machine is listened to, else one each, at random.

Those are kept in the data folder for its owner only; once made they stay, also when the demo comes back to loopback.
"""

import asyncio
import os
import secrets
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from pickmesh.app import merchants
from pickmesh.app.database import open_to_look
from pickmesh.app.demo import world
from pickmesh.app.demo.people import JOBS
from pickmesh.app.health import NotServing
from pickmesh.app.settings import Settings
from pickmesh.core.accounts import commands, passwords
from pickmesh.core.accounts.tables import Person
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor

KNOWN = "pickmesh-demo"
"""Everybody's password while the demo listens on this machine only."""
FILE = "passwords.txt"
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without 0, o, 1, l and i: passwords are read from a screen and typed on phones."""
_GROUPS, _GROUP = 3, 4  # 59 bits
_HEADER = (
    "# Passwords of the demo's people, made by `pickmesh demo` because others reach it.\n"
    "# Whoever got another one by `pickmesh user password` has that one instead.\n"
)


@dataclass(frozen=True, slots=True)
class _Known:
    """A person of a merchant and what is kept of their password."""

    merchant: Actor
    id: UUID
    sign_in: str
    password_hash: str | None


def sign_ins(merchant: world.Merchant) -> list[str]:
    """Return the names of a merchant's people, as they are generated."""
    return [
        f"{role if wanted == 1 else f'{role}{number}'}@{merchant.code}"
        for role, wanted in JOBS
        for number in range(1, wanted + 1)
    ]


def kept(folder: Path) -> dict[str, str]:
    """Return the random passwords that were made, by sign-in name; empty when none were."""
    path = folder / FILE
    if not path.exists():
        return {}
    lines = (line.split() for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {line[0]: line[1] for line in lines if len(line) == 2}


async def settle(database: Database, folder: Path) -> dict[str, str]:
    """Give whoever has no password yet, or the one everybody knows, one of their own; return all, by sign-in name.

    Sessions of those people end. The file is written first, so that a start that was cut off loses nothing.
    """
    everybody = await _people(database)
    given = kept(folder)
    opened = await _with_known_password(everybody)
    unset = [person for person in everybody if _is_demo(person) and person.password_hash is None]
    lost = [person for person in everybody if _is_demo(person) and person.sign_in not in given]
    changing = {person.id: person for person in [*opened, *unset, *lost]}
    new = {person.sign_in: _new() for person in changing.values() if person.sign_in not in given}
    given |= new
    if new:
        _keep(folder, given)
    await asyncio.gather(*(_give(database, person, given[person.sign_in]) for person in changing.values()))
    return given


async def require_none_known(chosen: Settings) -> None:
    """Refuse a database in which one of the demo's people still has the password that everybody knows."""
    database = open_to_look(chosen)
    try:
        people = [person for person in await _people(database) if _is_demo(person)]
    finally:
        await database.dispose()
    opened = await _with_known_password(people)
    if opened:
        raise NotServing(
            f"Others reach this address, and {opened[0].sign_in} still has the demo's password, which everybody knows:"
            " start `pickmesh demo` with this PICKMESH_HOST, which gives each of them a random one."
        )


async def _people(database: Database) -> list[_Known]:
    """Return everybody of the demo's merchants, also those who were added later."""
    found: list[_Known] = []
    for merchant in world.MERCHANTS:
        actor = await merchants.find_or_none(database, merchant.code)
        if actor is None:
            continue
        columns = sa.select(Person.id, Person.sign_in, Person.password_hash)
        async with database.reading(actor) as uow:
            rows = await uow.fetch(columns.where(uow.mine(Person), Person.archived_at.is_(None)))
        found += [_Known(actor, row.id, row.sign_in, row.password_hash) for row in rows]
    return found


async def _with_known_password(people: Sequence[_Known]) -> list[_Known]:
    is_known = await asyncio.gather(*(passwords.matches(KNOWN, person.password_hash) for person in people))
    return [person for person, known in zip(people, is_known, strict=True) if known]


async def _give(database: Database, person: _Known, password: str) -> None:
    password_hash = await passwords.hash_password(password)
    await database.run(
        person.merchant, lambda uow: commands.set_password(uow, person_id=person.id, password_hash=password_hash)
    )


def _is_demo(person: _Known) -> bool:
    return person.sign_in in _DEMO


def _new() -> str:
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))


def _keep(folder: Path, given: Mapping[str, str]) -> None:
    """Write the file aside and give it its name; only its owner may read it."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{sign_in} {password}\n" for sign_in, password in given.items()]
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix=f".{FILE}.", delete=False, encoding="utf-8") as file:
        file.writelines([_HEADER, *lines])  # the file has mode 0600 from its first moment
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(folder / FILE)


_DEMO: Collection[str] = frozenset(name for merchant in world.MERCHANTS for name in sign_ins(merchant))
