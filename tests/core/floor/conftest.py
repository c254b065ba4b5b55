"""A pick list on paper, and a picker who walks it entry by entry without any database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid5

import pytest
from msgspec.structs import replace

from pickmesh.core.floor import jobs, rules
from pickmesh.core.floor.decisions import Decision
from pickmesh.core.floor.effects import BARRIERS, Effect
from pickmesh.core.floor.entries import Entry
from pickmesh.core.floor.heard import Code, ItemHit, PlaceHit, UnitHit
from pickmesh.core.floor.pick_task import PickLine, PickTask, Share
from pickmesh.core.floor.state import State
from pickmesh.core.floor.tables import Outcome, ScanKind
from pickmesh.core.kit.ids import new_id
from pickmesh.core.picking.tables import PickListStatus, WaveKind
from pickmesh.core.stock.tables import ScanPolicy
from pickmesh.scanner.codes.parse import parse

WORKER = new_id()
HERE = new_id()
AT = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
TODAY = date(2026, 11, 24)


def id_of(name: str) -> UUID:
    """A fixed id for a name, so that tests can speak of things by name."""
    return uuid5(UUID(int=1), name)


@dataclass
class Shelf:
    """The codes that are known: SKUs by their code, packs as CODE*6, bins and totes by their code, serial units."""

    items: dict[str, list[ItemHit]] = field(default_factory=dict)
    places: dict[str, PlaceHit] = field(default_factory=dict)
    serials: dict[str, UnitHit] = field(default_factory=dict)

    def sku(self, code: str, *, pack: int = 0, shared_code: str | None = None) -> UUID:
        hit = ItemHit(id_of(code), code)
        self.items.setdefault(code, [hit])
        if pack:
            self.items[f"{code}-CASE"] = [replace(hit, units=pack)]
        if shared_code:
            self.items.setdefault(shared_code, []).append(hit)
        return hit.sku_id

    def place(self, code: str, kind: str, **more: Any) -> PlaceHit:
        self.places[code] = PlaceHit(id_of(code), HERE, code, kind, **more)
        return self.places[code]

    def unit(self, serial: str, sku: str, place: str) -> None:
        self.serials[serial] = UnitHit(id_of(serial), id_of(sku), serial, id_of(place), UUID(int=0), "IN_STOCK")

    def of(self, entry: Entry) -> Code | None:
        if entry.raw is None:
            return None
        scanned = parse(entry.raw, symbology=entry.symbology)
        text = scanned.text.split("\x1d")[0]
        found = [unit for serial, unit in self.serials.items() if serial in {text, scanned.serial}]
        names = (text, scanned.gtin or "")
        return Code(
            scanned,
            next((self.items[name] for name in names if name in self.items), ()),
            self.places.get(scanned.own_value or text),
            found,
        )

    def units(self, serial: str) -> Sequence[UnitHit]:
        return [self.serials[serial]] if serial in self.serials else []


@dataclass
class Walk:
    """A picker with a list; `say` gives the decision on one entry and keeps the state that follows."""

    task: PickTask
    shelf: Shelf
    state: State = jobs.PICK.start
    sequence: int = 0
    effects: list[Effect] = field(default_factory=list)
    ids: list[UUID] = field(default_factory=list)

    def say(self, kind: ScanKind = ScanKind.SCAN, raw: str | None = None, **more: Any) -> Decision:
        self.sequence += 1
        entry = Entry(new_id(), self.sequence, AT, kind, raw=raw, **more)
        self.ids.append(entry.client_id)
        self.state = jobs.PICK.steady(self.task, self.state)
        said = rules.heard(entry, self.state, self.shelf)
        known = replace(said, worker_id=WORKER) if said else None
        decision = rules.interpret(jobs.PICK, self.task, self.state, known, scan_id=new_id())
        self.state = decision.state
        self.effects += decision.effects
        self.after_barriers(decision.effects)
        return decision

    def after_barriers(self, done: Sequence[Effect]) -> None:
        """Stand in for reading the list anew where a test needs it."""
        if any(isinstance(effect, BARRIERS) for effect in done):
            self.state = jobs.PICK.steady(self.task, self.state)

    def scan(self, *codes: str) -> list[Outcome]:
        """Scan codes one after the other; return the outcomes."""
        return [self.say(raw=code).outcome for code in codes]


@pytest.fixture
def shelf() -> Shelf:
    shelf = Shelf()
    for number in (1, 2, 3, 4):
        shelf.place(f"T-000{number}", "TOTE", tote_state="EMPTY")
    for bin_code in ("A-01", "A-02", "B-01", "B-09"):
        shelf.place(bin_code, "BIN")
    shelf.sku("TEA", pack=6)
    shelf.sku("CUP")
    shelf.sku("POT")
    return shelf


class Lists:
    """Makes pick lists: lines as (bin, SKU, quantity by order, facts of the line)."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf

    def make(
        self,
        *lines: tuple[str, str, dict[str, int]] | tuple[str, str, dict[str, int], dict[str, Any]],
        kind: WaveKind = WaveKind.DISCRETE,
        policy: ScanPolicy = ScanPolicy.PLACE_AND_ITEM,
    ) -> Walk:
        task = PickTask(id_of("LIST"), "L-0001", kind, PickListStatus.CLAIMED, WORKER, AT, AT, policy, TODAY, seats={})
        for sequence, (place, sku, wanted, *facts) in enumerate(lines, 1):
            shares = [Share(id_of(order), quantity) for order, quantity in wanted.items()]
            line = PickLine(
                id_of(f"line {sequence}"),
                sequence,
                id_of(place),
                place,
                id_of(sku),
                sku,
                sku.title(),
                sum(wanted.values()),
                shares=shares,
                **(facts[0] if facts else {}),
            )
            task.lines[line.id] = line
            task.seats |= {id_of(order): order for order in wanted}
        return Walk(task, self.shelf)


@pytest.fixture
def lists(shelf: Shelf) -> Lists:
    return Lists(shelf)
