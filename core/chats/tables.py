"""Tables of chats: invitations to link, linked accounts, keys behind buttons, messages that were sent."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from pickmesh.core.db.base import MerchantObject, MerchantRow, belongs_to, counted, one_of


class Messenger(StrEnum):
    """Where a chat is."""

    TELEGRAM = "TELEGRAM"
    TERMINAL = "TERMINAL"


class ChatInvitation(MerchantObject):
    """A one-time token that links whoever sends it from a chat to a person; only its hash is kept."""

    __tablename__ = "chat_invitation"

    person_id: Mapped[UUID]
    token_hash: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (
        belongs_to("person_id", "person"),
        sa.Index("uq_chat_invitation_token_hash", "merchant_id", "token_hash", unique=True),
    )


class ChatLink(MerchantObject):
    """A messenger account that speaks for a person; the directory leads from the account to it."""

    __tablename__ = "chat_link"

    messenger: Mapped[str]
    account: Mapped[str]
    chat: Mapped[str]
    person_id: Mapped[UUID]
    linked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None]

    __table_args__ = (
        belongs_to("person_id", "person"),
        sa.Index(
            "uq_chat_link_account",
            "merchant_id",
            "messenger",
            "account",
            unique=True,
            postgresql_where=sa.text("ended_at IS NULL"),
            sqlite_where=sa.text("ended_at IS NULL"),
        ),
        sa.Index("ix_chat_link_person_id", "merchant_id", "person_id"),
        one_of("messenger", Messenger),
    )


class ButtonKey(MerchantRow):
    """What a button means: an operation on an object as it stood, for one person, for a while.

    A message carries the key only: messengers give buttons 64 bytes.
    """

    __tablename__ = "button_key"

    key: Mapped[str] = mapped_column(primary_key=True)
    operation: Mapped[str]
    arguments: Mapped[dict[str, Any]]
    subject_id: Mapped[UUID | None]
    subject_version: Mapped[int | None]
    person_id: Mapped[UUID]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (
        belongs_to("person_id", "person"),
        sa.Index("ix_button_key_expires_at", "merchant_id", "expires_at"),
    )


class ChatMessage(MerchantObject):
    """A message of ours in a chat that may be edited later; `about` says what it shows, `content_hash` how it looks."""

    __tablename__ = "chat_message"

    link_id: Mapped[UUID]
    about: Mapped[str]
    subject_id: Mapped[UUID]
    message: Mapped[str]
    content_hash: Mapped[str]
    sent_at: Mapped[datetime]
    edited_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        belongs_to("link_id", "chat_link"),
        sa.Index("uq_chat_message_subject", "merchant_id", "link_id", "about", "subject_id", unique=True),
    )


class ChatUpdate(MerchantRow):
    """An update of a messenger that was dealt with, so that its second coming is harmless."""

    __tablename__ = "chat_update"

    messenger: Mapped[str] = mapped_column(primary_key=True)
    update_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_chat_update_at", "merchant_id", "at"),)
