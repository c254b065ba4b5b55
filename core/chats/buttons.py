"""What the buttons under messages mean: a short key stands for an operation, its object as it stood, and one person."""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from pickmesh.core.chats.refusals import ButtonExpired, ButtonNotYours, ButtonOvertaken, ButtonUnknown
from pickmesh.core.chats.tables import ButtonKey
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit.refusals import LimitExceeded
from pickmesh.core.kit.texts import sentence

BUTTON_LASTS = timedelta(days=7)
BUTTONS_MAX = 1_000
_KEY_BYTES = 10  # 16 letters and digits: well within the 64 bytes a messenger gives a button


@dataclass(frozen=True, slots=True)
class NewButton:
    """A button to make: what it does with which arguments, and the object whose version it was made for, if any."""

    person_id: UUID
    operation: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    subject_id: UUID | None = None
    subject_version: int | None = None
    lasts: timedelta = BUTTON_LASTS


@dataclass(frozen=True, slots=True)
class Button:
    """What a pressed button means."""

    operation: str
    arguments: Mapping[str, Any]
    subject_id: UUID | None
    subject_version: int | None


async def mint(uow: UnitOfWork, wanted: Sequence[NewButton]) -> list[str]:
    """Return a key of 16 letters and digits for each button, in one statement; at most a thousand in one go."""
    if len(wanted) > BUTTONS_MAX:
        message = sentence(
            "At most {most} go in one call; send {count} in smaller parts.", most=BUTTONS_MAX, count=len(wanted)
        )
        raise LimitExceeded(message)
    keys = [base64.b32encode(secrets.token_bytes(_KEY_BYTES)).decode() for _ in wanted]
    await uow.insert(
        ButtonKey,
        [
            {
                "key": key,
                "operation": button.operation,
                "arguments": dict(button.arguments),
                "subject_id": button.subject_id,
                "subject_version": button.subject_version,
                "person_id": button.person_id,
                "created_at": uow.now,
                "expires_at": uow.after(button.lasts),
            }
            for key, button in zip(keys, wanted, strict=True)
        ],
    )
    return keys


async def press(uow: UnitOfWork, key: str, person_id: UUID) -> Button:
    """Return what a button means when a person presses it; pressed again it means the same again.

    What is done behind it must be harmless when repeated: it has an idempotency key or names the version it is for.
    Refuses BUTTON_UNKNOWN, BUTTON_NOT_YOURS and BUTTON_EXPIRED.
    """
    columns = (
        ButtonKey.operation,
        ButtonKey.arguments,
        ButtonKey.subject_id,
        ButtonKey.subject_version,
        ButtonKey.person_id,
        ButtonKey.expires_at,
        ButtonKey.used_at,
    )
    found = await uow.first(sa.select(*columns).where(uow.mine(ButtonKey), ButtonKey.key == key))
    if found is None:
        raise ButtonUnknown
    if found.person_id != person_id:
        raise ButtonNotYours
    if found.expires_at <= uow.now:
        raise ButtonExpired
    if found.used_at is None:
        await uow.update(ButtonKey, [{"key": key, "used_at": uow.now}])
    return Button(found.operation, dict(found.arguments), found.subject_id, found.subject_version)


def require_current(button: Button, version: int | None) -> None:
    """Refuse BUTTON_OVERTAKEN unless the button's object still has the version the button was made for.

    `version` is the object's present one, None when there is no such object any more.
    """
    if button.subject_version is not None and button.subject_version != version:
        raise ButtonOvertaken(data={"version": version})
