import sqlalchemy as sa
from databases import make_merchant

from pickmesh.core.accounts import commands, directory
from pickmesh.core.accounts.directory import Entry, EntryKind, Found
from pickmesh.core.journal.database import Database
from pickmesh.core.journal.tables import DirectoryEntry
from pickmesh.core.kit.ids import new_id


async def test_a_key_leads_to_whoever_took_it_first(database: Database) -> None:
    key, (merchant, first, second) = new_id().hex, (new_id(), new_id(), new_id())
    async with database.directory() as connection:
        assert await directory.put_entry(connection, EntryKind.SIGN_IN, key, merchant, first)
        assert await directory.put_entry(connection, EntryKind.SIGN_IN, key, merchant, first)
        assert not await directory.put_entry(connection, EntryKind.SIGN_IN, key, merchant, second)
        assert not await directory.put_entry(connection, EntryKind.SIGN_IN, key, new_id(), first)
    hash_ = directory.key_hash(EntryKind.SIGN_IN, key)
    async with database.directory() as connection:
        assert await directory.find_entry(connection, EntryKind.SIGN_IN, key) == Found(hash_, merchant, first)
        assert await directory.find_entry(connection, EntryKind.MERCHANT_CODE, key) is None


async def test_of_the_same_key_twice_in_a_batch_one_wins(database: Database) -> None:
    key, merchant, first, second = new_id().hex, new_id(), new_id(), new_id()
    entries = [Entry(EntryKind.SIGN_IN, key, merchant, subject) for subject in (first, second)]
    async with database.directory() as connection:
        assert await directory.put_entries(connection, entries) == [True, False]


async def test_keys_are_kept_as_hashes_of_their_folded_form(database: Database) -> None:
    async with database.directory() as connection:
        key = f"Wang＠{new_id().hex}"
        await directory.put_entry(connection, EntryKind.SIGN_IN, key, new_id(), new_id())
        assert await directory.find_entry(connection, EntryKind.SIGN_IN, f" wang@{key[5:]} ") is not None
        kept = (await connection.execute(sa.select(DirectoryEntry.key_hash))).scalars().all()
    assert not [hash_ for hash_ in kept if len(hash_) != 64]


async def test_merchants_are_listed_in_the_order_they_came(fresh_database: Database) -> None:
    made = [
        await commands.create_merchant(
            fresh_database, code=code, name=code, time_zone="Asia/Shanghai", currency="CNY", locale="zh-CN"
        )
        for code in ("zeta", "alpha", "mid")
    ]
    async with fresh_database.directory() as connection:
        assert await directory.merchants(connection) == [actor.merchant_id for actor in made]
        assert (await directory.find_entry(connection, EntryKind.MERCHANT_CODE, "alpha")) == Found(
            directory.key_hash(EntryKind.MERCHANT_CODE, "alpha"), made[1].merchant_id, made[1].merchant_id
        )


async def test_a_merchant_of_the_tests_own_making_is_not_in_the_directory(fresh_database: Database) -> None:
    await make_merchant(fresh_database)
    async with fresh_database.directory() as connection:
        assert await directory.merchants(connection) == []
