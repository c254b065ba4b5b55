"""Which lot is in a picker's hand, and what follows when it is another one than the line names.

Another lot of the right goods that lies in the same bin may be taken where the warehouse lets it (`lotSwap`): the
picker is asked once, and what the line still needs is promised from that lot. Nobody is there to be asked about an
entry that was kept in the dark: it is settled as it is judged, booked if it may be, else a person's task.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from pickmesh.core.floor import reading
from pickmesh.core.floor.decisions import Reading
from pickmesh.core.floor.entries import Choice
from pickmesh.core.floor.heard import Heard, UnitHit
from pickmesh.core.floor.pick_task import PickLine, PickTask
from pickmesh.core.floor.rules import YES
from pickmesh.core.floor.state import State
from pickmesh.core.stock.swaps import LotThere, is_worth
from pickmesh.core.stock.tables import LotSwap

_NOT_THAT_LOT = frozenset({"LOT_WRONG", "LOT_LATER", "LOT_PROMISED", "LOT_ON_HOLD", "LOT_EXPIRED"})


def line_of_lot(task: PickTask, state: State, heard: Heard, waiting: Sequence[PickLine]) -> PickLine | Reading:
    """Tell which line's lot it is; ask when the goods are kept by lot and nobody has said which."""
    current = next((line for line in waiting if line.id == state.line_id), waiting[0])
    if not current.lot_tracked or current.lot_code is None:
        return _unless_expired(task, current)
    lot = _lot_in_hand(task, heard, current)
    said = heard.lot_said.code if heard.lot_said else lot.code if lot else None
    if said is None:
        line = next((line for line in waiting if _is_known(line, state, heard)), None)
        return _unless_expired(task, line) if line else Reading("LOT_NEEDED", current.id)
    expires_on = heard.lot_said.expires_on if heard.lot_said else None
    if expires_on is not None and expires_on < task.today:
        return _settled(heard, Reading("LOT_EXPIRED", current.id, words={"scanned_lot": said}))
    line = next((line for line in waiting if _is_same(line.lot_code, said)), None)
    if line is not None:
        return _unless_expired(task, line)
    return _settled(heard, replace(_another(task, state, heard, current, lot), words={"scanned_lot": said}))


def unit_in_hand(task: PickTask, state: State, heard: Heard, line: PickLine) -> UnitHit | Reading:
    """Tell which serial-tracked unit it is, and that it comes from the line's bin and lot."""
    in_hand = {held.unit_id for held in state.hand if held.unit_id is not None}
    unit = reading.unit_of(heard, line.sku_id, task.units_taken | in_hand, task.totes)
    if isinstance(unit, Reading):
        return unit
    if unit.place_id != line.place_id or (line.lot_code is not None and unit.lot_id != line.lot_id):
        return Reading("SERIAL_ELSEWHERE", words={"scanned": unit.serial})
    return unit


def _unless_expired(task: PickTask, line: PickLine) -> PickLine | Reading:
    if line.expires_on is not None and line.expires_on < task.today:
        return Reading("LOT_EXPIRED", line.id, words={"scanned_lot": line.lot_code})
    return line


def _lot_in_hand(task: PickTask, heard: Heard, line: PickLine) -> LotThere | None:
    """Return the lot that is said, or the lot of the serial-tracked unit that is scanned, when it lies in the bin."""
    there = task.lots.get((line.place_id, line.sku_id), {})
    said = heard.lot_said
    if said is not None:
        return next((lot for lot in there.values() if _is_same(lot.code, said.code)), None)
    return next((there[unit.lot_id] for unit in _units_of(heard, line) if unit.lot_id in there), None)


def _units_of(heard: Heard, line: PickLine) -> list[UnitHit]:
    """Return the serial-tracked units that are said and lie in a line's bin."""
    units = (*heard.units, *(heard.code.units if heard.code else ())) if line.serial_tracked else ()
    return [unit for unit in units if (unit.place_id, unit.sku_id) == (line.place_id, line.sku_id)]


def _is_known(line: PickLine, state: State, heard: Heard) -> bool:
    """Tell whether a line's lot need not be said: it was before, or the unit in hand is of it."""
    return line.id == state.lot_line_id or any(unit.lot_id == line.lot_id for unit in _units_of(heard, line))


def _is_same(one: str | None, other: str) -> bool:
    return one is not None and one.strip().upper() == other.strip().upper()


def _another(task: PickTask, state: State, heard: Heard, line: PickLine, lot: LotThere | None) -> Reading:
    """Tell what another lot than the line's means: it is taken instead, is asked about, or must stay where it is."""
    against = _why_not(task, line, lot)
    if against is not None or lot is None:
        return Reading(against or "LOT_WRONG", line.id)
    if state.hand:
        return Reading("ITEM_IN_HAND", line.id)
    if heard.confirmed or heard.unasked:
        return Reading("LOT_SWAPS", line.id, subject_id=lot.key.lot_id)
    return Reading("LOT_OTHER", line.id, choices=[Choice(YES, lot.code)])


def _why_not(task: PickTask, line: PickLine, lot: LotThere | None) -> str | None:
    """Tell what speaks against taking a lot instead of a line's; None when it may be taken."""
    if lot is None or task.lot_swap is LotSwap.NEVER:
        return "LOT_WRONG"
    if not lot.is_fit(task.today):
        return "LOT_ON_HOLD" if lot.blocked else "LOT_EXPIRED"
    meant = task.lots[line.place_id, line.sku_id].get(line.lot_id) if line.lot_id else None
    if not is_worth(task.lot_swap, lot, meant):
        return "LOT_LATER"
    exchanged = lot.key in task.exchangeable and meant is not None and meant.is_fit(task.today)
    return None if lot.free > 0 or exchanged else "LOT_PROMISED"


def _settled(heard: Heard, read: Reading) -> Reading:
    """Return a reading that needs nobody to be asked: goods taken in the dark that were not meant are with somebody."""
    return replace(read, said="LOT_MISPICKED") if heard.unasked and read.said in _NOT_THAT_LOT else read
