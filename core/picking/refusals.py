"""What picking refuses, and what to do then."""

from pickmesh.core.kit.refusals import Refusal


class NothingToPlan(Refusal):
    """No order fits this wave; import orders, take off holds or choose another kind of wave."""

    code = "NOTHING_TO_PLAN"


class NotReleasable(Refusal):
    """This order cannot join a wave now: it is held, short, intercepted, scheduled, released or in another wave."""

    code = "NOT_RELEASABLE"


class DoesNotFit(Refusal):
    """The contents of this order do not fit this kind of wave; plan it in a wave of another kind."""

    code = "DOES_NOT_FIT_WAVE"


class NotYours(Refusal):
    """Somebody else has this list; take the next one."""

    code = "NOT_YOURS"


class LineClosed(Refusal):
    """This line is finished or was taken off the list; put the goods back and go on with the next line."""

    code = "LINE_CLOSED"


class TooMany(Refusal):
    """More than the line still needs; take only what is left and put the rest back."""

    code = "TOO_MANY"


class Intercepted(Refusal):
    """The order was stopped; leave its goods in the bin, or bring what you hold to the put-back."""

    code = "INTERCEPTED"


class NeedsPlace(Refusal):
    """This tote is not bound to the list yet; scan an empty tote first."""

    code = "NEEDS_PLACE"


class WrongPlace(Refusal):
    """These goods do not belong there; put them where the screen says."""

    code = "WRONG_PLACE"


class ToteInUse(Refusal):
    """This tote is in use or not fit for use; take an empty one."""

    code = "TOTE_IN_USE"


class AlreadyMovedOn(Refusal):
    """These units have left the tote they were picked into; take them out at the pack bench instead."""

    code = "ALREADY_MOVED_ON"


class AlreadyPacked(Refusal):
    """Goods of this order lie in a parcel already; intercept the order instead, or let it go out."""

    code = "ALREADY_PACKED"


class WallFull(Refusal):
    """The wall has too few free slots for the wave; pack what is complete there, or take another wall."""

    code = "WALL_FULL"


class ToteInHospital(Refusal):
    """This tote waits in the hospital for a lead; take another one."""

    code = "TOTE_IN_HOSPITAL"


class TemplateNameTaken(Refusal):
    """Another wave template of this warehouse has this name already; choose another name."""

    code = "NAME_TAKEN"


class NothingPicked(Refusal):
    """Nothing of this order is picked yet; take it out of its wave on the wave's own page."""

    code = "NOTHING_PICKED"


class NotInWave(Refusal):
    """This order is not part of this wave, or no longer; look at its waves again."""

    code = "NOT_IN_WAVE"
