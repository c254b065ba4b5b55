"""Refusals are data: an expected no, with a code for programs and a sentence for people that names the remedy."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar


class Refusal(Exception):
    """The request cannot be carried out as it stands."""

    code: ClassVar[str] = "REFUSED"

    def __init__(
        self, message: str | None = None, *, field: Sequence[str | int] = (), data: Mapping[str, object] | None = None
    ) -> None:
        self.general = " ".join((self.__doc__ or "").split())
        self.message = message or self.general
        self.field = tuple(str(part) for part in field)
        self.data = dict(data or {})
        super().__init__(self.message)


class NotFound(Refusal):
    """Nothing of yours has that id; it may have been removed or belong to somebody else. Look it up again."""

    code = "NOT_FOUND"


class NotPermitted(Refusal):
    """Your role does not allow this; ask an owner or manager to do it or to change your role."""

    code = "NOT_PERMITTED"


class SignInNeeded(Refusal):
    """Sign in first: send a session token or an API key as “Authorization: Bearer …”."""

    code = "SIGN_IN_NEEDED"


class StaleVersion(Refusal):
    """Somebody changed this since you read it; look at the current state and try again."""

    code = "STALE_VERSION"


class InvalidInput(Refusal):
    """A value is not acceptable; the message names the field and what it may be."""

    code = "INVALID_INPUT"


class LimitExceeded(Refusal):
    """More was asked for in one go than is allowed; send it in smaller parts."""

    code = "LIMIT_EXCEEDED"


class WrongState(Refusal):
    """That cannot be done in the present state; see supportedActions for what can."""

    code = "WRONG_STATE"


@dataclass(frozen=True, slots=True)
class Refused:
    """One item of a batch that was not done: its index in the input, and why."""

    index: int
    refusal: Refusal
