from uuid import UUID

import pytest
from cryptography.exceptions import InvalidTag

from pickmesh.core.kit.vault import Vault

OURS, THEIRS = UUID(int=1), UUID(int=2)
OLD, NEW = b"o" * 32, b"n" * 32


def test_what_is_sealed_opens_again_and_shows_nothing() -> None:
    vault = Vault({"k1": OLD})
    key_id, sealed = vault.seal(OURS, "recipient", "王小明".encode())
    assert key_id == "k1"
    assert "王小明".encode() not in sealed
    assert vault.open(OURS, "recipient", key_id, sealed).decode() == "王小明"


def test_another_merchant_cannot_open_it() -> None:
    vault = Vault({"k1": OLD})
    key_id, sealed = vault.seal(OURS, "recipient", b"secret")
    with pytest.raises(InvalidTag):
        vault.open(THEIRS, "recipient", key_id, sealed)


def test_after_a_new_key_old_data_opens_and_blind_indexes_still_match() -> None:
    before = Vault({"k1": OLD})
    key_id, sealed = before.seal(OURS, "recipient", b"secret")
    after = Vault({"k1": OLD, "k2": NEW})
    assert after.open(OURS, "recipient", key_id, sealed) == b"secret"
    assert after.seal(OURS, "recipient", b"secret")[0] == "k2"
    assert after.blind(OURS, "phone", "13800001234") == before.blind(OURS, "phone", "13800001234")


def test_blind_indexes_differ_between_merchants_and_purposes() -> None:
    vault = Vault({"k1": OLD})
    hashes = {vault.blind(merchant, purpose, "1234") for merchant in (OURS, THEIRS) for purpose in ("phone", "last4")}
    assert len(hashes) == 4


def test_a_short_master_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Vault({"k1": b"short"})
