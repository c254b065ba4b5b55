"""`pickmesh export-catalog FILE`: what is here into a file that can be edited and imported again."""

from functools import partial
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from pickmesh.app.commands.asked import Merchant, for_merchant
from pickmesh.app.exports.catalog import export_catalog
from pickmesh.app.exports.writers import writer_of
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor

Out = Annotated[Path, Parameter(help="The file to write; its ending .csv or .xlsx is the format.")]


def catalog(file: Out, *, merchant: Merchant = None) -> int:
    """Write the catalogue with the columns that import-catalog reads: edit it and import it again."""
    count = for_merchant(merchant, partial(_export, file))
    print(f"{file}: {count} {'SKU' if count == 1 else 'SKUs'}. Edit it and take it in with `pickmesh import-catalog`.")
    return 0


async def _export(file: Path, database: Database, actor: Actor) -> int:
    writer = writer_of(file)
    try:
        async with database.reading(actor) as uow:
            return await export_catalog(uow, writer)
    finally:
        writer.finish()
