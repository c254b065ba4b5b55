"""What every benchmark prints: our figure, the floor's, the ratio, the machine and versions."""

import json
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version

from rich.console import Console
from rich.table import Table


def this_machine() -> dict[str, object]:
    """Return what the figures were measured on."""
    parts = ("sqlalchemy", "asyncpg", "graphene", "graphql-core", "uvicorn")
    return {
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **{part: version(part) for part in parts},
    }


@dataclass(frozen=True, slots=True)
class Report:
    """One benchmark's outcome; `ratio` is ours over the floor's, `also` holds every other figure."""

    bench: str
    unit: str
    ours: float
    floor: float
    ratio: float
    runs: int
    also: dict[str, float]
    machine: dict[str, object] = field(default_factory=this_machine)


def median(figures: Sequence[float]) -> float:
    """Return the middle figure of several runs."""
    return statistics.median(figures)


def show(report: Report, *, as_json: bool) -> None:
    """Print a report for people, and with `as_json` one JSON object as the last line."""
    console = Console(stderr=as_json)
    table = Table(title=f"pickmesh bench {report.bench}", show_header=True)
    for column in ("figure", report.unit):
        table.add_column(column, justify="left" if column == "figure" else "right")
    table.add_row("ours", f"{report.ours:,.0f}")
    table.add_row("floor", f"{report.floor:,.0f}")
    table.add_row("ratio", f"{report.ratio:.2f}")
    for name, figure in report.also.items():
        table.add_row(name, f"{figure:,.2f}" if abs(figure) < 100 else f"{figure:,.0f}")
    console.print(table)
    console.print(f"median of {report.runs} runs on {report.machine}", style="dim")
    if as_json:
        print(json.dumps(asdict(report)))
