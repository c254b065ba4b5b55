"""What the demo shows when it is up: where, who may sign in, what to try first."""

from rich.console import Console

from pickmesh.app.demo import world
from pickmesh.app.demo.load import PASSWORD
from pickmesh.app.demo.people import JOBS

SIGN_IN = (
    'TOKEN=$(curl -s {address}/graphql -H "content-type: application/json" -d'
    ' \'{{"query":"mutation {{ signIn(input: {{signIn: \\"{who}\\", password: \\"{password}\\", device: \\"curl\\"}})'
    ' {{ token }} }}"}}\' | sed \'s/.*"token":"\\([^"]*\\)".*/\\1/\')'
)
ASK = 'curl -s {address}/graphql -H "content-type: application/json" -H "authorization: Bearer $TOKEN" -d \'{body}\''
QUESTIONS = (
    ('{"query":"{ viewer { name role merchant { name } } }"}', "who am I"),
    ('{"query":"{ skus(search: \\"马克杯\\", first: 3) { nodes { code nameZh } } }"}', "find by a Chinese name"),
)


def commands(address: str) -> list[str]:
    """Return the lines to try first; each works as it stands, in this order."""
    sign_in = SIGN_IN.format(address=address, who=f"manager@{world.LINAN.code}", password=PASSWORD)
    return [sign_in, *(ASK.format(address=address, body=body) for body, _ in QUESTIONS)]


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
