"""Letting a phone in: a link that opens one session for one person, shown as a QR code to scan."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from rich.console import Console

from pickmesh.app import lan, serving, terminal_qr
from pickmesh.app.settings import Settings
from pickmesh.core.accounts import directory, sessions
from pickmesh.core.accounts.directory import EntryKind
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.scanner.codes import own

MINUTES = int(sessions.PAIRING_LASTS.total_seconds() // 60)


@dataclass(frozen=True, slots=True)
class Pairing:
    """A link that signs one phone in, once, until a moment."""

    sign_in: str
    link: str = field(repr=False)
    until: datetime


async def make(database: Database, actor: Actor, sign_in: str, address: str) -> Pairing:
    """Make a pairing for a person of the actor's merchant with the app at an address; refuses an unknown name."""
    person_id = await person_of(database, actor, sign_in)
    until = database.clock.now() + sessions.PAIRING_LASTS
    token = await database.run(actor, lambda uow: sessions.create_pairing(uow, person_id=person_id))
    return Pairing(sign_in, own.pairing_link(address, token), until)


async def person_of(database: Database, actor: Actor, sign_in: str) -> UUID:
    """Return the person of the actor's merchant who signs in by a name; refuses a name nobody there has."""
    async with database.directory() as connection:
        entry = await directory.find_entry(connection, EntryKind.SIGN_IN, sign_in)
    if entry is None or entry.merchant_id != actor.merchant_id:
        raise InvalidInput(f"Nobody of this merchant signs in as “{sign_in}”; `pickmesh user list` shows who does.")
    return entry.subject_id


def default_address(chosen: Settings) -> str:
    """Return where phones reach the app by the settings; refuses a port that only the running server knows."""
    if chosen.public_url is not None:
        return chosen.public_url
    if chosen.port == 0:
        raise InvalidInput("PICKMESH_PORT is 0, so the port is not known here: give --address http://host:port.")
    return lan.urls(chosen.host, chosen.port, secure=chosen.tls_cert is not None)[0]


def show(console: Console, pairing: Pairing) -> None:
    """Print the QR code where there is a terminal, and always the link and until when it opens."""
    terminal_qr.show(console, pairing.link)
    until = f"{pairing.until.astimezone():%H:%M}"
    console.print(f"Signs one phone in as {pairing.sign_in}, once, until {until} ({MINUTES} minutes):", markup=False)
    console.print(pairing.link, soft_wrap=True, markup=False)
    for line in hints(pairing.link):
        console.print(line, soft_wrap=True, markup=False)


def hints(address: str) -> list[str]:
    """Say what an address means for a phone: only this machine reaches it, or the camera needs https."""
    if lan.is_local(serving.host_of(address)):
        return ["Only a browser on this machine opens that; for a phone listen on the network: PICKMESH_HOST=0.0.0.0."]
    if address.startswith("http://"):
        return ["A phone's camera and work without network need https; docs/https.md tells how."]
    return []
