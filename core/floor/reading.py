"""Reading entries: what every job asks of a code before it asks what the code means for the work."""

from collections.abc import Collection
from uuid import UUID

from pickmesh.core.floor.decisions import Reading
from pickmesh.core.floor.entries import Choice
from pickmesh.core.floor.heard import Code, Heard, ItemHit, UnitHit
from pickmesh.scanner.codes.parse import NOTHING_READ


def unknown(code: Code | None) -> Reading | None:
    """Tell that nothing was read or that nobody knows the code; None when somebody does."""
    if code is None or not code.scanned.text:
        problem = code.scanned.problem if code else None
        return Reading("NOTHING_READ", words={"problem": problem or NOTHING_READ})
    if not code.known:
        return Reading("UNKNOWN", words={"problem": code.problem, "scanned": code.scanned.text})
    return None


def item_of(heard: Heard, code: Code) -> ItemHit | Reading:
    """Tell which goods a code means, asking when it stands on several; a serial number stands for its unit's goods."""
    hits = {hit.sku_id: hit for hit in reversed(code.items) if heard.chosen in {None, hit.sku_id}}
    if len(hits) > 1:
        choices = [Choice(str(hit.sku_id), f"{hit.sku_code} × {hit.units}") for hit in hits.values()]
        return Reading("ITEM_AMBIGUOUS", choices=sorted(choices, key=lambda choice: choice.label))
    if heard.entry.quantity is not None and heard.entry.quantity < 1:
        return Reading("QUANTITY_MISSING")
    if hits:
        return next(iter(hits.values()))
    if code.units:
        return ItemHit(code.units[0].sku_id, code.scanned.text)
    return Reading("MISPLACED")


def unit_of(heard: Heard, sku_id: UUID, used: Collection[UUID], used_places: Collection[UUID]) -> UnitHit | Reading:
    """Tell which serial-tracked unit it is; asks when nobody has said, and knows one that was scanned before."""
    scanned_units = heard.code.units if heard.code else ()
    serial = heard.serial_said or (scanned_units[0].serial if scanned_units else None)
    if serial is None:
        return Reading("SERIAL_NEEDED")
    words = {"scanned": serial}
    key = serial.strip().upper()
    found = (unit for unit in (*heard.units, *scanned_units) if unit.sku_id == sku_id and unit.serial.upper() == key)
    unit = next(found, None)
    if unit is None:
        return Reading("SERIAL_UNKNOWN", words=words)
    if unit.id in used or unit.place_id in used_places:
        return Reading("SERIAL_TWICE", words=words)
    return unit
