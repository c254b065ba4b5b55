"""Invitation tokens: they carry their merchant, to be looked up inside its wall, and fit a messenger's deep link."""

import base64
import hashlib
import re
import secrets
from uuid import UUID

LENGTH_MAX = 64
"""So long may the payload of Telegram's `/start` be, of letters, digits, `_` and `-`."""

_BEGIN = "pmc1_"
_MERCHANT_BYTES, _SECRET_BYTES = 16, 26  # together a multiple of three: no padding
_TOKEN = re.compile(rf"{_BEGIN}[A-Za-z0-9_-]{{56}}")


def new_token(merchant_id: UUID) -> tuple[str, str]:
    """Return a fresh token, to be shown once, and the hash to keep of it."""
    token = _BEGIN + base64.urlsafe_b64encode(merchant_id.bytes + secrets.token_bytes(_SECRET_BYTES)).decode()
    return token, hash_of(token)


def merchant_of(token: str) -> UUID | None:
    """Return the merchant a token says it belongs to, None when it is none of ours; only its hash proves it."""
    if not _TOKEN.fullmatch(token):
        return None
    return UUID(bytes=base64.urlsafe_b64decode(token.removeprefix(_BEGIN))[:_MERCHANT_BYTES])


def hash_of(token: str) -> str:
    """Return what is kept of a token: its SHA-256 as hexadecimal digits (the secret has 208 bits, so no salt)."""
    return hashlib.sha256(token.encode()).hexdigest()
