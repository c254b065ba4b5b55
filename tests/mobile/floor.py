"""The server's side of a phone test: a furnished installation, its desk, its database file, its process."""

import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import processes
from mobile import warehouse
from processes import Running
from system import floor_steps
from system.client import Desk, opened, pick_line

from pickmesh.core.kit.ids import new_id

DATABASE = Path("var") / "pickmesh.sqlite3"


_SEVERAL = """import json, sys
from pickmesh.app.cli import app
for command in json.load(sys.stdin):
    try:
        app(command)
    except SystemExit as end:
        if end.code:
            raise
"""
"""Runs one command after the other in one process: starting Python a dozen times would take most of a minute."""


def furnish(folder: Path) -> None:
    """Make a migrated installation with people, goods, stock and orders, by the command line's own commands."""
    merchant = ("--merchant", warehouse.MERCHANT)
    more = {"stock": ("--as", "opening"), "orders": ("--shop", warehouse.SHOP)}
    commands = [
        ("migrate",),
        ("merchant", "add", warehouse.MERCHANT, "--name", "临安小店"),
        ("shop", "add", warehouse.SHOP, "--name", "天猫店", "--platform", "tmall", *merchant),
        *(
            ("user", "add", sign_in, "--name", name, "--role", role, *merchant)
            for sign_in, (role, name) in warehouse.PEOPLE.items()
        ),
        *(
            (f"import-{kind}", str(path), *more.get(kind, ()), *merchant)
            for kind, path in warehouse.write_files(folder / "files").items()
        ),
    ]
    done = subprocess.run(
        [sys.executable, "-c", _SEVERAL],
        input=json.dumps(commands),
        cwd=folder,
        env=processes.environment(folder, user_password=warehouse.PASSWORD),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


@dataclass
class Floor:
    """A running installation of a test's own; it may be killed and started again at the same address."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    address: str = ""
    running: Running | None = None
    _open: Any = None

    def start(self) -> None:
        """Serve, at the address of before if there was one."""
        port = self.address.rpartition(":")[2] or "0"
        self._open = processes.started(self.folder, "serve", **{"port": port, **self.settings})
        self.running = self._open.__enter__()
        self.address = processes.address_of(self.running)

    def kill(self) -> None:
        """End the server as a power cut would."""
        assert self.running is not None
        self.running.process.send_signal(signal.SIGKILL)
        self.running.process.wait(timeout=20)
        self._open.__exit__(None, None, None)
        self.running = None

    def stop(self) -> None:
        """Stop the server if it runs; stopping must be clean."""
        if self.running is None:
            return
        code = self.running.stop()
        self._open.__exit__(None, None, None)
        self.running = None
        assert code == 0

    def doctor(self) -> str:
        """Return what the doctor finds."""
        done = processes.run(self.folder, "doctor")
        return done.stdout

    @contextmanager
    def desk(self, sign_in: str = "manager@linan") -> Iterator[Desk]:
        """Sign somebody in at a desk."""
        desk = Desk(self.address, sign_in, warehouse.PASSWORD)
        try:
            yield desk
        finally:
            desk.http.close()

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database file itself."""
        with closing(sqlite3.connect(self.folder / DATABASE, timeout=20)) as connection:
            return connection.execute(query, values).fetchall()

    def scans(self) -> list[tuple[str, str | None]]:
        """Return client id and outcome of every entry the server has booked or told off, in order."""
        found = self.rows("SELECT client_id, outcome FROM scan ORDER BY recorded_at, sequence")
        return [(str(client_id).replace("-", ""), outcome) for client_id, outcome in found]

    def order(self, shop_number: str) -> dict[str, Any]:
        """Return a shop's order as the manager sees it."""
        query = """{ fulfillmentOrders(first: 50) { nodes { id number status location { id }
          order { id number externalId } lines { quantity sku { code } } } } }"""
        with self.desk() as manager:
            nodes = manager.ask(query)["fulfillmentOrders"]["nodes"]
        return next(dict(node) for node in nodes if node["order"]["externalId"] == shop_number)

    def release(self, *shop_numbers: str) -> dict[str, dict[str, Any]]:
        """Plan and release a wave of orders, a list for each; return the lists by the shop's order numbers."""
        lists = self._released("DISCRETE", shop_numbers)
        assert len(lists) == len(shop_numbers)
        goods = {number: {good.code for good in warehouse.ORDERS[number]} for number in shop_numbers}
        return {
            number: next(one for one in lists if {line["sku"]["code"] for line in one["lines"]} == wanted)
            for number, wanted in goods.items()
        }

    def release_for_the_wall(self, *shop_numbers: str) -> list[dict[str, Any]]:
        """Plan and release a wave that is sorted at a put wall; return its lists."""
        return self._released("PUT_WALL", shop_numbers)

    def _released(self, kind: str, shop_numbers: Sequence[str]) -> list[dict[str, Any]]:
        orders = [self.order(number) for number in shop_numbers]
        with self.desk() as manager:
            wave = manager.do(
                "wavePlan",
                "WavePlanInput",
                "wave { id version }",
                locationId=orders[0]["location"]["id"],
                kind=kind,
                fulfillmentOrderIds=[order["id"] for order in orders],
            )["wave"]
            told = manager.do(
                "waveRelease",
                "WaveReleaseInput",
                "pickLists { id number lines { sku { code } } } kickedOut { id }",
                id=wave["id"],
                ifVersion=wave["version"],
            )
        assert told["kickedOut"] == []
        return list(told["pickLists"])

    def pick(self, pick_list: dict[str, Any], tote: str) -> None:
        """Have somebody else pick a whole list into a tote."""
        with self.desk("picker@linan") as picker:
            session = opened(picker, job="PICK", pickListId=pick_list["id"])
            assert session.scan(tote) == "ACCEPTED"
            while session.screen["step"] != "DONE":
                pick_line(session)

    def pack(self, shop_number: str, tote: str) -> dict[str, Any]:
        """Have somebody pack an order that lies picked in a tote; return its parcel with the carrier's number."""
        with self.desk("packer@linan") as packer:
            return floor_steps.pack(packer, self.order(shop_number), tote)

    def intercept(self, shop_number: str) -> None:
        """Have the manager stop an order that is on the floor."""
        order = self.order(shop_number)
        with self.desk() as manager:
            manager.do(
                "fulfillmentOrderIntercept",
                "FulfillmentOrderInterceptInput",
                "stopped { outcome }",
                fulfillmentOrders=[{"id": order["id"]}],
                reason="the buyer changed their mind",
            )

    def leave_a_label_in_doubt(self) -> None:
        """Have an agent die with the oldest label half sent, and start again: it cannot know what came of it."""
        with self.desk("picker@linan") as agent:
            station = agent.ask('{ station(code: "BENCH-1") { id } }')["station"]["id"]
            runs = [{"runId": str(new_id())} for _ in range(2)]
            takes = {"stationId": station, "agent": "printer"}
            for run in runs:
                told = agent.do("printJobTake", "PrintJobTakeInput", "printJobs { id }", **takes, **run)
                ids = [job["id"] for job in told["printJobs"]]
                if run is runs[0]:
                    assert len(ids) == 1
                    agent.do("printJobSend", "PrintJobSendInput", "printJobs { id }", **run, printJobIds=ids)

    def pairing_link(self, sign_in: str) -> str:
        """Have the manager make a link that lets one phone in as a person."""
        with self.desk() as manager:
            people = manager.ask("{ people(first: 50) { nodes { id signIn } } }")["people"]["nodes"]
            person = next(each["id"] for each in people if each["signIn"] == sign_in)
            told = manager.do("pairingCreate", "PairingCreateInput", "token", personId=person)
        return f"{self.address}/app/#pair={told['token']}"


def wait_until(what: str, answer: Callable[[], Any], *, seconds: float = 20) -> Any:
    """Ask again until there is an answer."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := answer():
            return found
        time.sleep(0.3)
    raise AssertionError(f"{what} never came")


def copied(template: Path, folder: Path) -> Floor:
    """Return an installation of its own, made from the furnished one."""
    shutil.copytree(template, folder)
    return Floor(folder)
