"""`pickmesh import-…`: files in, row by row, with a progress bar, a report beside the file and a telling exit code."""

import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from pickmesh.app import memory, merchants, settings
from pickmesh.app.cells import Problem
from pickmesh.app.commands.asked import AsJson, Merchant, for_merchant
from pickmesh.app.files import FileRefused, Limits
from pickmesh.app.imports.catalog import CatalogFile
from pickmesh.app.imports.orders import OrdersFile
from pickmesh.app.imports.outcome import Listener, Report, Status, Summary
from pickmesh.app.imports.places import PlacesFile
from pickmesh.app.imports.refused import RefusedRows
from pickmesh.app.imports.run import Kind, import_table, look_over
from pickmesh.app.imports.stock import StockFile
from pickmesh.app.settings import Settings
from pickmesh.core.accounts import queries as accounts
from pickmesh.core.accounts.queries import MerchantRow
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.refusals import InvalidInput

REPORT_ENDING = ".report.csv"
REFUSED_ENDING = ".refused.csv"
ReportPath = Annotated[
    Path | None, Parameter(name="--report", help=f"Where the row-by-row report goes; FILE{REPORT_ENDING} if not said.")
]
MakeKind = Callable[[MerchantRow], Kind[Any]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What every import is asked with."""

    file: Path
    merchant: str | None
    report: Path | None
    as_json: bool
    shop: str | None = None


def places(file: Path, *, merchant: Merchant = None, report: ReportPath = None, as_json: AsJson = False) -> int:
    """Import warehouses and their places; a warehouse is made when its code is first seen."""
    return _run(Asked(file, merchant, report, as_json), lambda row: PlacesFile(time_zone=row.time_zone))


def catalog(file: Path, *, merchant: Merchant = None, report: ReportPath = None, as_json: AsJson = False) -> int:
    """Import SKUs with barcodes, bundles and shop codes; SKUs that are there already are brought up to date."""
    return _run(Asked(file, merchant, report, as_json), lambda row: CatalogFile(row.currency))


def stock(
    file: Path,
    *,
    merchant: Merchant = None,
    kind: Annotated[Literal["opening"], Parameter(name="--as", help="What the figures are.")] = "opening",
    report: ReportPath = None,
    as_json: AsJson = False,
) -> int:
    """Import what lies where when pickmesh takes over; a figure already booked is left alone."""
    return _run(Asked(file, merchant, report, as_json), lambda row: StockFile())


def orders(
    file: Path,
    *,
    merchant: Merchant = None,
    shop: Annotated[str | None, Parameter(help="The shop's code, for files without a shop column.")] = None,
    report: ReportPath = None,
    as_json: AsJson = False,
) -> int:
    """Import orders and promise stock to them; orders that are there already are left alone, changed ones merged."""

    def kind(row: MerchantRow) -> Kind[Any]:
        return OrdersFile(currency=row.currency, zone=merchants.zone(row), shop=shop)

    return _run(Asked(file, merchant, report, as_json, shop), kind)


def _run(asked: Asked, make_kind: MakeKind) -> int:
    chosen = settings.load()
    report = asked.report or report_path(asked.file)
    if is_same_file(asked.file, report):
        raise FileRefused(f"The report “{report}” is the file to import itself; say another --report PATH.")
    if is_same_file(refused_path(asked.file), report):
        raise FileRefused(f"“{report}” is where refused rows go; say another --report PATH.")
    summary, refused = for_merchant(asked.merchant, partial(_import, chosen, asked, make_kind))
    if asked.as_json:
        print(json.dumps(as_data(summary, report, refused), ensure_ascii=False))
    else:
        show(Console(), asked.file, summary, report, refused)
    return summary.exit_code


async def _import(
    chosen: Settings, asked: Asked, make_kind: MakeKind, database: Database, actor: Actor
) -> tuple[Summary, Path | None]:
    """Import a file; return the summary and where the refused rows are, if there are any."""
    memory.settle()
    if asked.shop is not None:
        await _require_shop(database, actor, asked.shop)
    kind = make_kind(await merchants.facts(database, actor))
    table = look_over(asked.file, kind, Limits(chosen.file_bytes_max, chosen.file_rows_max))
    with ExitStack() as stack:
        report = _open_report(asked.report or report_path(asked.file))
        stack.callback(report.close)
        refused = RefusedRows()
        stack.callback(refused.close)
        bar = stack.enter_context(Bar(asked.file.name, table.row_count, shown=not asked.as_json))
        summary = await import_table(database, actor, kind, table, [report, refused, bar])
        mended = refused_path(asked.file)
        return summary, mended if refused.write(table, mended) else None


async def _require_shop(database: Database, actor: Actor, code: str) -> None:
    async with database.reading(actor) as uow:
        if await accounts.shop_by_code(uow, code) is None:
            raise InvalidInput(f"There is no shop “{code}”; `pickmesh shop list` lists those there are.")


def report_path(file: Path) -> Path:
    """Return where a file's report goes when nothing else is said: beside it."""
    return file.with_name(file.name + REPORT_ENDING)


def refused_path(file: Path) -> Path:
    """Return where a file's refused rows go: beside it."""
    return file.with_name(file.name + REFUSED_ENDING)


def is_same_file(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to one file, over links too."""
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there yet
        return one.resolve() == other.resolve()


def _open_report(path: Path) -> Report:
    try:
        return Report(path)
    except OSError as error:
        raise FileRefused(f"The report “{path}” cannot be written ({error.strerror}); say --report PATH.") from None


class Bar(Listener):
    """A progress bar on standard error."""

    def __init__(self, name: str, total: int, *, shown: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), disable=not shown, transient=True)
        self._task = self._progress.add_task(name, total=total)

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._progress.stop()

    def told(self, rows: Sequence[int], key: str, status: Status, problems: Sequence[Problem]) -> None:
        """Move on by some rows."""
        self._progress.advance(self._task, len(rows))


def as_data(summary: Summary, report: Path, refused: Path | None) -> dict[str, Any]:
    """Return a summary for machines."""
    return {
        "rows": summary.rows,
        **{status.value: summary.by_status[status] for status in Status},
        "held": summary.held,
        "report": str(report),
        "refused_rows": None if refused is None else str(refused),
        "refusals": [_problem_data(each) for each in summary.refusals],
        "notes": [_problem_data(each) for each in summary.notes],
    }


def _problem_data(each: Problem) -> dict[str, Any]:
    return {"row": each.row, "column": each.column, "code": each.code, "message": each.message}


def show(console: Console, file: Path, summary: Summary, report: Path, refused: Path | None) -> None:
    """Print a summary for people: how many rows came to what, the first refusals and notes, where the rest is."""
    counts = ", ".join(f"{summary.by_status[status]} {status.value}" for status in Status if summary.by_status[status])
    held = f"; {summary.held} of them on hold" if summary.held else ""
    line = f"{file.name}: {summary.rows} rows: {counts or 'nothing to do'}{held}."
    console.print(line, highlight=False, markup=False)
    for each in summary.refusals:
        console.print(f"  row {each.row}: {each.message}", highlight=False, markup=False, soft_wrap=True)
    left = summary.by_status[Status.REFUSED] - len({each.row for each in summary.refusals})
    if left > 0:
        console.print(f"  … and {left} more rows.", highlight=False)
    for each in summary.notes:
        console.print(f"  row {each.row}: {each.message}", highlight=False, markup=False, soft_wrap=True)
    if summary.held > len(summary.notes) == summary.kept:
        console.print("  … and more on hold; the report names each.", highlight=False)
    console.print(f"Row by row: {report}", highlight=False, markup=False, soft_wrap=True)
    if refused is not None:
        line = f"Refused rows, to mend and import again: {refused}"
        console.print(line, highlight=False, markup=False, soft_wrap=True)
