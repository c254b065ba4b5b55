"""The transitions of packing."""

from pickmesh.core.floor.tables import Job, Outcome, ScanKind
from pickmesh.core.floor.transitions import ANY_STEP, NOTHING, SAME, Table, Transition, on, table

OPEN, ITEMS, SEAL, WEIGH = STEPS = ("OPEN", "ITEMS", "SEAL", "WEIGH")
"""Nothing is open; verify pieces; all are verified; a sealed parcel goes on the scale."""

BEGIN, TAKE_UP, STAND, PACK, UNPACK, SCALE, DISPUTE, FORCE, CLOSE, CLOSE_OFF, ANOTHER = (
    "BEGIN",
    "TAKE_UP",
    "STAND",
    "PACK",
    "UNPACK",
    "SCALE",
    "DISPUTE",
    "FORCE",
    "CLOSE",
    "CLOSE_OFF",
    "ANOTHER",
)
REPRINT, LEAVE, ASK, RAISE = ("REPRINT", "LEAVE", "ASK", "RAISE")
STATION, PACK_CLOSE, PACK_OFF, UNSEAL = ("STATION", "PACK_CLOSE", "PACK_OFF", "UNSEAL")
BOX, UNBOX, RECALL = ("BOX", "UNBOX", "RECALL")

_WORKING = "ITEMS SEAL"
_BUSY = "ITEMS SEAL WEIGH"
_REASON = "Say why: choose or write a reason."

_ORDERS = (
    on(OPEN, "ORDER_OPENS", Outcome.ACCEPTED, "Order {order}: verify {left} pieces.{rest}", next=ITEMS, effect=BEGIN),
    on(OPEN, "UNIT_OPENS", Outcome.ACCEPTED, "Order {order} takes {scanned}.", next=ITEMS, effect=BEGIN),
    on(
        OPEN, "ORDER_GOES_ON", Outcome.ACCEPTED, "Go on with {parcel}: {left} pieces.{rest}", next=ITEMS, effect=TAKE_UP
    ),
    on(OPEN, "PARCEL_SEALED", Outcome.ACCEPTED, "Put parcel {parcel} on the scale.", next=WEIGH, effect=TAKE_UP),
    on(OPEN, "TOTE_MIXED", Outcome.ACCEPTED, "{scanned} holds {orders} orders: scan any piece.", effect=STAND),
    on(OPEN, "TOTE_EMPTY", Outcome.WRONG_PLACE, "Nothing in {scanned} waits for packing: scan another tote."),
    on(OPEN, "PLACE_WRONG", Outcome.WRONG_PLACE, "{scanned} is no tote: scan a tote, an order or a piece."),
    on(OPEN, "UNIT_UNWANTED", Outcome.WRONG_ITEM, "No order waits for {scanned}: scan its tote, or put it aside."),
    on(
        OPEN,
        "UNIT_STOPPED",
        Outcome.INTERCEPTED,
        "The order that {scanned} was picked for was stopped: bring it to the put-back.",
    ),
    on(OPEN, "UNIT_SEVERAL", Outcome.NEEDS_PLACE, "{scanned} is in several hot sales: scan the wave you are packing."),
    on(OPEN, "WAVE_AT_STATION", Outcome.ACCEPTED, "Wave {wave}: scan any piece of it.", effect=STATION),
    on(OPEN, "WAVE_NOT_HERE", Outcome.WRONG_PLACE, "{scanned} is not packed piece by piece here: scan its totes."),
    on(OPEN, "SLOT_WAITS", Outcome.NEEDS_QUANTITY, "{scanned} still waits for {waits} pieces: sort them first."),
    on(OPEN, "TOTE_HOSPITAL", Outcome.WRONG_PLACE, "{scanned} is in the hospital: leave it to a lead."),
    on(OPEN, "ORDER_HOSPITAL", Outcome.WRONG_PLACE, "Nothing of order {order} is to be packed yet.{rest}"),
    on(OPEN, "ORDER_UNPICKED", Outcome.WRONG_PLACE, "Nothing of order {order} is picked yet: put it aside."),
    on(OPEN, "ORDER_GONE", Outcome.DUPLICATE, "Order {order} is packed already."),
    on(
        OPEN,
        "PARCEL_DONE",
        Outcome.DUPLICATE,
        "{parcel} of order {order} is packed already: its label can be printed once more.",
        effect=RECALL,
    ),
    on(OPEN, "ORDER_ELSEWHERE", Outcome.WRONG_PLACE, "{scanned} is not to be packed in this warehouse."),
    on(OPEN, "ORDER_AMBIGUOUS", Outcome.AMBIGUOUS, "Several parts of this order are here: which one?", effect=ASK),
    on(
        ANY_STEP,
        "ORDER_STOPPED",
        Outcome.INTERCEPTED,
        "Order {order} was stopped: close nothing, bring its goods to the put-back.",
        next=OPEN,
        effect=LEAVE,
    ),
    on(_BUSY, "ORDER_SAME", Outcome.DUPLICATE, "You are packing order {order} already: {left} pieces left."),
    on(_BUSY, "ORDER_OTHER", Outcome.WRONG_PLACE, "Finish parcel {parcel} of order {order} first."),
    on(_BUSY, "PLACE_WRONG", Outcome.WRONG_PLACE, "Finish parcel {parcel} first; {scanned} is not needed now."),
)

_ITEMS = (
    on(_WORKING, "ITEM_FITS", Outcome.ACCEPTED, "{sku}: {left} pieces left.", effect=PACK),
    on(_WORKING, "ITEM_ENDS_LINE", Outcome.LINE_DONE, "All of {sku}; {left} pieces left.", effect=PACK),
    on(_WORKING, "ITEM_ENDS_ALL", Outcome.LINE_DONE, "All pieces are in: close the parcel.", next=SEAL, effect=PACK),
    on(
        _WORKING,
        "UNIT_TO_WEIGH",
        Outcome.LINE_DONE,
        "Order {order}: {parcel} is closed, its label comes out; weigh it.",
        next=WEIGH,
        effect=PACK_CLOSE,
    ),
    on(
        _WORKING,
        "UNIT_SHIPS",
        Outcome.TASK_DONE,
        "Order {order}: {parcel} is closed, its label comes out.",
        next=OPEN,
        effect=PACK_OFF,
    ),
    on(
        _WORKING,
        "SET_TO_WEIGH",
        Outcome.LINE_DONE,
        "Order {order}: all {pieces} pieces are in {parcel}, its label comes out; weigh it.",
        next=WEIGH,
        effect=PACK_CLOSE,
    ),
    on(
        _WORKING,
        "SET_SHIPS",
        Outcome.TASK_DONE,
        "Order {order}: all {pieces} pieces are in {parcel}, its label comes out.",
        next=OPEN,
        effect=PACK_OFF,
    ),
    on(ANY_STEP, "ITEM_TOO_MANY", Outcome.TOO_MANY, "Only {item_left} more of {sku} belong in: put {over} aside."),
    on(ANY_STEP, "ITEM_ALL_IN", Outcome.TOO_MANY, "All {asked} of {sku} are in already: put this one aside."),
    on(ANY_STEP, "ITEM_UNPICKED", Outcome.TOO_MANY, "Only {at_hand} of {sku} were picked for it: put it aside."),
    on(ANY_STEP, "ITEM_FOREIGN", Outcome.WRONG_ITEM, "{scanned} does not belong to order {order}: put it aside."),
    on(WEIGH, "ITEM_SEALED", Outcome.WRONG_ITEM, "Parcel {parcel} is sealed: put it on the scale."),
    on(ANY_STEP, "ITEM_AMBIGUOUS", Outcome.AMBIGUOUS, "This code is on several goods: which is it?", effect=ASK),
    on(ANY_STEP, "LOT_WRONG", Outcome.WRONG_ITEM, "Lot {scanned_lot} of {sku} was not picked for this order."),
    on(ANY_STEP, "LOT_EXPIRED", Outcome.EXPIRED_LOT, "Lot {scanned_lot} of {sku} has expired: do not send it."),
    on(_WORKING, "SERIAL_NEEDED", Outcome.NEEDS_SERIAL, "Scan the serial number of this {sku}.", effect=ASK),
    on(ANY_STEP, "SERIAL_UNKNOWN", Outcome.UNKNOWN_CODE, "No {sku} has the serial number {scanned}: scan it again."),
    on(ANY_STEP, "SERIAL_ELSEWHERE", Outcome.WRONG_ITEM, "{sku} {scanned} was not picked for this order."),
    on(ANY_STEP, "SERIAL_TWICE", Outcome.DUPLICATE, "{sku} {scanned} is in a parcel already."),
    on(ANY_STEP, "SERIAL_ONE", Outcome.TOO_MANY, "Scan each {sku} by its own serial number."),
    on(ANY_STEP, "QUANTITY_MISSING", Outcome.NEEDS_QUANTITY, "Key how many pieces, 1 or more."),
    on(_WORKING, "QUANTITY_UNVERIFIED", Outcome.WRONG_ITEM, "Scan one piece first, then key how many."),
    on(_WORKING, "QUANTITY_SAME", Outcome.DUPLICATE, "{booked} of {sku} are in this parcel already."),
    on(_WORKING, "QUANTITY_BELOW", Outcome.NEEDS_QUANTITY, "{booked} of {sku} are in already: undo a scan first."),
)

_SCALES = (
    on(_BUSY, "WEIGHT_MISSING", Outcome.NEEDS_QUANTITY, "Put the parcel on the scale, or key its weight in grams."),
    on(ITEMS, "WEIGHT_EARLY", Outcome.NEEDS_QUANTITY, "{left} pieces are missing: scan them before weighing."),
    on("SEAL WEIGH", "WEIGHT_FITS", Outcome.TASK_DONE, "{weight} g: {parcel} is closed.", next=OPEN, effect=SCALE),
    on("SEAL WEIGH", "WEIGHT_OFF", Outcome.EXCEPTION, "{problem}", effect=DISPUTE),
    on("SEAL WEIGH", "FORCE_WEIGHT", Outcome.TASK_DONE, "{weight} g, forced: closed.", next=OPEN, effect=SCALE),
    on(ITEMS, "FORCE_REST", Outcome.ACCEPTED, "The rest passes unscanned: close it.", next=SEAL, effect=FORCE),
    on(_BUSY, "FORCE_NOTHING", Outcome.DUPLICATE, "There is nothing to force here."),
    on(_BUSY, "FORCE_NO_REASON", Outcome.EXCEPTION, _REASON),
    on(_BUSY, "FORCE_NOT_ALLOWED", Outcome.NOT_YOURS, "Forcing needs the permission pack:force: call a lead."),
)

_CLOSINGS = (
    on(
        _WORKING,
        "SEAL_EMPTY",
        Outcome.NEEDS_QUANTITY,
        "Nothing is verified into {parcel}: scan what lies in it.",
    ),
    on(ITEMS, "SEAL_EARLY", Outcome.NEEDS_QUANTITY, "{left} pieces are missing: scan them, or begin a next parcel."),
    on(_WORKING, "SEAL_TO_WEIGH", Outcome.ACCEPTED, "{parcel} is sealed: weigh it.", next=WEIGH, effect=CLOSE),
    on(_WORKING, "SEAL_ENDS", Outcome.TASK_DONE, "Parcel {parcel} is sealed.", next=OPEN, effect=CLOSE_OFF),
    on(WEIGH, "SEAL_AGAIN", Outcome.DUPLICATE, "Parcel {parcel} is sealed already: put it on the scale."),
    on(_WORKING, "NEXT_LAST", Outcome.DUPLICATE, "All pieces are in this parcel: close it."),
    on(ITEMS, "NEXT_PARCEL", Outcome.ACCEPTED, "{left} pieces go into a next parcel.", next=ITEMS, effect=ANOTHER),
    on(ANY_STEP, "REPRINT", Outcome.ACCEPTED, "The label of {parcel} is printed once more.", effect=REPRINT),
    on(ANY_STEP, "REPRINT_NO_REASON", Outcome.EXCEPTION, _REASON),
    on(_BUSY, "ASIDE", Outcome.ACCEPTED, "{parcel} is put aside: scan it to go on.", next=OPEN, effect=LEAVE),
)

_CARTONS = (
    on(_WORKING, "CARTON_TAKEN", Outcome.ACCEPTED, "{parcel} goes in carton {carton}.{weighs}", effect=BOX),
    on(
        _WORKING,
        "CARTON_PART",
        Outcome.ACCEPTED,
        "{parcel} goes in carton {carton}: it takes what is in, but not the {left} pieces that are left.",
        effect=BOX,
    ),
    on(
        _WORKING,
        "CARTON_TIGHT",
        Outcome.ACCEPTED,
        "{parcel} goes in carton {carton}, but by measure and weight its goods do not fit: see whether it closes.",
        effect=BOX,
    ),
    on(_WORKING, "CARTON_SAME", Outcome.DUPLICATE, "{parcel} goes in carton {carton} already."),
    on(_BUSY, "CARTON_OR_ITEM", Outcome.AMBIGUOUS, "A carton and goods go by this code: which is it?", effect=ASK),
    on(ANY_STEP, "UNDO_CARTON", Outcome.UNDONE, "Undone: no carton is chosen for {parcel}.", effect=UNBOX),
    on(ANY_STEP, "UNDO_OTHER_CARTON", Outcome.UNDONE, "Undone: {parcel} goes in carton {carton} again.", effect=UNBOX),
    on(ANY_STEP, "UNDO_OVERTAKEN", Outcome.DUPLICATE, "Another carton was scanned since: undo that one first."),
)

_OTHERS = (
    on(ANY_STEP, "NOTHING_READ", Outcome.UNKNOWN_CODE, "{problem}"),
    on(ANY_STEP, "UNKNOWN", Outcome.UNKNOWN_CODE, "{problem}"),
    on(ANY_STEP, "MISPLACED", Outcome.UNKNOWN_CODE, "{scanned} says nothing at a pack bench."),
    on(OPEN, "EARLY", Outcome.NEEDS_PLACE, "Scan a tote, an order or a piece first."),
    on(ANY_STEP, "UNDO", Outcome.UNDONE, "Undone: take {pieces} out of the parcel again.", next=ITEMS, effect=UNPACK),
    on(
        ANY_STEP,
        "UNDO_SEALED",
        Outcome.UNDONE,
        "Undone: open {parcel} and take {pieces} out of it again.",
        next=ITEMS,
        effect=UNSEAL,
    ),
    on(ANY_STEP, "UNDO_TWICE", Outcome.DUPLICATE, "That entry is undone already."),
    on(ANY_STEP, "UNDO_EMPTY", Outcome.UNDONE, "That entry put nothing into a parcel; there is nothing to take out."),
    on(
        ANY_STEP, "UNDO_CLOSED", Outcome.WRONG_PLACE, "That parcel is closed: nothing comes out of it by scan any more."
    ),
    on(ANY_STEP, "UNDO_NOTHING", Outcome.UNKNOWN_CODE, "There is nothing to undo here."),
    on(
        ANY_STEP,
        "TROUBLE",
        Outcome.EXCEPTION,
        "A lead has been asked to look; put the order aside or begin with another.",
        effect=RAISE,
    ),
)

TABLE: Table = table(
    Job.PACK,
    STEPS,
    (*_ORDERS, *_ITEMS, *_SCALES, *_CLOSINGS, *_CARTONS, *_OTHERS),
    misfit=Transition(ANY_STEP, "MISFIT", Outcome.EXCEPTION, "That does not belong to packing here.", SAME, NOTHING),
)

ACTIONS = {
    OPEN: (ScanKind.SCAN, ScanKind.UNDO, ScanKind.REPRINT),
    ITEMS: (
        ScanKind.SCAN,
        ScanKind.QUANTITY,
        ScanKind.UNDO,
        ScanKind.NEXT_PARCEL,
        ScanKind.FORCE,
        ScanKind.SKIP,
        ScanKind.SHORT,
        ScanKind.DAMAGED,
    ),
    SEAL: (ScanKind.SEAL, ScanKind.WEIGHT, ScanKind.UNDO, ScanKind.SKIP),
    WEIGH: (ScanKind.WEIGHT, ScanKind.FORCE, ScanKind.UNDO, ScanKind.REPRINT, ScanKind.SKIP),
}
"""What a screen offers in each step; everything else is answered all the same."""
