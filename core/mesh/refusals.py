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


class CannotOffer(Refusal):
    """A bundle cannot be offered, only what it is made of."""

    code = "CANNOT_OFFER"


class UnknownOffer(NotFound):
    """There is no such offer; the partner may have withdrawn it."""

    code = "UNKNOWN_OFFER"


class CannotMap(Refusal):
    """A bundle cannot stand for a partner's offer, only what it is made of."""

    code = "CANNOT_MAP"
