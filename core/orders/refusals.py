"""What orders may answer instead of doing it."""

from pickmesh.core.kit.refusals import NotFound, Refusal


class UnknownShop(Refusal):
    """No shop of yours has this id; create the shop first, or name another."""

    code = "UNKNOWN_SHOP"


class BadOrder(Refusal):
    """The order as told cannot be kept; the message names the field and what it may be."""

    code = "BAD_ORDER"


class DuplicateOrder(Refusal):
    """The same order number stands twice in this batch with different contents; send each order once."""

    code = "DUPLICATE_ORDER"


class OrderUnderWay(Refusal):
    """The order changed in the shop but is already being worked on; intercept it first or settle it with the buyer."""

    code = "ORDER_UNDER_WAY"


class OrderClosed(Refusal):
    """The order was cancelled here; a change in its shop is not taken over. Import it under a new number."""

    code = "ORDER_CLOSED"


class NotReleased(Refusal):
    """Nobody works on this fulfillment order yet; cancel it or put it on hold instead."""

    code = "NOT_RELEASED"


class AlreadyReleased(Refusal):
    """Work on this fulfillment order has begun; intercept it instead."""

    code = "ALREADY_RELEASED"


class InTheDark(Refusal):
    """A phone without network has this order in hand; stop the whole order, and it stops when the phone is back."""

    code = "IN_THE_DARK"


class AlreadyShipped(Refusal):
    """Goods of this fulfillment order have left; take them back as a return."""

    code = "ALREADY_SHIPPED"


class HoldStands(Refusal):
    """This hold is lifted by its cause, not by hand: give every shop code of the order a SKU first."""

    code = "HOLD_STANDS"


class AnswerAwaited(HoldStands):
    """A partner asks to have this order shipped; accept or reject its dropship instead."""


class BadSplit(Refusal):
    """A split must leave something on both sides and keep bundles whole; ask for fewer units."""

    code = "BAD_SPLIT"


class CannotMerge(Refusal):
    """These fulfillment orders cannot go out in one parcel; the message says what differs or stands in the way."""

    code = "CANNOT_MERGE"


class NotMerged(Refusal):
    """Nothing stands here that could be undone: it was merged with no other, or that was undone before."""

    code = "NOT_MERGED"


class NotAWarehouse(NotFound):
    """No warehouse of yours in use has this id; a partner's location is reached by a dropship instead."""

    code = "NOT_A_WAREHOUSE"


class NotCovered(Refusal):
    """The other warehouse does not have all of it free; move it anyway to wait there, or wait where it is."""

    code = "NOT_COVERED"


class RateCurrencyDiffers(Refusal):
    """All rates into a country are in one currency, because costs are compared; take the old ones away first."""

    code = "RATE_CURRENCY_DIFFERS"


class NameTaken(Refusal):
    """Another rule has this name already; choose another name."""

    code = "NAME_TAKEN"


class UnknownReference(Refusal):
    """The rule names a shop, SKU or warehouse that is not yours or was archived; choose another."""

    code = "UNKNOWN_REFERENCE"


class NotShort(Refusal):
    """This fulfillment order has all it needs where it is; move it by hand if it should go elsewhere."""

    code = "NOT_SHORT"


class LocationInUse(Refusal):
    """There are still goods, promises or work at this location, or a rule names it; the data tells how much of each."""

    code = "LOCATION_IN_USE"


class InParcel(Refusal):
    """These goods lie in a parcel already; take them out of it first, or stop the whole fulfillment order."""

    code = "IN_PARCEL"
