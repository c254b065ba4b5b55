"""Playing a batch: entries are judged in memory, round by round, and each round is carried out for all sessions.

A session's part of a round ends with its entries, or with an effect after which its work must be read anew (a parcel
that was opened, a shortage that found another bin). One scan per session, the usual case, is one round.
"""

from collections.abc import Collection, Mapping
from uuid import UUID

from msgspec.structs import replace

from pickmesh.core.floor import loading, rules
from pickmesh.core.floor.codes import KnownCodes
from pickmesh.core.floor.decisions import Decision
from pickmesh.core.floor.desk import Desk, Turn
from pickmesh.core.floor.effects import (
    BARRIERS,
    ChooseCarton,
    PackUnits,
    PutBackUnits,
    RaiseTask,
    ReportShort,
    RestoreCarton,
    SortUnits,
    SwapLot,
    TakeUnits,
    UnpackUnits,
    UnsortUnits,
)
from pickmesh.core.floor.entries import Verdict
from pickmesh.core.floor.execution import Deed, Round, execute, subjects_of
from pickmesh.core.floor.pick_loading import is_settled
from pickmesh.core.floor.tables import Outcome
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import Refusal
from pickmesh.core.kit.texts import joined, sentence
from pickmesh.core.picking.tables import TaskKind

_OUTCOMES: Mapping[str, Outcome] = {
    "NOT_YOURS": Outcome.NOT_YOURS,
    "TOO_MANY": Outcome.TOO_MANY,
    "NOT_PICKED": Outcome.TOO_MANY,
    "INTERCEPTED": Outcome.INTERCEPTED,
    "NEEDS_PLACE": Outcome.NEEDS_PLACE,
    "WRONG_PLACE": Outcome.WRONG_PLACE,
    "WALL_FULL": Outcome.WRONG_PLACE,
    "TOTE_IN_HOSPITAL": Outcome.WRONG_PLACE,
    "TOTE_IN_USE": Outcome.WRONG_PLACE,
    "LOT_NOT_FREE": Outcome.WRONG_ITEM,
    "NOT_PERMITTED": Outcome.NOT_YOURS,
}
"""What a command's refusal means to the worker; all others are EXCEPTION."""

_OF_GOODS = (TakeUnits, SwapLot, SortUnits, UnsortUnits, PackUnits, UnpackUnits, PutBackUnits, ReportShort)
SEQUENCE_STEP_MAX = 1_000
"""So far one entry may move a session's remembered sequence; a number gone astray must not make all others late."""

_SOMEBODY_ELSES = sentence("This session belongs to somebody else: open one of your own.")


async def play(uow: UnitOfWork, desks: Collection[Desk], known: KnownCodes) -> None:
    """Judge every waiting entry of every desk and do what follows; each turn has its verdict afterwards."""
    while waiting := [desk for desk in desks if desk.queue]:
        await loading.load(uow, with_stale_work(waiting), known, lock=True)
        work = Round()
        again = [turn for desk in waiting for turn in _play_round(desk, known, work)]
        await execute(uow, work)
        _tell(work, again)
        _credit(uow, work)


def with_stale_work(desks: Collection[Desk]) -> list[Desk]:
    """Return the desks whose work must be read anew: where one is stale, all of its job, for they may share it."""
    stale = {desk.job for desk in desks if desk.stale}
    return [desk for desk in desks if desk.job in stale]


def _play_round(desk: Desk, known: KnownCodes, work: Round) -> list[Turn]:
    """Play a desk's part of a round; return the turn that is to be judged once more, if there is one."""
    codes = known.at(desk.location_id)
    while desk.queue:
        turn = desk.queue.popleft()
        decision = _judge(desk, turn, codes)
        desk.outcomes[turn.entry.client_id] = decision.outcome
        turn.verdict = Verdict(turn.entry.client_id, decision.outcome, decision.message, tuple(decision.choices))
        _remember(turn, decision)
        work.add(desk, turn, [effect for effect in decision.effects if not isinstance(effect, RaiseTask)])
        if decision.again:
            desk.queue.appendleft(turn)
            desk.stale = True
            return [turn]
        desk.done.append(turn)
        if any(isinstance(effect, BARRIERS) for effect in decision.effects):
            desk.stale = True
            return []
    return []


def _judge(desk: Desk, turn: Turn, codes: rules.Codes) -> Decision:
    if turn.actor.person_id != desk.worker_id:
        return Decision(Outcome.NOT_YOURS, _SOMEBODY_ELSES, desk.state)
    entry = turn.entry
    late = entry.sequence < desk.last_sequence
    desk.last_sequence = max(desk.last_sequence, min(entry.sequence, desk.last_sequence + SEQUENCE_STEP_MAX))
    state = desk.book.steady(desk.task, desk.state.late or desk.book.side_track(desk.state)) if late else desk.state
    said = turn.said or rules.heard(entry, state, codes)
    turn.said = said and replace(
        said,
        worker_id=desk.worker_id,
        may_force=turn.actor.may(Permission.PACK_FORCE, warehouse_id=desk.location_id),
        may_kick_out=turn.actor.may(Permission.FLOOR_MANAGE, warehouse_id=desk.location_id),
        answered=desk.outcomes.get(entry.answers) if entry.answers else None,
        unasked=late or is_settled(desk, entry),
    )
    decision = rules.interpret(desk.book, desk.task, state, turn.said, scan_id=turn.scan_id, late=late)
    if late:
        side = replace(decision.state, late=None)
        desk.state = desk.book.steady(desk.task, replace(desk.state, late=side))
    else:
        kept = desk.state.late
        desk.state = decision.state if decision.state.late is kept else replace(decision.state, late=kept)
    return decision


def _remember(turn: Turn, decision: Decision) -> None:
    """Keep beside the scan what an undo will need: what it packed or sorted, or which entry it undid."""
    turn.raised = next((effect for effect in decision.effects if isinstance(effect, RaiseTask)), None)
    packed = [effect for effect in decision.effects if isinstance(effect, PackUnits)]
    if packed:
        parts = [[each.fulfillment_line_id, each.quantity, each.unit_id] for each in packed]
        turn.packed = {"parcel_id": packed[0].parcel_id, "parts": parts}
    boxed = next((effect for effect in decision.effects if isinstance(effect, ChooseCarton)), None)
    if boxed is not None:
        turn.packed = {"parcel_id": boxed.parcel_id, "parts": [], "carton": [boxed.carton_id, boxed.before]}
    put = [effect for effect in decision.effects if isinstance(effect, SortUnits)]
    if put:
        first = put[0]
        turn.packed = {
            "wave_id": first.wave_id,
            "order_id": first.fulfillment_order_id,
            "sku_id": first.sku_id,
            "tote_id": first.from_place_id,
            "slot_id": first.to_place_id,
            "parts": [[each.quantity, each.unit_id] for each in put],
        }
    undoing = (UnpackUnits, UnsortUnits, RestoreCarton)
    turn.undid = next((effect.client_id for effect in decision.effects if isinstance(effect, undoing)), None)


def _tell(work: Round, again: Collection[Turn]) -> None:
    """Put what was refused or is worth telling into the verdicts; a refused turn is not judged once more."""
    for deed, note in work.notes:
        verdict = deed.turn.verdict
        if verdict is not None and note not in verdict.message:
            deed.turn.verdict = replace(verdict, message=joined(verdict.message, note))
    refused: set[UUID] = set()
    once_more = {turn.scan_id for turn in again}
    for deed, refusal in work.refused:
        if deed.turn.scan_id in refused:
            continue
        refused.add(deed.turn.scan_id)
        _refuse(deed, refusal)
        if deed.turn.scan_id in once_more:
            deed.desk.queue.popleft()
            deed.desk.done.append(deed.turn)


def _refuse(deed: Deed, refusal: Refusal) -> None:
    turn, effect = deed.turn, deed.effect
    settles = isinstance(effect, SwapLot) and effect.settles
    outcome = Outcome.EXCEPTION if settles else _OUTCOMES.get(refusal.code, Outcome.EXCEPTION)
    turn.verdict = Verdict(turn.entry.client_id, outcome, refusal.message)
    turn.packed = turn.undid = None
    deed.desk.outcomes[turn.entry.client_id] = outcome
    deed.desk.stale = True
    if outcome is Outcome.EXCEPTION and isinstance(effect, _OF_GOODS):
        turn.raised = RaiseTask(TaskKind.MISFIT_SCAN, quantity=effect.quantity)


def _credit(uow: UnitOfWork, work: Round) -> None:
    """Let the log say who did what, though the unit of work is the machinery's own."""
    for deeds in work.deeds.values():
        for deed in deeds:
            uow.credit(deed.desk.worker_id, subjects_of(deed))
