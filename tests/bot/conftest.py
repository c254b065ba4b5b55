"""The bot before a served warehouse, by polling and by webhook."""

import socket
from collections.abc import Iterator

import pytest
from tests.bot.emulated import telegram
from tests.bot.stage import Stage

ORDERS = {
    "1001": {"MUG": 3, "KETTLE": 2},
    "1002": {"MUG": 2, "KETTLE-LID": 4},
    "1003": {"KETTLE": 5},
    "1004": {"MUG": 4},
    "1005": {"KETTLE-LID": 3},
}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@pytest.fixture(scope="session", params=["polling", "webhook"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A running bot with a picker and an owner linked."""
    with telegram() as emulated:
        made = Stage(tmp_path_factory.mktemp("bot"), request.param, emulated, free_port())
        made.set_up(ORDERS)
        try:
            made.start()
            for account in made.people:
                made.link(account)
            yield made
        finally:
            made.close()
