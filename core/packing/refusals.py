"""What packing refuses, and what to do then."""

from pickmesh.core.kit.refusals import Refusal


class TooMany(Refusal):
    """More than the order holds; take the surplus out of the box and put it aside."""

    code = "TOO_MANY"


class NotPicked(Refusal):
    """These units have not come out of their bins by scan yet; finish the pick first."""

    code = "NOT_PICKED"


class Intercepted(Refusal):
    """The order was stopped; close nothing, bring its goods to the put-back."""

    code = "INTERCEPTED"


class OrderShort(Refusal):
    """The order waits for missing units and ships only complete; put the tote aside until they come."""

    code = "ORDER_SHORT"


class NotAllVerified(Refusal):
    """Not every unit of the order is verified; scan the rest, start a next parcel, or force the pass with a reason."""

    code = "NOT_ALL_VERIFIED"


class EmptyParcel(Refusal):
    """Nothing was verified into this parcel; scan what lies in it first."""

    code = "EMPTY_PARCEL"


class WeightOff(Refusal):
    """The parcel weighs too much or too little for its contents; open and check it, or force it with a reason."""

    code = "WEIGHT_OFF"


class ReasonNeeded(Refusal):
    """Say why; the reason is kept with the parcel."""

    code = "REASON_NEEDED"


class NoWaybill(Refusal):
    """No carrier's number has come for this parcel yet; ask for a waybill or wait for the label."""

    code = "NO_WAYBILL"


class UnknownCarrier(Refusal):
    """No carrier of that code is set up; add a carrier account or use LOCAL."""

    code = "UNKNOWN_CARRIER"


class NoStation(Refusal):
    """The parcel is at no station, so there is no printer; open it at a station first."""

    code = "NO_STATION"


class PrintJobGone(Refusal):
    """This print job is not this agent's to print: it was called off, or it is another's by now; print none of it."""

    code = "PRINT_JOB_GONE"


class CodeTaken(Refusal):
    """Another carton has this code already; choose another code."""

    code = "CODE_TAKEN"


class UnknownCarton(Refusal):
    """No carton has that code; scan the code on the carton, or choose one from the list."""

    code = "UNKNOWN_CARTON"


class NoCartonFits(Refusal):
    """No single carton takes these goods; divide them over several parcels, or name a carton yourself."""

    code = "NO_CARTON_FITS"


class NameTaken(Refusal):
    """Another carrier rule has this name already; choose another name."""

    code = "NAME_TAKEN"


class HasWaybill(Refusal):
    """A parcel of the order has a number of another carrier; void that waybill first."""

    code = "HAS_WAYBILL"


class WrongCarrier(Refusal):
    """The parcel goes with another carrier; put it where that one's parcels wait."""

    code = "WRONG_CARRIER"


class OnOtherManifest(Refusal):
    """The parcel is on another manifest already; take it off there first."""

    code = "ON_OTHER_MANIFEST"


class NotReady(Refusal):
    """The parcel is not finished; bring it back to the pack bench."""

    code = "NOT_READY"


class CountDiffers(Refusal):
    """The driver counted another number than was scanned; count again, or close with the difference accepted."""

    code = "COUNT_DIFFERS"
