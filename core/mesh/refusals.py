"""What the mesh refuses, and the remedy."""

from pickmesh.core.kit.refusals import NotFound, Refusal, WrongState


class UnknownMessage(Refusal):
    """A message of a kind this release does not know; update pickmesh, then have it sent again."""

    code = "UNKNOWN_MESSAGE"


class UnknownMerchant(NotFound):
    """No merchant has that code; ask your partner for theirs."""

    code = "UNKNOWN_MERCHANT"


class UnknownPartnership(NotFound):
    """There is no such partnership; invite the merchant first."""

    code = "UNKNOWN_PARTNERSHIP"


class PartnershipNotActive(WrongState):
    """The partnership is not active; it must be accepted by both and not ended."""

    code = "PARTNERSHIP_NOT_ACTIVE"


class AlreadyPartners(WrongState):
    """You are partners with that merchant already, or have asked for it."""

    code = "ALREADY_PARTNERS"


class PartnerGone(Refusal):
    """That merchant is no longer here; end the partnership."""

    code = "PARTNER_GONE"


class WaitedInVain(Refusal):
    """A message waited for one before it that never came; have the lost one sent again."""

    code = "WAITED_IN_VAIN"


class CannotOffer(Refusal):
    """A bundle cannot be offered, only what it is made of."""

    code = "CANNOT_OFFER"


class UnknownOffer(NotFound):
    """There is no such offer; the partner may have withdrawn it."""

    code = "UNKNOWN_OFFER"


class CannotMap(Refusal):
    """A bundle cannot stand for a partner's offer, only what it is made of."""

    code = "CANNOT_MAP"


class UnknownDropship(NotFound):
    """No dropship of yours has that id; look it up again."""

    code = "UNKNOWN_DROPSHIP"


class NotShort(WrongState):
    """Only an open order that lacks stock is given to a partner; this one is not."""

    code = "NOT_SHORT"


class OnHold(WrongState):
    """The order is on hold; release its holds before it is given to a partner."""

    code = "ON_HOLD"


class NoPartner(Refusal):
    """No one partner offers everything in this order; map its SKUs to a partner's offers first."""

    code = "NO_PARTNER"


class NoOtherPartner(Refusal):
    """Every partner that offers this order's SKUs has had the order before, or stands before you in its chain."""

    code = "NO_OTHER_PARTNER"


class NotEnoughStock(Refusal):
    """There is less than the order needs; wait for stock or reject it."""

    code = "NOT_ENOUGH_STOCK"


class PartnerHasTooLittle(NotEnoughStock):
    """The partners that offer this order's SKUs have told less than it needs; wait for more."""


class AnotherAnswer(WrongState):
    """The dropship was answered otherwise before; that answer stands."""

    code = "ANSWERED"


class AnswerTooLate(WrongState):
    """The time to answer this dropship is over; the partner has its order back."""

    code = "ANSWER_TOO_LATE"


class WaitsForPartner(WrongState):
    """Your own partner has not answered yet whether it ships this; wait for its answer."""

    code = "WAITS_FOR_PARTNER"


class NotTheSupplier(WrongState):
    """This dropship is your own request; only the partner answers it. Cancel it if it is no longer wanted."""

    code = "NOT_THE_SUPPLIER"


class NotTheDistributor(WrongState):
    """A partner asked you for this dropship; reject it instead of cancelling it."""

    code = "NOT_THE_DISTRIBUTOR"


class DropshipEnded(WrongState):
    """The dropship has come to its end; there is nothing left to cancel."""

    code = "DROPSHIP_ENDED"


class OutOfPlace(Refusal):
    """A message that cannot follow what both sides have told before; look at the dropship on both sides."""

    code = "OUT_OF_PLACE"


class ImpossibleParcel(Refusal):
    """A parcel with more than was asked for, or with amounts other than agreed; the supplier must look at it."""

    code = "IMPOSSIBLE_PARCEL"
