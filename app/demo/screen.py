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
    " { ... on Sku { code nameZh free available balances { quantity place { code } } } } }",
    "{ fulfillmentOrders(statuses: [BACKORDERED], first: 3)"
    " { nodes { number status shortQuantity shipBy order { externalId } } } }",
)
"""Where a thing lies and how many are free, found by its Chinese name; what is short and must wait."""
TOKEN = r"""sed 's/.*"token":"\([^"]*\)".*/\1/'"""


def commands(address: str) -> list[str]:
    """Return the lines to try first in a shell; each works as it stands, in this order."""
    sign_in = _curl(address, SIGN_IN % (f"manager@{world.LINAN.code}", PASSWORD))
    signed = ' -H "authorization: Bearer $TOKEN"'
    return [f"TOKEN=$({sign_in} | {TOKEN})", *(_curl(address, query, signed) for query in QUESTIONS)]


def _curl(address: str, query: str, more: str = "") -> str:
    body = shlex.quote(json.dumps({"query": query}, ensure_ascii=False))
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
