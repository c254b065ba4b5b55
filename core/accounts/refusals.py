"""What accounts refuses."""

from pickmesh.core.kit.refusals import Refusal


class CodeTaken(Refusal):
    """This code is already in use; choose another one."""

    code = "CODE_TAKEN"


class SignInTaken(Refusal):
    """Somebody already signs in with this name; choose another one."""

    code = "SIGN_IN_TAKEN"


class WrongSignIn(Refusal):
    """The name or the password is wrong; try again, or let a manager pair this device by QR code."""

    code = "WRONG_SIGN_IN"


class TooManyAttempts(Refusal):
    """Too many wrong passwords for this name; wait a quarter of an hour or have this device paired by QR code."""

    code = "TOO_MANY_ATTEMPTS"


class PairingUnusable(Refusal):
    """This pairing code was used before or has expired; ask for a new one."""

    code = "PAIRING_UNUSABLE"
