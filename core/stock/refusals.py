"""What stock refuses, and the remedy."""

from pickmesh.core.kit.refusals import NotFound, Refusal


class NotEnoughStock(Refusal):
    """Fewer pieces are there than were asked for; wait for a receipt, take another place or backorder."""

    code = "NOT_ENOUGH_STOCK"


class UnknownPlace(NotFound):
    """No place of yours has that id or code; check the label or import the place first."""

    code = "UNKNOWN_PLACE"


class UnknownSku(NotFound):
    """No SKU of yours has that id or code; check the code or import the SKU first."""

    code = "UNKNOWN_SKU"


class UnknownAllocation(NotFound):
    """No units are promised under that id any more; load the line again."""

    code = "UNKNOWN_ALLOCATION"


class WrongPlace(Refusal):
    """Goods may not be put there this way; choose a place of a fitting kind in the same warehouse."""

    code = "WRONG_PLACE"


class AllocationClosed(Refusal):
    """Those units are no longer promised there: released, lost or shipped; load the line again."""

    code = "ALLOCATION_CLOSED"


class AllocationMoved(Refusal):
    """Somebody moved those units a moment ago; load the line again and repeat."""

    code = "ALLOCATION_MOVED"


class BundleHasNoStock(Refusal):
    """A bundle lies nowhere by itself; book its components."""

    code = "BUNDLE_HAS_NO_STOCK"


class LotNeeded(Refusal):
    """These goods are kept by lot; give the lot code (and the expiry date where they expire)."""

    code = "LOT_NEEDED"


class LotDiffers(Refusal):
    """That lot is already known with another expiry date; check the date or use another lot code."""

    code = "LOT_DIFFERS"


class LotNotFree(Refusal):
    """That lot is not free in this bin: promised to others, expired or on hold; take the lot that is meant."""

    code = "LOT_NOT_FREE"


class LotBusy(Refusal):
    """Units of that lot are promised to work in hand; finish or release that work first."""

    code = "LOT_BUSY"


class SerialNeeded(Refusal):
    """These goods are kept by serial number; scan the serial of each piece."""

    code = "SERIAL_NEEDED"


class SerialElsewhere(Refusal):
    """That serial number is not recorded at this place; check the scan, or move the unit here first."""

    code = "SERIAL_ELSEWHERE"


class SerialKnown(Refusal):
    """That serial number is already in stock; check the scan."""

    code = "SERIAL_KNOWN"


class UnknownReplenishment(NotFound):
    """No replenishment of yours has that id; look it up in the list again."""

    code = "UNKNOWN_REPLENISHMENT"


class UnknownTransfer(NotFound):
    """No transfer of yours has that id or holds that line; look it up by its number."""

    code = "UNKNOWN_TRANSFER"


class UnknownLease(NotFound):
    """No timed reservation of yours has that id or code; look it up in the list."""

    code = "UNKNOWN_LEASE"


class LeaseDiffers(Refusal):
    """That code names a timed reservation of other goods or of somebody else; choose another code."""

    code = "LEASE_DIFFERS"


class LeaseClosed(Refusal):
    """That timed reservation is over: used by an order, released or run out; open a new one."""

    code = "LEASE_CLOSED"


class PlaceInUse(Refusal):
    """The place holds goods; empty it before its kind or pool is changed."""

    code = "PLACE_IN_USE"


class LocationCodeTaken(Refusal):
    """Another location has this code by now; archive that one first."""

    code = "LOCATION_CODE_TAKEN"
