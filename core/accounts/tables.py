"""Tables of accounts: merchants, shops, persons with memberships, sessions, API keys, pairings."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from pickmesh.core.db.base import (
    DirectoryRow,
    MerchantObject,
    MerchantRow,
    belongs_to,
    counted,
    one_of,
    unarchived_unique,
)
from pickmesh.core.kit.permissions import Role


class Platform(StrEnum):
    """Where a shop sells."""

    TAOBAO = "TAOBAO"
    TMALL = "TMALL"
    JD = "JD"
    PDD = "PDD"
    DOUYIN = "DOUYIN"
    SHOPIFY = "SHOPIFY"
    RETAIL = "RETAIL"
    PARTNER = "PARTNER"
    OTHER = "OTHER"


class ShortagePolicy(StrEnum):
    """What a shop wants when an order is short."""

    WAIT_FOR_ALL = "WAIT_FOR_ALL"
    SHIP_AVAILABLE = "SHIP_AVAILABLE"


class Merchant(MerchantRow):
    """A tenant."""

    __tablename__ = "merchant"

    code: Mapped[str]
    name: Mapped[str]
    time_zone: Mapped[str]
    currency: Mapped[str]
    locale: Mapped[str]
    created_at: Mapped[datetime]
    version: Mapped[int] = counted(1)


class ReviewPolicy(StrEnum):
    """Whether a shop's orders wait for a person's look before they may go out."""

    AUTOMATIC = "AUTOMATIC"
    MANUAL = "MANUAL"


class Shop(MerchantObject):
    """A shop on a platform; orders come from it and tracking goes back to it."""

    __tablename__ = "shop"

    code: Mapped[str]
    name: Mapped[str]
    platform: Mapped[str]
    shortage_policy: Mapped[str]
    review_policy: Mapped[str] = mapped_column(server_default=ReviewPolicy.AUTOMATIC)
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (
        unarchived_unique("uq_shop_code", "code"),
        one_of("platform", Platform),
        one_of("shortage_policy", ShortagePolicy),
        one_of("review_policy", ReviewPolicy),
    )


class Person(MerchantObject):
    """A person who works for this merchant; the password lies here, the sign-in name's hash in the directory."""

    __tablename__ = "person"

    sign_in: Mapped[str]
    name: Mapped[str]
    locale: Mapped[str]
    time_zone: Mapped[str]
    password_hash: Mapped[str | None]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = counted(1)

    __table_args__ = (unarchived_unique("uq_person_sign_in", "sign_in"),)


class Membership(MerchantRow):
    """What a person may do at this merchant; NULL sets mean every warehouse and every shop."""

    __tablename__ = "membership"

    person_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str]
    warehouse_ids: Mapped[list[Any] | None]
    shop_ids: Mapped[list[Any] | None]

    __table_args__ = (belongs_to("person_id", "person"), one_of("role", Role))


class Session(MerchantObject):
    """A signed-in device; only the token's hash is kept."""

    __tablename__ = "session"

    person_id: Mapped[UUID]
    token_hash: Mapped[str]
    device: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (
        belongs_to("person_id", "person"),
        sa.Index("uq_session_token_hash", "merchant_id", "token_hash", unique=True),
    )


class ApiKey(MerchantObject):
    """A program's key with its own scopes; only the hash is kept."""

    __tablename__ = "api_key"

    name: Mapped[str]
    token_hash: Mapped[str]
    permissions: Mapped[list[Any]]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    __table_args__ = (sa.Index("uq_api_key_token_hash", "merchant_id", "token_hash", unique=True),)


class Pairing(MerchantObject):
    """A one-time invitation of a device, shown as a QR code; scanning it makes a session for the person."""

    __tablename__ = "pairing"

    person_id: Mapped[UUID]
    token_hash: Mapped[str]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]

    __table_args__ = (
        belongs_to("person_id", "person"),
        sa.Index("uq_pairing_token_hash", "merchant_id", "token_hash", unique=True),
    )


class SignInAttempt(MerchantObject):
    """A failed or successful sign-in: the audit trail."""

    __tablename__ = "sign_in_attempt"

    person_id: Mapped[UUID]
    succeeded: Mapped[bool]
    at: Mapped[datetime]

    __table_args__ = (sa.Index("ix_sign_in_attempt_person_id", "merchant_id", "person_id", "at"),)


class SignInThrottle(DirectoryRow):
    """Attempts at a sign-in name (hashed, existing or not) since the first one of its window."""

    __tablename__ = "sign_in_throttle"

    name_hash: Mapped[str] = mapped_column(primary_key=True)
    attempts: Mapped[int]
    since: Mapped[datetime]

    __table_args__ = (sa.Index("ix_sign_in_throttle_since", "since"),)
