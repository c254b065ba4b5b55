"""What the floor refuses as a whole, and what to do then; a single wrong entry is a verdict and never a refusal."""

from pickmesh.core.kit.refusals import Refusal


class NoSuchSession(Refusal):
    """No scan session of yours has that id; open one and send the same entries there."""

    code = "NOT_FOUND"


class NeedsPerson(Refusal):
    """Scans are somebody's work; sign in as a person, not with an app's key."""

    code = "NEEDS_PERSON"


class NothingToOpen(Refusal):
    """That code does not say what to work on; scan a list, a tote, an order, a parcel or goods, or choose a job."""

    code = "NOTHING_TO_OPEN"
