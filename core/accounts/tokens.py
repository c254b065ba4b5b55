"""Secret tokens: they carry their merchant in clear, to be looked up inside its wall; only hashes are kept."""

import hashlib
import re
import secrets
from enum import StrEnum
from uuid import UUID

_SECRET_BYTES = 32
_TOKEN = re.compile(r"(pm1|pmk1|pmp1)_([0-9a-f]{32})_[A-Za-z0-9_-]{43}")


class TokenKind(StrEnum):
    """What a token opens; the value is what it begins with."""

    SESSION = "pm1"
    API_KEY = "pmk1"
    PAIRING = "pmp1"


def new_token(kind: TokenKind, merchant_id: UUID) -> tuple[str, str]:
    """Return a fresh token `<kind>_<merchant>_<secret>`, to be shown once, and the hash to keep of it."""
    token = f"{kind}_{merchant_id.hex}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    return token, hash_of(token)


def kind_of(token: str) -> TokenKind | None:
    """Return what kind of token a text is, None when it is none of ours."""
    found = _TOKEN.fullmatch(token)
    return TokenKind(found[1]) if found else None


def merchant_of(token: str) -> UUID | None:
    """Return the merchant a token says it belongs to, None when it is none of ours; only its hash proves it."""
    found = _TOKEN.fullmatch(token)
    return UUID(found[2]) if found else None


def hash_of(token: str) -> str:
    """Return what is kept of a token: its SHA-256 as hexadecimal digits (the secret has 256 bits, so no salt)."""
    return hashlib.sha256(token.encode()).hexdigest()
