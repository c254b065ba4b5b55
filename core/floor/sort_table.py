"""The transitions of sorting at a put wall."""

from pickmesh.core.floor.tables import Job, Outcome, ScanKind
from pickmesh.core.floor.transitions import ANY_STEP, NOTHING, SAME, Table, Transition, on, table

OPEN, WALL, ITEM, SLOT = STEPS = ("OPEN", "WALL", "ITEM", "SLOT")
"""Nothing is chosen; the wave has no wall yet; scan a piece; put it into the slot that is lit."""

TAKE_UP, BIND, SWITCH, HOLD, COUNT, PUT, DROP, UNDO, LEAVE, LAY_DOWN, ASK, RAISE = (
    "TAKE_UP",
    "BIND",
    "SWITCH",
    "HOLD",
    "COUNT",
    "PUT",
    "DROP",
    "UNDO",
    "LEAVE",
    "LAY_DOWN",
    "ASK",
    "RAISE",
)
SHOW, SHOW_WAVE, TAKE_OUT = "SHOW", "SHOW_WAVE", "TAKE_OUT"
_FREE = "OPEN WALL ITEM"
_AT_WALL = "ITEM SLOT"
_LIT = "{hand} × {sku} into slot {slot} ({shape} {colour}): {code}."

_BEGINNINGS = (
    on(_FREE, "WAVE_OPENS", Outcome.ACCEPTED, "Wave {wave}: scan a piece, {left} to sort.", next=ITEM, effect=TAKE_UP),
    on(_FREE, "TOTE_OPENS", Outcome.ACCEPTED, "{scanned}: scan a piece, {in_tote} to sort.", next=ITEM, effect=TAKE_UP),
    on(
        _FREE,
        "WALL_NEEDED",
        Outcome.ACCEPTED,
        "Wave {wave} has no wall yet: scan any slot of a free wall.",
        next=WALL,
        effect=TAKE_UP,
    ),
    on(WALL, "WALL_BINDS", Outcome.ACCEPTED, "Wave {wave} is sorted at this wall.", next=ITEM, effect=BIND),
    on(ITEM, "TOTE_SAME", Outcome.DUPLICATE, "You are sorting {scanned} already: {in_tote} pieces left."),
    on(SLOT, "TOTE_SAME", Outcome.WRONG_PLACE, "Put the {hand} × {sku} into slot {slot} ({shape} {colour}) first."),
    on(SLOT, "WAVE_OPENS", Outcome.WRONG_PLACE, "Put the {hand} × {sku} into slot {slot} ({shape} {colour}) first."),
    on(SLOT, "TOTE_OPENS", Outcome.WRONG_PLACE, "Put the {hand} × {sku} into slot {slot} ({shape} {colour}) first."),
    on(SLOT, "WALL_NEEDED", Outcome.WRONG_PLACE, "Put the {hand} × {sku} into slot {slot} ({shape} {colour}) first."),
    on(
        ANY_STEP,
        "WAVE_OTHER_KIND",
        Outcome.WRONG_PLACE,
        "{scanned} is not sorted at a wall: bring it to the pack bench.",
    ),
    on(ANY_STEP, "WAVE_SORTED", Outcome.DUPLICATE, "Nothing of {scanned} is left to sort: scan another tote or wave."),
    on(ANY_STEP, "TOTE_EMPTY", Outcome.WRONG_PLACE, "Nothing in {scanned} is to be sorted: scan another tote."),
    on(
        ANY_STEP,
        "TOTE_STOPPED",
        Outcome.INTERCEPTED,
        "What is left in {scanned} was stopped: bring it to the put-back.",
    ),
    on(ANY_STEP, "TOTE_HOSPITAL", Outcome.WRONG_PLACE, "{scanned} is in the hospital: leave it to a lead."),
    on(ANY_STEP, "PLACE_WRONG", Outcome.WRONG_PLACE, "{scanned} is no tote and no slot of this wave."),
    on(OPEN, "SLOT_EARLY", Outcome.NEEDS_PLACE, "Scan a tote or the wave first."),
    on(OPEN, "ITEM_EARLY", Outcome.NEEDS_PLACE, "Scan a tote or the wave first."),
    on(WALL, "ITEM_EARLY", Outcome.NEEDS_PLACE, "Wave {wave} has no wall yet: scan any slot of a free wall."),
)

_ITEMS = (
    on(_AT_WALL, "ITEM_LIT", Outcome.ACCEPTED, _LIT, next=SLOT, effect=HOLD),
    on(ITEM, "ITEM_PUTS", Outcome.ACCEPTED, _LIT, effect=PUT),
    on(ITEM, "ITEM_FILLS", Outcome.LINE_DONE, _LIT + " Slot {slot} is complete.", effect=PUT),
    on(ITEM, "ITEM_ENDS_TOTE", Outcome.LINE_DONE, _LIT + " {rest}", effect=PUT),
    on(
        ITEM,
        "ITEM_ENDS_ALL",
        Outcome.TASK_DONE,
        _LIT + " Everything of wave {wave} is sorted.{also}",
        next=OPEN,
        effect=PUT,
    ),
    on(
        ANY_STEP,
        "ITEM_STOPPED",
        Outcome.INTERCEPTED,
        "Order {order} was stopped: bring this {sku} to the put-back.",
    ),
    on(ANY_STEP, "ITEM_UNWANTED", Outcome.WRONG_ITEM, "No order of wave {wave} wants {scanned}: put it aside."),
    on(ANY_STEP, "ITEM_ELSEWHERE", Outcome.WRONG_ITEM, "By the book this {sku} lies in {elsewhere}: scan that tote."),
    on(
        ANY_STEP,
        "ITEM_SURPLUS",
        Outcome.TOO_MANY,
        "No slot wants another {sku}: if it is really left over, say so and put it aside.",
    ),
    on(ANY_STEP, "ITEM_TOO_MANY", Outcome.TOO_MANY, "Slot {slot} takes {takes} × {sku} only: scan fewer."),
    on(SLOT, "ITEM_OTHER", Outcome.WRONG_ITEM, "Put the {hand} × {sku} into slot {slot} ({shape} {colour}) first."),
    on(ANY_STEP, "ITEM_AMBIGUOUS", Outcome.AMBIGUOUS, "This code is on several goods: which is it?", effect=ASK),
    on(ANY_STEP, "LOT_WRONG", Outcome.WRONG_ITEM, "Lot {scanned_lot} of {sku} was not picked for this wave."),
    on(ANY_STEP, "SERIAL_NEEDED", Outcome.NEEDS_SERIAL, "Scan the serial number of this {sku}.", effect=ASK),
    on(ANY_STEP, "SERIAL_UNKNOWN", Outcome.UNKNOWN_CODE, "No {sku} has the serial number {scanned}."),
    on(ANY_STEP, "SERIAL_ELSEWHERE", Outcome.WRONG_ITEM, "{sku} {scanned} was not picked into this tote."),
    on(ANY_STEP, "SERIAL_TWICE", Outcome.DUPLICATE, "You hold {scanned} already."),
    on(ANY_STEP, "SERIAL_ONE", Outcome.TOO_MANY, "Scan each {sku} by its own serial number."),
    on(ANY_STEP, "QUANTITY_MISSING", Outcome.NEEDS_QUANTITY, "Key how many pieces, 1 or more."),
    on("OPEN WALL ITEM", "QUANTITY_EARLY", Outcome.WRONG_ITEM, "Scan one piece first, then key how many."),
    on(SLOT, "QUANTITY_EARLY", Outcome.WRONG_ITEM, "Scan each {sku} by its own serial number."),
    on(SLOT, "QUANTITY_SAME", Outcome.DUPLICATE, "{hand} × {sku} are in your hand already."),
    on(SLOT, "QUANTITY_COUNTS", Outcome.ACCEPTED, _LIT, effect=COUNT),
)

_SLOTS = (
    on(SLOT, "SLOT_TAKES", Outcome.ACCEPTED, "{hand} × {sku} in slot {slot}; {left} to sort.", next=ITEM, effect=PUT),
    on(SLOT, "SLOT_FILLS", Outcome.LINE_DONE, "Slot {slot} is complete.", next=ITEM, effect=PUT),
    on(SLOT, "SLOT_ENDS_TOTE", Outcome.LINE_DONE, "Slot {slot} has it. {rest}", next=ITEM, effect=PUT),
    on(SLOT, "SLOT_ENDS_ALL", Outcome.TASK_DONE, "Everything of wave {wave} is sorted.{also}", next=OPEN, effect=PUT),
    on(SLOT, "SLOT_WRONG", Outcome.WRONG_PLACE, "Not {scanned}: slot {slot} ({shape} {colour}) takes the {sku}."),
    on(
        ITEM,
        "SLOT_SHOWN",
        Outcome.WRONG_PLACE,
        "Slot {slot} waits for {waits} pieces: scan a piece first.",
        effect=SHOW,
    ),
    on(
        ITEM,
        "SLOT_COMPLETE",
        Outcome.WRONG_PLACE,
        "Slot {slot} is complete: it can be packed. Scan a piece.",
        effect=SHOW,
    ),
    on(
        OPEN,
        "SLOT_COMPLETE",
        Outcome.WRONG_PLACE,
        "Slot {slot} is complete: it can be packed. Scan a tote to sort.",
        effect=SHOW,
    ),
    on(OPEN, "SLOT_OPENS", Outcome.ACCEPTED, "Wave {wave}: scan a piece, {left} to sort.", next=ITEM, effect=SHOW_WAVE),
    on(
        ANY_STEP,
        "SLOT_STOPPED",
        Outcome.INTERCEPTED,
        "Order {order} was stopped: take everything out of slot {slot} and bring it to the put-back.",
    ),
)

_KICKS = (
    on(
        "OPEN ITEM",
        "KICK_OUT",
        Outcome.ACCEPTED,
        "Order {order} is out of wave {wave}: take everything out of slot {slot} and bring it to the put-back.",
        effect=TAKE_OUT,
    ),
    on("OPEN ITEM", "KICK_WHICH", Outcome.NEEDS_PLACE, "Scan the slot of the order that is to leave its wave first."),
    on("OPEN ITEM", "KICK_NO_REASON", Outcome.EXCEPTION, "Say why: choose or write a reason."),
    on(
        "OPEN ITEM",
        "KICK_NOT_ALLOWED",
        Outcome.NOT_YOURS,
        "Taking an order out of its wave needs the permission floor:manage: call a lead.",
    ),
    on(SLOT, "KICK_OUT", Outcome.WRONG_PLACE, "Put the {hand} × {sku} into slot {slot} ({shape} {colour}) first."),
)

_OTHERS = (
    on(ITEM, "TOTE_DONE", Outcome.ACCEPTED, "{tote} is empty: scan the next tote.", effect=LAY_DOWN),
    on(
        ITEM, "TOTE_NOT_DONE", Outcome.NEEDS_QUANTITY, "By the book {in_tote} pieces are in {tote}: look, or say short."
    ),
    on(ANY_STEP, "TOTE_NONE", Outcome.NEEDS_PLACE, "Scan the tote you mean first."),
    on(
        ITEM,
        "TOTE_SHORT",
        Outcome.EXCEPTION,
        "{in_tote} pieces of {tote} are missing: a lead has been asked to look, their slots wait.",
        effect=RAISE,
    ),
    on(ANY_STEP, "LEFT_OVER", Outcome.EXCEPTION, "Put aside what is left over: a lead has been asked.", effect=RAISE),
    on(ANY_STEP, "TROUBLE", Outcome.EXCEPTION, "A lead has been asked to look.", effect=RAISE),
    on(SLOT, "UNDO_HELD", Outcome.UNDONE, "Undone: lay the {hand} × {sku} back.", next=ITEM, effect=DROP),
    on(
        ANY_STEP,
        "UNDO",
        Outcome.UNDONE,
        "Undone: take {pieces} × {sku} out of slot {slot} and lay them into {tote}.",
        next=ITEM,
        effect=UNDO,
    ),
    on(ANY_STEP, "UNDO_TWICE", Outcome.DUPLICATE, "That entry is undone already."),
    on(
        ANY_STEP,
        "UNDO_CLOSED",
        Outcome.WRONG_PLACE,
        "Those pieces have left their slot: the pack bench takes them out.",
    ),
    on(ANY_STEP, "UNDO_EMPTY", Outcome.UNDONE, "That entry put nothing into a slot; there is nothing to take out."),
    on(ANY_STEP, "UNDO_NOTHING", Outcome.UNKNOWN_CODE, "There is nothing to undo here."),
    on("WALL ITEM", "ASIDE", Outcome.ACCEPTED, "Wave {wave} is laid aside: scan it to go on.", next=OPEN, effect=LEAVE),
    on(OPEN, "ASIDE", Outcome.NEEDS_PLACE, "Scan a tote or the wave first."),
    on(SLOT, "ASIDE", Outcome.WRONG_PLACE, "Put the {hand} × {sku} into slot {slot} ({shape} {colour}) first."),
    on(ANY_STEP, "NOTHING_READ", Outcome.UNKNOWN_CODE, "{problem}"),
    on(ANY_STEP, "UNKNOWN", Outcome.UNKNOWN_CODE, "{problem}"),
    on(ANY_STEP, "MISPLACED", Outcome.UNKNOWN_CODE, "{scanned} says nothing at a put wall."),
)

TABLE: Table = table(
    Job.SORT,
    STEPS,
    (*_BEGINNINGS, *_ITEMS, *_SLOTS, *_KICKS, *_OTHERS),
    misfit=Transition(ANY_STEP, "MISFIT", Outcome.EXCEPTION, "That does not belong to sorting.", SAME, NOTHING),
)

ACTIONS = {
    OPEN: (ScanKind.SCAN, ScanKind.UNDO, ScanKind.KICK_OUT),
    WALL: (ScanKind.SCAN, ScanKind.SKIP),
    ITEM: (
        ScanKind.SCAN,
        ScanKind.EMPTY,
        ScanKind.NOT_EMPTY,
        ScanKind.SHORT,
        ScanKind.UNDO,
        ScanKind.SKIP,
        ScanKind.DAMAGED,
        ScanKind.KICK_OUT,
    ),
    SLOT: (ScanKind.SCAN, ScanKind.QUANTITY, ScanKind.UNDO, ScanKind.DAMAGED),
}
"""What a screen offers in each step; everything else is answered all the same."""
