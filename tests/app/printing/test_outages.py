"""The server dies while a label is printed: the agent waits for it and tells what it knows."""

from pathlib import Path

import processes
import pytest
from tests.app.printing.conftest import House, make_bench
from tests.app.printing.listening import closed_port, raw_printer

from pickmesh.app import settings
from pickmesh.app.settings import Settings
from pickmesh.core.journal.database import Database

pytestmark = pytest.mark.xdist_group("printing")


async def test_a_label_printed_while_the_server_was_gone_is_told_when_it_is_back(tmp_path: Path) -> None:
    port = str(closed_port())
    assert processes.run(tmp_path, "migrate").returncode == 0
    chosen = Settings(data=tmp_path / "var")
    database = Database(chosen.url, vault=settings.vault(chosen))
    with raw_printer() as printer, processes.started(tmp_path, "serve", port=port) as server:
        address = processes.address_of(server)
        bench = await make_bench(House(tmp_path, address, database), 2)
        printer.hold = True
        with bench.running(printer.address) as agent:
            assert printer.got_some.wait(timeout=60)
            server.process.kill()
            server.process.wait()
            assert await bench.states() == ["PRINTING", "QUEUED"]
            with processes.started(tmp_path, "serve", port=port) as again:
                processes.address_of(again)
                for number in await bench.numbers():
                    agent.wait_for(rf"{number}  printed")
                assert await bench.states() == ["PRINTED", "PRINTED"]
                assert (len(printer.labels), agent.stop(), again.stop()) == (2, 0, 0)
    await database.dispose()
