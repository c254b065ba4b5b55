"""`pickmesh labels …`: labels of places and goods into a file to print, for whoever sets up a warehouse."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from pickmesh.app.commands.asked import Merchant, for_merchant
from pickmesh.app.files import FileRefused
from pickmesh.app.labels import asked, drawing
from pickmesh.app.labels.asked import Format
from pickmesh.app.labels.places import place_labels
from pickmesh.app.labels.skus import sku_labels
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.actors import Actor
from pickmesh.scanner.labels.paper import Label, Paper

Out = Annotated[Path, Parameter(help="The file to write; its ending .pdf, .zpl or .png is the format.")]
OnPaper = Annotated[
    Literal["roll", "roll-wide", "a4-24", "a4-21"],
    Parameter(help="What it is printed on: rolls of 60 × 40 or 100 × 50 mm, A4 sheets of 24 or 21 labels."),
]


def places(
    *,
    out: Out,
    location: Annotated[str, Parameter(help="The warehouse's code.")],
    code: Annotated[list[str] | None, Parameter(negative="", help="A place's code; may be said again.")] = None,
    prefix: Annotated[str | None, Parameter(help="All places whose code begins so; “” for all of them.")] = None,
    arrow: Annotated[Literal["up", "down"] | None, Parameter(help="Where the place lies from its label.")] = None,
    paper: OnPaper = "roll",
    merchant: Merchant = None,
) -> int:
    """Write the labels of bins, slots, stations and totes."""
    pointing = asked.arrow_named(arrow) if arrow else None
    which = asked.Places(location, tuple(code or ()), prefix, pointing)
    return _write(out, asked.paper_named(paper), merchant, lambda uow: place_labels(uow, which))


def skus(
    *,
    out: Out,
    code: Annotated[list[str], Parameter(negative="", help="A SKU's code; may be said again.")],
    copies: Annotated[int, Parameter(help="How many labels of each.")] = 1,
    units: Annotated[int, Parameter(help="For a pack of so many: its own barcode is printed.")] = 1,
    lot: Annotated[str, Parameter(help="The lot, beside a GTIN, as GS1-128.")] = "",
    expires: Annotated[datetime | None, Parameter(help="The expiry date, as 2026-12-31.")] = None,
    paper: OnPaper = "roll",
    merchant: Merchant = None,
) -> int:
    """Write the labels of goods."""
    which = asked.Skus(tuple(code), copies, units, lot, expires.date() if expires else None)
    return _write(out, asked.paper_named(paper), merchant, lambda uow: sku_labels(uow, which))


def _write(out: Path, on: Paper, merchant: str | None, read: Callable[[UnitOfWork], Awaitable[Sequence[Label]]]) -> int:
    wanted = _format_of(out)

    async def work(database: Database, actor: Actor) -> Sequence[Label]:
        async with database.reading(actor) as uow:
            return await read(uow)

    labels = for_merchant(merchant, work)
    drawn = drawing.draw(labels, wanted, on)
    try:
        out.write_bytes(drawn)
    except OSError as error:
        raise FileRefused(f"“{out}” cannot be written ({error.strerror}); say another --out FILE.") from None
    print(f"{out}: {len(labels)} {'label' if len(labels) == 1 else 'labels'}. Print on {on.about}{_HOW[wanted]}.")
    return 0


_HOW = {
    Format.PDF: "",
    Format.PNG: ", at 203 dpi or a multiple of it",
    Format.ZPL: ", sent as it is to a ZPL printer of 203 dpi",
}


def _format_of(out: Path) -> Format:
    try:
        return Format(out.suffix.removeprefix(".").lower())
    except ValueError:
        endings = ", ".join(f".{each}" for each in Format)
        raise FileRefused(f"“{out}” must end in one of {endings}: its ending says what is drawn.") from None
