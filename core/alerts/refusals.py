"""What alerts refuses."""

from pickmesh.core.kit.refusals import Refusal


class AlertOver(Refusal):
    """This is settled already; nothing is left to be done about it."""

    code = "ALERT_OVER"
