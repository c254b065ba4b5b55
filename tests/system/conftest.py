"""The walk's stage, on each database."""

from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa
from databases import make_postgres_database
from system.installation import PASSWORD, TODAY, Installation

from pickmesh.app.demo import files


@pytest_asyncio.fixture(params=["sqlite", "postgresql"])
async def installation(
    request: pytest.FixtureRequest, tmp_path: Path, postgres_server: str, worker_id: str
) -> Installation:
    """An empty installation: only the demo's files are there."""
    settings = {"user_password": PASSWORD}
    if request.param == "postgresql":
        owner = await make_postgres_database(postgres_server, f"pickmesh_system_{worker_id}")
        app = sa.make_url(owner).set(username=f"pickmesh_system_{worker_id}", password="app")
        settings |= {"migrate_url": owner, "database_url": app.render_as_string(hide_password=False)}
    return Installation(tmp_path, files.write_demo(tmp_path / "files", today=TODAY), settings)
