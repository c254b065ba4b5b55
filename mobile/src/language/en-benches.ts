// What the put wall, the dock and the question about an empty bin say, in English.

export const enBenches = {
  "leftOver.title": "Something is left over?",
  "leftOver.hint": "No slot wants it: put it aside. A lead is told.",
  "leftOver.do": "Report it",

  "hospital.title": "Tote to the hospital: why?",
  "hospital.hint": "It goes out of use with what lies in it, until a lead has looked.",
  "hospital.do": "Send it there",

  "zero.ask": "Is {place} empty now?",
  "zero.empty": "Empty",
  "zero.notEmpty": "Not empty",
  "zero.left": "How many are left?",
  "zero.hint": "By the book {place} should be empty. Somebody will count it.",
  "zero.set": "{n} left",
  "zero.some": "Some, I cannot count them",

  "wall.title": "Wall {wall}",
  "wall.complete": "{n} complete",
  "wall.waiting": "{n} waiting",
  "wall.stopped": "{n} stopped",
  "wall.free": "{n} {n|slot|slots} free",
  "wall.slot": "Slot {slot}, {colour} {shape}: {here} of {wanted}",

  "load.expected": "Expected",
  "load.scanned": "Scanned",
  "load.missing": "Missing",
  "load.strange": "Unexpected",
  "load.showMissing": "What is missing",
  "load.showStrange": "What does not belong",

  "missing.title": "Not scanned yet",
  "missing.lead": "{n} {n|parcel waits|parcels wait} for this carrier here.",

  "strange.title": "Does not belong here",
  "strange.lead": "Put these aside: none of them goes with this driver.",

  "close.open": "Driver counts, close",
  "close.title": "How many has the driver counted?",
  "close.hint": "{n} scanned for {carrier}.",
  "close.missing": "{n} {n|parcel stays|parcels stay} here unscanned.",
  "close.agrees": "Both counts agree.",
  "close.differs": "Driver {told}, scanned {n}: count again, or close with the difference.",
  "close.anyway": "Close with the difference",
  "close.do": "Hand over and close",

  "handed.done": "{n} {n|parcel|parcels} handed over to {carrier}",
  "handed.difference": "The driver counted {n} to what was scanned.",
  "handed.missing": "Stay here: {parcels}",
  "handed.leftBehind": "Stopped meanwhile, take off again: {parcels}",
  "handed.paper": "List as PDF",
  "handed.noPaper": "The list could not be fetched. Try again.",

  "expects.now": "Fits now: {kinds}",
  "expects.BIN": "bin",
  "expects.TOTE": "tote",
  "expects.SLOT": "slot",
  "expects.ITEM": "item",
  "expects.SERIAL": "serial number",
  "expects.ORDER": "order",
  "expects.PARCEL": "parcel",
  "expects.WAVE": "wave",
  "expects.EXCEPTION_TASK": "put-back task",
  "expects.MANIFEST": "handover list",
  "expects.ANYTHING": "anything",
} as const;
