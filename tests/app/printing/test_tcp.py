"""`pickmesh print-agent` to a raw port: a label is on paper once, or somebody is told that it may be."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest
from tests.app.printing.conftest import PERMISSIONS, Bench, House, make_bench
from tests.app.printing.listening import closed_port, raw_printer
from tests.events_told import kinds_told

from pickmesh.core.accounts import commands as accounts
from pickmesh.core.packing import printing, waybills

# One served installation for all of these: one worker runs them.
pytestmark = pytest.mark.xdist_group("printing")


def told(output: str) -> list[tuple[str, str]]:
    return [(line["parcel"], line["state"]) for line in map(json.loads, output.splitlines())]


async def settle(bench: Bench, job_id: Any, *, printed: bool) -> None:
    async with bench.house.database.unit_of_work(bench.floor.packer) as uow:
        await printing.settle_print_jobs(uow, print_job_ids=[job_id], printed=printed)


async def test_labels_are_printed_in_the_order_they_were_packed(bench: Bench) -> None:
    with raw_printer() as printer:
        done = bench.agent(printer.address)
        assert (done.returncode, done.stderr) == (0, ""), done.stderr
        numbers = await bench.numbers()
        assert told(done.stdout) == [(number, "PRINTED") for number in numbers]
        assert [number in label for number, label in zip(numbers, printer.labels, strict=True)] == [True] * 3
        assert all(label.startswith("^XA") and label.rstrip().endswith("^XZ") for label in printer.labels)
        assert await bench.states() == ["PRINTED"] * 3
        assert (bench.agent(printer.address).stdout, len(printer.labels)) == ("", 3)


async def test_a_waiting_agent_prints_what_comes_and_stops_after_the_current_label(bench: Bench) -> None:
    with raw_printer() as printer, bench.running(printer.address) as agent:
        agent.wait_for(r"Printing what BENCH-1 packs to tcp://")
        numbers = await bench.numbers()
        for number in numbers:
            agent.wait_for(rf"{number}  printed")
        async with bench.house.database.unit_of_work(bench.floor.packer) as uow:
            await waybills.reprint_labels(uow, parcel_ids=bench.parcel_ids[:1], reason="smudged")
        printer.hold = True
        printer.got_some.clear()
        assert printer.got_some.wait(timeout=60)
        assert agent.stop() == 0
        assert f"{numbers[0]}  printed" in agent.output[-1]
        assert await bench.states() == ["PRINTED"] * 4
        assert len(printer.labels) == 4


async def test_a_printer_that_is_off_leaves_the_labels_waiting(bench: Bench) -> None:
    done = bench.agent(f"tcp://127.0.0.1:{closed_port()}")
    assert done.returncode == 1
    assert told(done.stdout) == [((await bench.numbers())[0], "QUEUED")]
    first, *others = await bench.jobs()
    assert (first.state, first.attempts) == ("QUEUED", 0)
    assert "cannot be reached (Connection refused)" in first.last_error
    assert [job.state for job in others] == ["QUEUED"] * 2
    with raw_printer() as printer:
        printer.hang_up = True
        assert bench.agent(printer.address).returncode == 1
        assert printer.labels == []
        printer.hang_up = False
        assert bench.agent(printer.address).returncode == 0
        assert len(printer.labels) == 3
    assert await bench.states() == ["PRINTED"] * 3


async def test_a_line_that_breaks_in_the_middle_is_told_and_not_sent_again(bench: Bench) -> None:
    with raw_printer() as printer:
        printer.reset_after = 128
        done = bench.agent(printer.address)
        assert done.returncode == 1
        numbers = await bench.numbers()
        assert told(done.stdout) == [(number, "UNSURE") for number in numbers]
        assert await bench.states() == ["UNSURE"] * 3
        printer.reset_after = None
        assert bench.agent(printer.address).returncode == 1  # they are still unsure
        assert len(printer.labels) == 3
        jobs = await bench.jobs()
        assert "broke while the label was sent" in jobs[0].last_error
        await settle(bench, jobs[0].id, printed=False)
        await settle(bench, jobs[1].id, printed=True)
        assert bench.agent(printer.address).returncode == 1
        assert await bench.states() == ["PRINTED", "PRINTED", "UNSURE"]
        assert [numbers[0] in label for label in printer.labels] == [False, False, False, True]


async def test_an_agent_killed_in_mid_job_leaves_the_label_unsure_and_told(bench: Bench) -> None:
    with raw_printer() as printer:
        printer.hold = True
        with bench.running(printer.address) as agent:
            assert printer.got_some.wait(timeout=60)
            agent.stop(signal.SIGKILL)
        assert await bench.states() == ["PRINTING", "QUEUED", "QUEUED"]
        printer.hold = False
        done = bench.agent(printer.address)
        numbers = await bench.numbers()
        assert told(done.stdout) == [
            (numbers[0], "UNSURE"),
            (numbers[1], "PRINTED"),
            (numbers[2], "PRINTED"),
        ]
        assert (done.returncode, await bench.states()) == (1, ["UNSURE", "PRINTED", "PRINTED"])
        assert [sum(number in label for label in printer.labels) for number in numbers] == [1, 1, 1]
        assert "print_job_unsure" in await kinds_told(bench.house.database, bench.floor.actor)
        await settle(bench, (await bench.jobs())[0].id, printed=True)
        assert bench.agent(printer.address).returncode == 0
        assert len(printer.labels) == 3


async def test_agents_killed_at_any_moment_never_print_a_label_twice_in_silence(house: House) -> None:
    bench = await make_bench(house, 8)
    with raw_printer() as printer:
        for wait_s in (0.0, 0.3, 0.7):
            with bench.running(printer.address) as agent:
                agent.wait_for("Printing what")
                printer.got_some.clear()
                printer.got_some.wait(timeout=wait_s)
                agent.stop(signal.SIGKILL)
        bench.agent(printer.address)
        states, numbers = await bench.states(), await bench.numbers()
        on_paper = [sum(number in label for label in printer.labels) for number in numbers]
    assert set(states) <= {"PRINTED", "UNSURE"}
    assert [count for state, count in zip(states, on_paper, strict=True) if state == "PRINTED" and count != 1] == []
    assert max(on_paper) == 1


async def test_the_label_of_a_number_voided_meanwhile_is_not_printed(bench: Bench) -> None:
    async with bench.house.database.unit_of_work(bench.floor.packer) as uow:
        await waybills.void_waybills(uow, parcel_ids=bench.parcel_ids[:1], reason="torn")
    with raw_printer() as printer:
        done = bench.agent(printer.address)
        assert (done.returncode, len(printer.labels)) == (0, 2)
    assert await bench.states() == ["FAILED", "PRINTED", "PRINTED"]


@pytest.mark.parametrize(
    ("to", "more", "sentence"),
    [
        ("tcp://", (), "“tcp://” names no host and port; write tcp://HOST:9100."),
        ("usb:1", (), "“usb:1” is no printer; write tcp://HOST:9100, lp:NAME or folder:PATH."),
        ("lp:-x", (), "“lp:-x” is no printer; write tcp://HOST:9100, lp:NAME or folder:PATH."),
        ("tcp://x:1", ("--format", "pdf"), "A tcp printer takes zpl, not pdf."),
        ("lp:Q1", ("--server", "x"), "“x” is no address; write http://HOST:8000 or https://HOST."),
        ("lp:Q1", ("--location", "WH9"), "There is no station BENCH-1 at WH9."),
    ],
)
async def test_what_makes_no_sense_is_one_sentence(bench: Bench, to: str, more: tuple[str, ...], sentence: str) -> None:
    done = bench.agent(to, *more)
    assert (done.returncode, done.stderr) == (2, f"pickmesh: {sentence}\n")


async def test_a_token_is_needed_and_must_open_enough(bench: Bench) -> None:
    to = "tcp://127.0.0.1:1"
    assert bench.agent(to, token="").stderr == "pickmesh: PICKMESH_TOKEN is not set; put an API key's token there.\n"
    wrong = bench.agent(to, token="pmk1_wrong")
    assert (wrong.returncode, wrong.stderr.startswith("pickmesh: ")) == (2, True)
    async with bench.house.database.unit_of_work(bench.floor.actor) as uow:
        key = await accounts.create_api_key(uow, name="half", permissions=PERMISSIONS[:2])
    masked = bench.agent(to, token=key.token)
    assert masked.stderr == (
        "pickmesh: The token in PICKMESH_TOKEN lacks recipients:read; make an API key that has it.\n"
    )


async def test_a_server_that_is_away_is_said_and_the_label_waits(bench: Bench, tmp_path: Path) -> None:
    done = bench.agent("folder:" + str(tmp_path), server=f"http://127.0.0.1:{closed_port()}")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("pickmesh: The server is away (")
    assert await bench.states() == ["QUEUED"] * 3
