"""Secrets of a merchant: sealing personal data, and blind indexes to find it again without opening it."""

import hashlib
import hmac
import os
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE_BYTES = 12
MASTER_BYTES_MIN = 32


class Vault:
    """Master keys by id; each merchant's own keys are derived from them, so one merchant's data never opens another's.

    Sealing uses the newest key; opening uses the key whose id is kept beside the data. Blind indexes always use the
    oldest key, so that they keep matching after a new key is added.
    """

    def __init__(self, masters: dict[str, bytes]) -> None:
        if not masters or any(len(master) < MASTER_BYTES_MIN for master in masters.values()):
            raise ValueError(f"the vault needs at least one master key of {MASTER_BYTES_MIN} bytes")
        self._masters = masters
        self._oldest, self.newest = next(iter(masters)), list(masters)[-1]
        self._derived: dict[tuple[str, UUID, str], bytes] = {}

    def seal(self, merchant_id: UUID, purpose: str, plain: bytes) -> tuple[str, bytes]:
        """Encrypt with AES-GCM; return the key's id and nonce + ciphertext."""
        nonce = os.urandom(_NONCE_BYTES)
        cipher = AESGCM(self._key(self.newest, merchant_id, purpose))
        return self.newest, nonce + cipher.encrypt(nonce, plain, merchant_id.bytes)

    def open(self, merchant_id: UUID, purpose: str, key_id: str, sealed: bytes) -> bytes:
        """Decrypt what `seal` made; raises InvalidTag when it was changed or belongs to another merchant."""
        cipher = AESGCM(self._key(key_id, merchant_id, purpose))
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], merchant_id.bytes)

    def blind(self, merchant_id: UUID, purpose: str, text: str) -> str:
        """Return a keyed hash of a text: equal texts of one merchant match, nothing else can be read from it."""
        key = self._key(self._oldest, merchant_id, f"blind:{purpose}")
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:32]

    def _key(self, key_id: str, merchant_id: UUID, purpose: str) -> bytes:
        name = (key_id, merchant_id, purpose)
        if name not in self._derived:
            derive = HKDF(SHA256(), 32, merchant_id.bytes, purpose.encode())
            self._derived[name] = derive.derive(self._masters[key_id])
        return self._derived[name]
