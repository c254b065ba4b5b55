from uuid import UUID

import pytest

from pickmesh.core.accounts import tokens
from pickmesh.core.accounts.tokens import TokenKind

MERCHANT = UUID("01a20c23-273a-75e9-9cb2-8fd02ec8cae3")


@pytest.mark.parametrize("kind", TokenKind)
def test_a_token_names_its_kind_and_merchant_and_is_kept_as_a_hash(kind: TokenKind) -> None:
    token, kept = tokens.new_token(kind, MERCHANT)
    assert token.startswith(f"{kind.value}_01a20c23273a75e99cb28fd02ec8cae3_")
    assert (tokens.kind_of(token), tokens.merchant_of(token)) == (kind, MERCHANT)
    assert kept == tokens.hash_of(token)
    assert token.rsplit("_", 1)[1] not in kept


def test_no_two_tokens_are_alike() -> None:
    assert len({tokens.new_token(TokenKind.SESSION, MERCHANT)[0] for _ in range(100)}) == 100


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pm1",
        f"pm2_{MERCHANT.hex}_{'a' * 43}",
        f"pm1_{MERCHANT.hex.upper()}_{'a' * 43}",
        f"pm1_{MERCHANT}_{'a' * 43}",
        f"pm1_{MERCHANT.hex}_{'a' * 42}",
        f"pm1_{MERCHANT.hex}_{'a' * 43}\n",
    ],
)
def test_what_is_no_token_of_ours_has_no_merchant(text: str) -> None:
    assert (tokens.kind_of(text), tokens.merchant_of(text)) == (None, None)
