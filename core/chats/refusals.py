"""What chats refuses."""

from pickmesh.core.kit.refusals import Refusal


class LinkUnusable(Refusal):
    """This invitation was used before or has expired; ask for a new one."""

    code = "LINK_UNUSABLE"


class ButtonUnknown(Refusal):
    """This button is not known any more; ask for the message again."""

    code = "BUTTON_UNKNOWN"


class ButtonExpired(Refusal):
    """This button is too old; ask for the message again."""

    code = "BUTTON_EXPIRED"


class ButtonNotYours(Refusal):
    """This button was made for somebody else; ask for a message of your own."""

    code = "BUTTON_NOT_YOURS"


class ButtonOvertaken(Refusal):
    """This has changed since the button was made; look at its present state and choose again."""

    code = "BUTTON_OVERTAKEN"
