import pytest

from pickmesh.core.accounts import passwords
from pickmesh.core.kit.refusals import InvalidInput


async def test_a_hash_matches_its_own_password_only() -> None:
    kept = await passwords.hash_password("correct horse")
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.matches("correct horse", kept)
    assert not await passwords.matches("correct hors", kept)


async def test_the_same_password_is_never_kept_the_same_way_twice() -> None:
    assert await passwords.hash_password("correct horse") != await passwords.hash_password("correct horse")


async def test_nothing_matches_where_there_is_no_password() -> None:
    assert not await passwords.matches("", None)
    assert not await passwords.matches("correct horse", None)


@pytest.mark.parametrize("password", ["", "seven77", "x" * 129])
async def test_passwords_too_short_or_too_long_are_refused(password: str) -> None:
    with pytest.raises(InvalidInput, match="8 to 128"):
        await passwords.hash_password(password)


async def test_an_endless_password_is_wrong_without_being_hashed() -> None:
    assert not await passwords.matches("x" * 1_000_000, await passwords.hash_password("x" * 128))
