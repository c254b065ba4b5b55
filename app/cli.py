"""The command line: a table of contents. Each command's module is imported only when it is called."""

import sys
from importlib.metadata import version

from cyclopts import App

from pickmesh.app.problems import said_well

app = App(
    name="pickmesh",
    help="The warehouse floor of a multi-merchant e-commerce ERP. Settings are PICKMESH_… in the environment or .env.",
    version=lambda: version("pickmesh"),
)
user = App(name="user", help="People who work for a merchant.")
merchant = App(name="merchant", help="Merchants: the tenants of this installation.")
shop = App(name="shop", help="A merchant's shops.")
COMMANDS = "pickmesh.app.commands"

app.command(f"{COMMANDS}.demo:demo", name="demo", help="Load the demo's merchants and serve them on this machine.")
app.command(f"{COMMANDS}.serve:serve", name="serve", help="Serve GraphQL, labels and health, with a worker inside.")
app.command(f"{COMMANDS}.serve:work", name="worker", help="Run a worker of its own: reactions, timers, outbox.")
app.command(f"{COMMANDS}.migrate:migrate", name="migrate", help="Bring the database to this version's schema.")
app.command(f"{COMMANDS}.imports:places", name="import-places", help="Import warehouses and places from a file.")
app.command(f"{COMMANDS}.imports:catalog", name="import-catalog", help="Import SKUs from a file.")
app.command(f"{COMMANDS}.imports:stock", name="import-stock", help="Import opening stock from a file.")
app.command(f"{COMMANDS}.imports:orders", name="import-orders", help="Import orders from a file.")
app.command(merchant)
merchant.command(f"{COMMANDS}.merchants:add", name="add", help="Add a merchant.")
merchant.command(f"{COMMANDS}.merchants:listed", name="list", help="List all merchants.")
app.command(shop)
shop.command(f"{COMMANDS}.shops:add", name="add", help="Add a shop to a merchant.")
shop.command(f"{COMMANDS}.shops:listed", name="list", help="List a merchant's shops.")
app.command(user)
user.command(f"{COMMANDS}.users:add", name="add", help="Add a person to a merchant.")
user.command(f"{COMMANDS}.users:listed", name="list", help="List a merchant's people.")
user.command(f"{COMMANDS}.users:password", name="password", help="Set a person's password and end their sessions.")
app.command(f"{COMMANDS}.doctor:doctor", name="doctor", help="Check this machine, the database and every invariant.")
app.command(f"{COMMANDS}.schema:schema", name="schema", help="Print the GraphQL schema.")
app.command(f"{COMMANDS}.bench:bench", name="bench", help="Measure a speed claim beside its floor.")


def main() -> None:
    """Run the command line; an expected problem is one sentence on standard error and exit code 2."""
    with said_well():
        app()
    sys.exit(0)
