"""The warehouse that tests of stock start with."""

import pytest_asyncio
from stock_floor import Floor, make_floor

from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor


@pytest_asyncio.fixture
async def floor(database: Database, merchant: Actor) -> Floor:
    return await make_floor(database, merchant)
