"""The transitions of picking."""

from pickmesh.core.floor.tables import Job, Outcome, ScanKind
from pickmesh.core.floor.transitions import ANY_STEP, LINE, NOTHING, SAME, Table, Transition, on, table

TOTE, PLACE, ITEM, PUT, DONE = STEPS = ("TOTE", "PLACE", "ITEM", "PUT", "DONE")
"""Scan a tote to fill; go to a bin; take an item; put it into its order's tote (cluster); nothing left."""

BIND, SWITCH, GO, SWAP, HOLD, TAKE, PUT_IN, SHORT, PARTIAL, PART_HELD, CHECKED, COUNT = (
    "BIND",
    "SWITCH",
    "GO",
    "SWAP",
    "HOLD",
    "TAKE",
    "PUT_IN",
    "SHORT",
    "PARTIAL",
    "PART_HELD",
    "CHECKED",
    "COUNT",
)
CONFUSE, SKIP, UNDO, DROP, ASK, RAISE = (
    "CONFUSE",
    "SKIP",
    "UNDO",
    "DROP",
    "ASK",
    "RAISE",
)

_WORKING = "PLACE ITEM"
_TOTE_FIRST = "Scan the tote you will fill{tote_for} first."
_PLACE_FIRST = "Scan the bin {place} first, then the item."
_PUT_FIRST = "Put the {hand} in your hand into tote {tote} first: scan the tote."
_ALL_TAKEN = "All {asked} of {sku} are taken already; put an extra one back into its bin."
_ELSEWHERE = "{scanned} is not for this bin: put it back and take {sku}."
PASS_ON = "Zone {zone} is done: pass list {list} on to zone {next_zone}."
PICKED = "List {list} is picked: bring it to packing."
CANCELLED = "List {list} was cancelled: bring what you hold to the put-back."
_COUNTED = "{picked} of {sku} are booked already: undo a scan to lower it."

_TOTES = (
    on("TOTE PLACE ITEM", "TOTE_BINDS", Outcome.ACCEPTED, "Fill tote {tote}.{next}", next=LINE, effect=BIND),
    on(TOTE, "TOTE_BINDS_MORE", Outcome.ACCEPTED, "Tote {tote} is for order {order}.{next}", next=TOTE, effect=BIND),
    on(TOTE, "TOTE_KNOWN", Outcome.DUPLICATE, "Tote {tote} is bound already; scan another one{tote_for}."),
    on(_WORKING, "TOTE_KNOWN", Outcome.DUPLICATE, "You are filling tote {tote} already.{next}"),
    on(_WORKING, "TOTE_SWITCHES", Outcome.ACCEPTED, "Fill tote {tote} now.{next}", effect=SWITCH),
    on(ANY_STEP, "TOTE_TAKEN", Outcome.WRONG_PLACE, "Tote {tote} is in use elsewhere; take an empty one."),
    on(ANY_STEP, "TOTE_NOT_NEEDED", Outcome.WRONG_PLACE, "Every order has its tote; leave {tote} and go on.{next}"),
    on(PLACE, "TOTE_EARLY", Outcome.NEEDS_PLACE, _PLACE_FIRST),
    on(ITEM, "TOTE_EARLY", Outcome.WRONG_PLACE, "You hold nothing for this tote: scan the item first."),
)

_BINS = (
    on(TOTE, "BIN_RIGHT", Outcome.NEEDS_PLACE, _TOTE_FIRST),
    on(TOTE, "BIN_AHEAD", Outcome.NEEDS_PLACE, _TOTE_FIRST),
    on(_WORKING, "BIN_RIGHT", Outcome.ACCEPTED, "Take {left} × {sku} {name}.{mind}", next=ITEM, effect=GO),
    on(
        _WORKING,
        "BIN_AHEAD",
        Outcome.ACCEPTED,
        "Out of turn, but right: take {left} × {sku}.{mind}",
        next=ITEM,
        effect=GO,
    ),
    on(ITEM, "BIN_AGAIN", Outcome.DUPLICATE, "You are at {place}: scan the item {sku}."),
    on(ANY_STEP, "BIN_DONE", Outcome.WRONG_PLACE, "Nothing is left to take from {scanned}.{next}"),
    on(ANY_STEP, "BIN_STOPPED", Outcome.INTERCEPTED, "The order was stopped: leave its goods in {scanned}.{next}"),
    on(ANY_STEP, "BIN_WRONG", Outcome.WRONG_PLACE, "{scanned} is the wrong place: go to {place}."),
    on(TOTE, "BIN_WRONG", Outcome.NEEDS_PLACE, _TOTE_FIRST),
    on(PUT, "BIN_WRONG", Outcome.WRONG_PLACE, _PUT_FIRST),
)

_FITS = ("ITEM_FITS", "ITEM_ENDS_LINE", "ITEM_ENDS_TASK", "ITEM_ENDS_ZONE", "ITEM_HELD", "ITEM_HELD_ALL")

_ITEMS = (
    *(on(TOTE, said, Outcome.NEEDS_PLACE, _TOTE_FIRST) for said in _FITS),
    *(on(PLACE, said, Outcome.NEEDS_PLACE, _PLACE_FIRST) for said in _FITS),
    on(ITEM, "ITEM_FITS", Outcome.ACCEPTED, "{taken} of {asked} × {sku}; {left} more.", effect=TAKE),
    on(ITEM, "ITEM_ENDS_LINE", Outcome.LINE_DONE, "All {asked} of {sku}.{next}", next=LINE, effect=TAKE),
    on(ITEM, "ITEM_ENDS_TASK", Outcome.TASK_DONE, PICKED, next=DONE, effect=TAKE),
    on(ITEM, "ITEM_ENDS_ZONE", Outcome.LINE_DONE, PASS_ON, next=DONE, effect=TAKE),
    on("ITEM PUT", "ITEM_HELD", Outcome.ACCEPTED, "{hand} in hand; {more} more for {tote}.", next=PUT, effect=HOLD),
    on("ITEM PUT", "ITEM_HELD_ALL", Outcome.ACCEPTED, "Put {hand} into tote {tote}: scan it.", next=PUT, effect=HOLD),
    on("ITEM PUT", "ITEM_OVER_SHARE", Outcome.TOO_MANY, "Tote {tote} gets {more} more only; put back {over}."),
    on(PUT, "ITEM_IN_HAND", Outcome.WRONG_ITEM, _PUT_FIRST),
    on(ANY_STEP, "ITEM_TOO_MANY", Outcome.TOO_MANY, "{pieces} are too many: only {left} more of {sku} are needed."),
    on(ANY_STEP, "ITEM_ALL_TAKEN", Outcome.TOO_MANY, _ALL_TAKEN),
    on(ANY_STEP, "ITEM_ELSEWHERE", Outcome.WRONG_ITEM, _ELSEWHERE),
    on(TOTE, "ITEM_ELSEWHERE", Outcome.NEEDS_PLACE, _TOTE_FIRST),
    on(ANY_STEP, "ITEM_FOREIGN", Outcome.WRONG_ITEM, "{scanned} is not on this list: put it back.{next}"),
    on(ITEM, "ITEM_ELSEWHERE", Outcome.WRONG_ITEM, _ELSEWHERE, effect=CONFUSE),
    on(ITEM, "ITEM_FOREIGN", Outcome.WRONG_ITEM, "{scanned} is not on this list: put it back.{next}", effect=CONFUSE),
    on(ANY_STEP, "ITEM_STOPPED", Outcome.INTERCEPTED, "The order was stopped: put {sku} back into {place}.{next}"),
    on(ANY_STEP, "ITEM_AMBIGUOUS", Outcome.AMBIGUOUS, "This code is on several goods: which is it?", effect=ASK),
)

_LOTS = (
    on("ITEM PUT", "LOT_NEEDED", Outcome.NEEDS_LOT, "Which lot of {sku} is it? It should be {lot}.", effect=ASK),
    on(ANY_STEP, "LOT_WRONG", Outcome.WRONG_ITEM, "Lot {scanned_lot} is not meant: take lot {lot} of {sku}."),
    on(ITEM, "LOT_OTHER", Outcome.AMBIGUOUS, "Lot {lot} was meant; take lot {scanned_lot} instead?", effect=ASK),
    on(ITEM, "LOT_SWAPS", Outcome.ACCEPTED, "Lot {scanned_lot} instead of {lot}.", effect=SWAP),
    on(
        ANY_STEP,
        "LOT_LATER",
        Outcome.WRONG_ITEM,
        "Lot {scanned_lot} expires later: take lot {lot} of {sku} first.",
    ),
    on(
        ANY_STEP,
        "LOT_PROMISED",
        Outcome.WRONG_ITEM,
        "All of lot {scanned_lot} in {place} is promised to others: take lot {lot} of {sku}.",
    ),
    on(
        ANY_STEP,
        "LOT_ON_HOLD",
        Outcome.WRONG_ITEM,
        "Lot {scanned_lot} is on hold: leave it and take lot {lot} of {sku}.",
    ),
    on(
        ANY_STEP,
        "LOT_MISPICKED",
        Outcome.EXCEPTION,
        "Lot {scanned_lot} was not meant, nor could it be swapped for lot {lot}: a lead has been asked to look.",
        effect=RAISE,
    ),
    on(
        ANY_STEP,
        "LOT_EXPIRED",
        Outcome.EXPIRED_LOT,
        "Lot {scanned_lot} of {sku} has expired: leave it, and report what is missing.",
    ),
    on("ITEM PUT", "SERIAL_NEEDED", Outcome.NEEDS_SERIAL, "Scan the serial number of this {sku}.", effect=ASK),
    on(ANY_STEP, "SERIAL_UNKNOWN", Outcome.UNKNOWN_CODE, "No {sku} has the serial number {scanned}: scan it again."),
    on(ANY_STEP, "SERIAL_ELSEWHERE", Outcome.WRONG_ITEM, "{sku} {scanned} should lie elsewhere: put it aside."),
    on(ANY_STEP, "SERIAL_TWICE", Outcome.DUPLICATE, "{sku} {scanned} is in a tote already: take another one."),
    on(ANY_STEP, "SERIAL_ONE", Outcome.TOO_MANY, "Scan each {sku} by its own serial number."),
)

_PUTS = (
    on(PUT, "PUT_FITS", Outcome.ACCEPTED, "{hand} in tote {tote}.{next}", next=LINE, effect=PUT_IN),
    on(PUT, "PUT_ENDS_LINE", Outcome.LINE_DONE, "All {asked} of {sku}.{next}", next=LINE, effect=PUT_IN),
    on(PUT, "PUT_ENDS_TASK", Outcome.TASK_DONE, PICKED, next=DONE, effect=PUT_IN),
    on(PUT, "PUT_ENDS_ZONE", Outcome.LINE_DONE, PASS_ON, next=DONE, effect=PUT_IN),
    on(PUT, "PUT_WRONG", Outcome.WRONG_PLACE, "{scanned} is the wrong tote: put the {hand} into {tote}."),
)

_QUANTITIES = (
    on(ANY_STEP, "QUANTITY_MISSING", Outcome.NEEDS_QUANTITY, "Key how many pieces, 1 or more."),
    on(ITEM, "QUANTITY_BELOW", Outcome.NEEDS_QUANTITY, _COUNTED),
    on("ITEM PUT", "QUANTITY_SAME", Outcome.DUPLICATE, "{picked} of {sku} are booked already."),
    on(PUT, "QUANTITY_BELOW", Outcome.NEEDS_QUANTITY, "{hand} of {sku} are in your hand: undo a scan to lower it."),
    on(ITEM, "QUANTITY_UNVERIFIED", Outcome.WRONG_ITEM, "Scan one piece of {sku} first, then key how many."),
    on(ANY_STEP, "QUANTITY_COUNTED", Outcome.WRONG_ITEM, "Here every piece is scanned: scan them one by one."),
    on(PLACE, "QUANTITY_EARLY", Outcome.NEEDS_PLACE, _PLACE_FIRST),
    on(TOTE, "QUANTITY_EARLY", Outcome.NEEDS_PLACE, _TOTE_FIRST),
)

_CHECKS = (
    on(ANY_STEP, "BIN_IS_EMPTY", Outcome.ACCEPTED, "Noted: {bin} is empty.{next}", effect=CHECKED),
    on(
        ANY_STEP,
        "BIN_IS_NOT_EMPTY",
        Outcome.ACCEPTED,
        "Noted: {counted} left in {bin}; somebody will count it.{next}",
        effect=COUNT,
    ),
    on(ANY_STEP, "NONE_LEFT", Outcome.ACCEPTED, "Noted: no {sku} is left in {bin}.{next}", effect=CHECKED),
)

_SHORTS = (
    on(ITEM, "PARTIAL", Outcome.SHORT_RECORDED, "{pieces} taken, {short} missing.{next}", next=LINE, effect=PARTIAL),
    on(
        "ITEM PUT",
        "PARTIAL_HELD",
        Outcome.SHORT_RECORDED,
        "{hand} in hand, {short} missing: put them into tote {tote} and scan it.",
        next=PUT,
        effect=PART_HELD,
    ),
    on(ITEM, "SHORT_FITS", Outcome.SHORT_RECORDED, "{short} missing; {left} more to take.", effect=SHORT),
    on(ITEM, "SHORT_ENDS_LINE", Outcome.SHORT_RECORDED, "{short} missing.{next}", next=LINE, effect=SHORT),
    on(ITEM, "SHORT_TOO_MANY", Outcome.TOO_MANY, "Only {left} are left to take: no more can be missing."),
    on(PLACE, "SHORT_EARLY", Outcome.NEEDS_PLACE, "Go to {place} and scan it: only there can goods be missing."),
    on(PUT, "SHORT_TOO_MANY", Outcome.TOO_MANY, "Only {left} are left to take: no more can be missing."),
    on(TOTE, "SHORT_EARLY", Outcome.NEEDS_PLACE, _TOTE_FIRST),
    on(PUT, "SHORT_EARLY", Outcome.NEEDS_PLACE, _PUT_FIRST),
)

_STEERING = (
    on(_WORKING, "SKIP", Outcome.ACCEPTED, "Skipped; it comes again at the end.{next}", next=LINE, effect=SKIP),
    on(_WORKING, "SKIP_LAST", Outcome.ACCEPTED, "It is the last line: take it, or report what is missing."),
    on(PUT, "SKIP", Outcome.NEEDS_PLACE, _PUT_FIRST),
    on(PUT, "SKIP_LAST", Outcome.NEEDS_PLACE, _PUT_FIRST),
    on(
        ANY_STEP,
        "UNDO",
        Outcome.UNDONE,
        "Undone: put {pieces} of {sku} back into {place}.{stays}",
        next=LINE,
        effect=UNDO,
    ),
    on(PUT, "UNDO_HELD", Outcome.UNDONE, "Undone: put the last piece back.", next=LINE, effect=DROP),
    on(ANY_STEP, "UNDO_TWICE", Outcome.DUPLICATE, "That entry is undone already."),
    on(ANY_STEP, "UNDO_EMPTY", Outcome.UNDONE, "That entry booked nothing; there is nothing to put back."),
    on(
        ANY_STEP,
        "UNDO_SHORT",
        Outcome.EXCEPTION,
        "A reported shortage is settled by a count; a lead has been asked to look.",
        effect=RAISE,
    ),
    on(ANY_STEP, "UNDO_NOTHING", Outcome.UNKNOWN_CODE, "There is nothing to undo here."),
    on(
        ANY_STEP,
        "DAMAGED",
        Outcome.EXCEPTION,
        "Put the damaged piece aside; a lead has been told. Report what is missing if too few good ones are left.",
        effect=RAISE,
    ),
)

_OTHERS = (
    on(ANY_STEP, "NOTHING_READ", Outcome.UNKNOWN_CODE, "{problem}"),
    on(ANY_STEP, "UNKNOWN", Outcome.UNKNOWN_CODE, "{problem}"),
    on(ANY_STEP, "MISPLACED", Outcome.UNKNOWN_CODE, "{scanned} says nothing to a picker.{next}"),
    on(DONE, "ZONE_DONE", Outcome.LINE_DONE, PASS_ON),
    on(DONE, "ANYTHING", Outcome.TASK_DONE, "List {list} is picked already: take the next one."),
    on(ANY_STEP, "LIST_TAKEN", Outcome.NOT_YOURS, "Somebody else has list {list} now: take the next one."),
    on(
        ANY_STEP,
        "LIST_TAKEN_SINCE",
        Outcome.EXCEPTION,
        "Somebody else has taken list {list} since: keep what you hold; a lead has been asked to look.",
        effect=RAISE,
    ),
    on(ANY_STEP, "LIST_CANCELLED", Outcome.INTERCEPTED, CANCELLED),
)

TABLE: Table = table(
    Job.PICK,
    STEPS,
    (*_TOTES, *_BINS, *_ITEMS, *_LOTS, *_PUTS, *_QUANTITIES, *_CHECKS, *_SHORTS, *_STEERING, *_OTHERS),
    misfit=Transition(
        ANY_STEP, "MISFIT", Outcome.EXCEPTION, "That does not belong to picking here.{next}", SAME, NOTHING
    ),
)

ACTIONS = {
    TOTE: (ScanKind.SCAN, ScanKind.UNDO),
    PLACE: (ScanKind.SCAN, ScanKind.SKIP, ScanKind.UNDO),
    ITEM: (ScanKind.SCAN, ScanKind.QUANTITY, ScanKind.SHORT, ScanKind.SKIP, ScanKind.UNDO, ScanKind.DAMAGED),
    PUT: (ScanKind.SCAN, ScanKind.QUANTITY, ScanKind.UNDO),
    DONE: (ScanKind.UNDO,),
}
"""What a screen offers in each step; everything else is answered all the same."""
