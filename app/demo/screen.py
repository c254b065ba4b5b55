"""What the demo shows when it is up: where, who may sign in, what to try first."""

import json
import shlex

from rich.console import Console

from pickmesh.app.demo import world
from pickmesh.app.demo.load import PASSWORD
from pickmesh.app.demo.people import JOBS

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


def commands(address: str) -> list[str]:
    """Return the lines to try first in a shell; each works as it stands, in this order."""
    sign_in = _curl(address, SIGN_IN % (f"manager@{world.LINAN.code}", PASSWORD))
    warehouse = world.LINAN.warehouse
    assert warehouse is not None
    return [
        _kept("TOKEN", sign_in, "token"),
        _signed(address, QUESTIONS),
        _kept("WAREHOUSE", _signed(address, WAREHOUSE % warehouse.code), "id"),
        _kept("WAVE", _signed(address, PLAN, "WAREHOUSE"), "id"),
        _signed(address, RELEASE, "WAVE"),
        _signed(address, PICK, "WAREHOUSE"),
    ]


def _kept(variable: str, command: str, name: str) -> str:
    """Return a line that keeps one text of an answer in a variable of the shell."""
    return variable + f"=$({command} | sed " + rf"""'s/.*"{name}":"\([^"]*\)".*/\1/')"""


def _signed(address: str, query: str, id_from: str = "") -> str:
    return _curl(address, query, ' -H "authorization: Bearer $TOKEN"', id_from)


def _curl(address: str, query: str, more: str = "", id_from: str = "") -> str:
    """Return a request in curl; the query's `$id` is what the shell holds in the variable `id_from`."""
    asked = {"query": query} | ({"variables": {"id": f"${id_from}"}} if id_from else {})
    body = shlex.quote(json.dumps(asked, ensure_ascii=False))
    if id_from:
        body = body.replace(f"${id_from}", f"'\"${id_from}\"'")
    return f'curl -s {address}/graphql -H "content-type: application/json"{more} -d {body}'


def show(console: Console, address: str, *, is_local: bool, seconds: float) -> None:
    """Print the screen."""
    console.print(f"\n[bold]pickmesh is up[/bold] after {seconds:.0f} s: {address}/graphql (open it in a browser)\n")
    console.print(f"Sign in with the password [bold]{PASSWORD}[/bold] as")
    for merchant in world.MERCHANTS:
        names = " ".join(f"{role if count == 1 else role + '1'}@{merchant.code}" for role, count in JOBS)
        console.print(f"  {merchant.name_zh} {merchant.name_en}: {names}", soft_wrap=True)
    console.print("\nTry first, in another terminal:")
    for line in commands(address):
        console.print(f"  {line}", soft_wrap=True, markup=False)
    if not is_local:
        console.print("\n[bold red]Everybody who reaches this address can sign in with that password.[/bold red]")
    console.print("\nCtrl-C stops it.")
