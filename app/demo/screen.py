"""What the demo shows when it is up: where, who may sign in, what to try first, and a code that lets a phone in."""

import json
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console

from pickmesh.app import pairing
from pickmesh.app.demo import passwords, world
from pickmesh.app.demo.people import JOBS
from pickmesh.app.pairing import Pairing
from pickmesh.app.serving import Reached

MANAGER, PICKER = f"manager@{world.LINAN.code}", f"picker1@{world.LINAN.code}"
SIGN_IN = 'mutation { signIn(input: {signIn: "%s", password: "%s", device: "curl"}) { token } }'
QUESTIONS = (
    '{ lookup(term: "马克杯", limit: 3)'
    " { ... on Sku { code nameZh free available balances { quantity place { code } } } }"
    " fulfillmentOrders(statuses: [BACKORDERED], first: 3)"
    " { nodes { number status shortQuantity shipBy order { externalId } } } }"
)
"""Where a thing lies and how many are free, found by its Chinese name; what is short and must wait."""
WAREHOUSE = '{ location(code: "%s") { id } }'
PLAN = "mutation($id: ID!) { wavePlan(input: {locationId: $id, kind: CLUSTER, limit: 5}) { wave { id } } }"
RELEASE = (
    "mutation($id: ID!) { waveRelease(input: {id: $id})"
    " { wave { number status } pickLists { number } userErrors { message } } }"
)
PICK = (
    "mutation($id: ID!) { floorTaskNext(input: {locationId: $id})"
    " { session { id instruction next { placeCode skuCode remaining } progress { done total } }"
    " userErrors { message } } }"
)
"""The next list that is ready, claimed, with a pick session open on it."""
WAITING = "{ dropships(side: SUPPLIER, statuses: [SUBMITTED], first: 1) { nodes { id } } }"
ACCEPT = (
    "mutation($id: ID!) { dropshipAccept(input: {dropshipIds: [$id]})"
    " { dropships { number status lines { quantity sku { nameZh } } } userErrors { message } } }"
)
"""What a partner asks us to ship, and the promise to do so."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What the screen says: where, with which passwords (empty: all have the known one), and a pairing."""

    reached: Reached
    data: Path
    passwords: Mapping[str, str] = field(repr=False)
    pairing: Pairing
    authority: Path | None  # of our own, which nothing here trusts by itself
    warnings: Sequence[str]

    def password_of(self, sign_in: str) -> str:
        """Return what a person signs in with."""
        return self.passwords.get(sign_in, passwords.KNOWN)


def commands(shown: Shown) -> list[str]:
    """Return the lines to try first in a shell; each works as it stands, in this order."""
    curl = f"curl -s --cacert {shlex.quote(str(shown.authority))}" if shown.authority else "curl -s"
    begin = f"{curl} {shown.reached.address}"
    sign_in = _curl(begin, SIGN_IN % (MANAGER, shown.password_of(MANAGER)))
    warehouse = world.LINAN.warehouse
    assert warehouse is not None
    return [
        _kept("TOKEN", sign_in, "token"),
        _signed(begin, QUESTIONS),
        _kept("WAREHOUSE", _signed(begin, WAREHOUSE % warehouse.code), "id"),
        _kept("WAVE", _signed(begin, PLAN, "WAREHOUSE"), "id"),
        _signed(begin, RELEASE, "WAVE"),
        _signed(begin, PICK, "WAREHOUSE"),
        _kept("DROPSHIP", _signed(begin, WAITING), "id"),
        _signed(begin, ACCEPT, "DROPSHIP"),
    ]


def _kept(variable: str, command: str, name: str) -> str:
    """Return a line that keeps one text of an answer in a variable of the shell."""
    return variable + f"=$({command} | sed " + rf"""'s/.*"{name}":"\([^"]*\)".*/\1/')"""


def _signed(begin: str, query: str, id_from: str = "") -> str:
    return _curl(begin, query, ' -H "authorization: Bearer $TOKEN"', id_from)


def _curl(begin: str, query: str, more: str = "", id_from: str = "") -> str:
    """Return a request in curl; the query's `$id` is what the shell holds in the variable `id_from`."""
    asked = {"query": query} | ({"variables": {"id": f"${id_from}"}} if id_from else {})
    body = shlex.quote(json.dumps(asked, ensure_ascii=False))
    if id_from:
        body = body.replace(f"${id_from}", f"'\"${id_from}\"'")
    return f'{begin}/graphql -H "content-type: application/json"{more} -d {body}'


def show(console: Console, shown: Shown, *, seconds: float) -> None:
    """Print the screen; the pairing code comes last, where it stays in sight."""
    address = shown.reached.address
    console.print(f"\n[bold]pickmesh is up[/bold] after {seconds:.0f} s: {address}", soft_wrap=True)
    console.print(f"  {address}/app/     the phone app", soft_wrap=True)
    console.print(f"  {address}/graphql  GraphQL, with a page to try it in a browser", soft_wrap=True)
    for other in shown.reached.others:
        console.print(f"  {other} leads here too", soft_wrap=True)
    for sentence in shown.warnings:
        console.print(sentence, style="bold red", soft_wrap=True, markup=False)
    _show_people(console, shown)
    console.print("\nThe bot, which has alerts and a partner's request for you, talks in another terminal too:")
    console.print(f"  {chat_command(shown)}", soft_wrap=True, markup=False)
    console.print("With the token of a Telegram bot of yours (docs/bot.md says how to get one) it talks there:")
    console.print(f"  {bot_command(shown)}", soft_wrap=True, markup=False)
    console.print("\nTry first, in another terminal:")
    for line in commands(shown):
        console.print(f"  {line}", soft_wrap=True, markup=False)
    console.print("\nCtrl-C stops it. A phone gets in by this code:")
    pairing.show(console, shown.pairing)
    console.print(f"Another one, in another terminal:\n  {pair_command(shown)}", soft_wrap=True, markup=False)


def _show_people(console: Console, shown: Shown) -> None:
    if not shown.passwords:
        console.print(f"\nSign in with the password [bold]{passwords.KNOWN}[/bold] as")
        for merchant in world.MERCHANTS:
            names = " ".join(f"{role if count == 1 else role + '1'}@{merchant.code}" for role, count in JOBS)
            console.print(f"  {merchant.name_zh} {merchant.name_en}: {names}", soft_wrap=True)
        return
    path = shown.data / passwords.FILE
    why = "made when others reached it" if shown.reached.only_here else "for others reach this address"
    console.print(f"\nEverybody signs in with a password of their own, {why}; all are kept in {path}:", soft_wrap=True)
    for merchant in world.MERCHANTS:
        console.print(f"  {merchant.name_zh} {merchant.name_en}")
        for sign_in in passwords.sign_ins(merchant):
            console.print(f"    {sign_in:<20} {shown.password_of(sign_in)}", markup=False)


def pair_command(shown: Shown) -> str:
    """Return the line that shows another pairing code for this demo, as it is to be typed in this folder."""
    return _command(shown, "user", "pair", PICKER, "--merchant", world.LINAN.code, "--address", shown.reached.address)


def chat_command(shown: Shown) -> str:
    """Return the line that talks to the bot as the manager of this demo, as it is to be typed in this folder."""
    who = ("--as", MANAGER, "--merchant", world.LINAN.code)
    return _command(shown, "chat", *who, "--server", shown.reached.address)


def bot_command(shown: Shown) -> str:
    """Return the line that is the Telegram bot of this demo, with the token left to fill in."""
    settings = ("PICKMESH_TELEGRAM_TOKEN=…", f"PICKMESH_BOT_SERVER={shlex.quote(shown.reached.address)}")
    return " ".join((*settings, _command(shown, "bot")))


def _command(shown: Shown, *words: str) -> str:
    line = [f"PICKMESH_DATA={shlex.quote(str(shown.data))}", shlex.quote(sys.argv[0]), *map(shlex.quote, words)]
    return " ".join(line)
