"""What can happen in accounts."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from pickmesh.core.kit.events import Event


@dataclass(frozen=True, slots=True)
class MerchantCreated(Event):
    """A merchant joined."""

    kind: ClassVar[str] = "merchant_created"


@dataclass(frozen=True, slots=True)
class ShopCreated(Event):
    """A shop was added."""

    kind: ClassVar[str] = "shop_created"


@dataclass(frozen=True, slots=True)
class ShopReviewChanged(Event):
    """A shop's new orders wait for a person's look from now on, or no longer do."""

    kind: ClassVar[str] = "shop_review_changed"
    review_policy: str


@dataclass(frozen=True, slots=True)
class PersonCreated(Event):
    """A person may work here."""

    kind: ClassVar[str] = "person_created"
    role: str


@dataclass(frozen=True, slots=True)
class PasswordChanged(Event):
    """A person has a new password; their sessions ended."""

    kind: ClassVar[str] = "password_changed"


@dataclass(frozen=True, slots=True)
class LanguageChosen(Event):
    """A person wants to be spoken to in a language."""

    kind: ClassVar[str] = "language_chosen"
    locale: str


@dataclass(frozen=True, slots=True)
class SignedIn(Event):
    """A person signed in on a device."""

    kind: ClassVar[str] = "signed_in"
    session_id: UUID
    paired: bool


@dataclass(frozen=True, slots=True)
class SignedOut(Event):
    """A person's sessions ended: one, or all of them."""

    kind: ClassVar[str] = "signed_out"
    sessions: int


@dataclass(frozen=True, slots=True)
class PairingCreated(Event):
    """A device may be paired for a person, once."""

    kind: ClassVar[str] = "pairing_created"


@dataclass(frozen=True, slots=True)
class ApiKeyCreated(Event):
    """A program got a key."""

    kind: ClassVar[str] = "api_key_created"
    permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ApiKeyEnded(Event):
    """A program's key no longer opens anything."""

    kind: ClassVar[str] = "api_key_ended"
