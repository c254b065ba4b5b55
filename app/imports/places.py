"""Place files: one row per bin, tote, wall slot, bench or dock, its warehouse repeated on each row."""

from collections.abc import Iterable, Iterator, Sequence

from pickmesh.app.cells import Cells
from pickmesh.app.files import Columns, TableRow
from pickmesh.app.imports.outcome import Bad, Item, Status, Verdict, first_row, row_problem
from pickmesh.app.imports.seen import FirstRows
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import Refused
from pickmesh.core.packing import stations
from pickmesh.core.stock import places
from pickmesh.core.stock.places import Change, NewPlace
from pickmesh.core.stock.tables import Pool

COLUMNS = Columns(
    required=("warehouse", "place", "kind"),
    optional=("warehouse_name", "time_zone", "role", "pool", "zone", "walk_sequence", "x_mm", "y_mm"),
)
STATUSES = {
    Change.CREATED: Status.CREATED,
    Change.UPDATED: Status.CHANGED,
    Change.UNCHANGED: Status.UNCHANGED,
}
MILLIMETRES_MAX = 10_000_000


class PlacesFile:
    """Rows as places; a warehouse without a `time_zone` is in the merchant's."""

    columns = COLUMNS

    def __init__(self, *, time_zone: str) -> None:
        self._time_zone = time_zone
        self._seen = FirstRows()

    def things(self, rows: Iterable[TableRow]) -> Iterator[Item[NewPlace] | Bad]:
        """Read one place per row."""
        for row in rows:
            if row.problem:
                yield Bad((row.number,), "", (row_problem(row),))
                continue
            cells = Cells(row)
            place = self._place(cells)
            key = f"{place.warehouse}/{place.code}"
            cells.problems = cells.problems or first_row(self._seen, key.upper(), row.number, "place", f"Place “{key}”")
            if cells.problems:
                yield Bad((row.number,), key, tuple(cells.problems))
            else:
                yield Item((row.number,), key, place)

    def goes_last(self, thing: NewPlace) -> bool:
        """Places lean on nothing in their file."""
        return False

    async def save(self, uow: UnitOfWork, things: Sequence[NewPlace]) -> Sequence[Verdict]:
        """Save places and the warehouses they name; every bench gets a station."""
        answers = await places.save_places(uow, places=things)
        await stations.save_stations(uow)
        return [
            Verdict(Status.REFUSED, answer.refusal) if isinstance(answer, Refused) else Verdict(STATUSES[answer.change])
            for answer in answers
        ]

    def _place(self, cells: Cells) -> NewPlace:
        return NewPlace(
            warehouse=cells.code("warehouse"),
            code=cells.code("place"),
            kind=cells.text("kind", required=True).upper(),
            warehouse_name=cells.text("warehouse_name"),
            time_zone=cells.text("time_zone") or self._time_zone,
            role=cells.text("role").upper(),
            pool=cells.text("pool").upper() or Pool.SELLABLE,
            zone=cells.text("zone"),
            walk_sequence=cells.measure("walk_sequence", minimum=0),
            x_mm=cells.measure("x_mm", minimum=-MILLIMETRES_MAX),
            y_mm=cells.measure("y_mm", minimum=-MILLIMETRES_MAX),
        )
