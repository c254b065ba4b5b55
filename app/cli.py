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
labels = App(name="labels", help="Labels of places and goods, to print.")
outbox = App(name="outbox", help="What leaves a merchant: to shops and carriers.")

app.command(
    "pickmesh.app.commands.demo:demo", name="demo", help="Load the demo's merchants and serve them on this machine."
)
app.command(
    "pickmesh.app.commands.serve:serve", name="serve", help="Serve GraphQL, labels and health, with a worker inside."
)
app.command(
    "pickmesh.app.commands.serve:work", name="worker", help="Run a worker of its own: reactions, timers, outbox."
)
app.command(
    "pickmesh.app.commands.migrate:migrate", name="migrate", help="Bring the database to this version's schema."
)
app.command(
    "pickmesh.app.commands.imports:places", name="import-places", help="Import warehouses and places from a file."
)
app.command("pickmesh.app.commands.imports:catalog", name="import-catalog", help="Import SKUs from a file.")
app.command("pickmesh.app.commands.imports:stock", name="import-stock", help="Import opening stock from a file.")
app.command("pickmesh.app.commands.imports:orders", name="import-orders", help="Import orders from a file.")
app.command(
    "pickmesh.app.commands.exports:catalog", name="export-catalog", help="Write SKUs into a file that can be imported."
)
app.command(
    "pickmesh.app.commands.exports:stock", name="export-stock", help="Write what lies where, now or at a past moment."
)
app.command(
    "pickmesh.app.commands.exports:orders", name="export-orders", help="Write orders into a file that can be imported."
)
app.command(merchant)
merchant.command("pickmesh.app.commands.merchants:add", name="add", help="Add a merchant.")
merchant.command("pickmesh.app.commands.merchants:listed", name="list", help="List all merchants.")
app.command(shop)
shop.command("pickmesh.app.commands.shops:add", name="add", help="Add a shop to a merchant.")
shop.command("pickmesh.app.commands.shops:listed", name="list", help="List a merchant's shops.")
app.command(user)
user.command("pickmesh.app.commands.users:add", name="add", help="Add a person to a merchant.")
user.command("pickmesh.app.commands.users:listed", name="list", help="List a merchant's people.")
user.command(
    "pickmesh.app.commands.users:password", name="password", help="Set a person's password and end their sessions."
)
user.command("pickmesh.app.commands.users:pair", name="pair", help="Show a QR code that signs a phone in as a person.")
app.command(labels)
labels.command(
    "pickmesh.app.commands.labels:places", name="places", help="Write labels of bins, slots, totes, stations."
)
labels.command("pickmesh.app.commands.labels:skus", name="skus", help="Write labels of goods, with their barcodes.")
app.command(outbox)
outbox.command("pickmesh.app.commands.outbox:dead", name="dead", help="List a merchant's letters that were given up.")
outbox.command("pickmesh.app.commands.outbox:replay", name="replay", help="Send letters that were given up once more.")
app.command(
    "pickmesh.app.commands.bot:bot", name="bot", help="Be the Telegram bot, in a process of its own that polls."
)
app.command("pickmesh.app.commands.chat:chat", name="chat", help="Talk with the bot in this terminal.")
app.command(
    "pickmesh.app.commands.print_agent:print_agent",
    name="print-agent",
    help="Print the labels of a packing bench: to a label printer, a CUPS queue or a folder.",
)
app.command(
    "pickmesh.app.commands.certificate:certificate",
    name="certificate",
    help="Make a certificate, and the authority behind it, to serve https on a local network.",
)
app.command(
    "pickmesh.app.commands.doctor:doctor", name="doctor", help="Check this machine, the database and every invariant."
)
app.command("pickmesh.app.commands.schema:schema", name="schema", help="Print the GraphQL schema.")
app.command("pickmesh.app.commands.bench:bench", name="bench", help="Measure a speed claim beside its floor.")


def main() -> None:
    """Run the command line; an expected problem is one sentence on standard error and exit code 2."""
    with said_well():
        app()
    sys.exit(0)
