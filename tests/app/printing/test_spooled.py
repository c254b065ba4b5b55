"""`pickmesh print-agent` to a folder and to CUPS: what had begun when the agent died is found out from there."""

import json
import signal
import time
from pathlib import Path
from socket import gethostname
from uuid import UUID

import pytest
from tests.app.printing.conftest import Bench

from pickmesh.app.printing.printers import FolderPrinter, Job, JobGone, PrinterAway
from pickmesh.core.kit.ids import new_id
from pickmesh.core.packing import printing

# One served installation for all of these: one worker runs them.
pytestmark = pytest.mark.xdist_group("printing")


async def begun(bench: Bench, to: str) -> UUID:
    """Let an agent at this printer begin the first job and never be heard of again."""
    run_id = new_id()
    async with bench.house.database.unit_of_work(bench.floor.packer) as uow:
        (job_id,) = await printing.take_print_jobs(
            uow, station_id=bench.floor.station_id, agent=f"{gethostname()} {to}", run_id=run_id
        )
        assert await printing.send_print_jobs(uow, run_id=run_id, print_job_ids=[job_id]) == [job_id]
    return job_id


def appears(path: Path) -> bool:
    """Wait until a file is there, at most a minute."""
    end = time.monotonic() + 60
    while not path.exists() and time.monotonic() < end:
        time.sleep(0.05)
    return path.exists()


def told(output: str) -> list[str]:
    return [json.loads(line)["state"] for line in output.splitlines()]


@pytest.mark.parametrize(("format", "begins"), [("pdf", b"%PDF-"), ("zpl", b"^XA")])
async def test_a_folder_gets_each_label_as_a_whole_file(
    bench: Bench, tmp_path: Path, format: str, begins: bytes
) -> None:
    (tmp_path / "labels").mkdir()
    done = bench.agent(f"folder:{tmp_path / 'labels'}", "--format", format)
    assert (done.returncode, done.stderr, told(done.stdout)) == (0, "", ["PRINTED"] * 3)
    jobs, numbers = await bench.jobs(), await bench.numbers()
    names = [f"{number}-{job.id}.{format}" for number, job in zip(numbers, jobs, strict=True)]
    assert sorted(path.name for path in (tmp_path / "labels").iterdir()) == sorted(names)
    assert all((tmp_path / "labels" / name).read_bytes().startswith(begins) for name in names)


async def test_a_file_still_aside_is_printed_after_a_restart(bench: Bench, tmp_path: Path) -> None:
    to = f"folder:{tmp_path}"
    job_id = await begun(bench, to)
    number = (await bench.numbers())[0]
    (tmp_path / f".{number}-{job_id}.pdf.part").write_bytes(b"%PDF-half")
    done = bench.agent(to)
    assert (done.returncode, told(done.stdout)) == (0, ["QUEUED", "PRINTED", "PRINTED", "PRINTED"])
    assert (tmp_path / f"{number}-{job_id}.pdf").stat().st_size > len(b"%PDF-half")
    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize("is_still_there", [True, False])
async def test_a_file_that_had_its_name_is_not_written_again(
    bench: Bench, tmp_path: Path, is_still_there: bool
) -> None:
    """Whoever prints from a folder takes the files away."""
    to = f"folder:{tmp_path}"
    job_id = await begun(bench, to)
    path = tmp_path / f"{(await bench.numbers())[0]}-{job_id}.pdf"
    if is_still_there:
        path.write_bytes(b"as it was")
    done = bench.agent(to)
    assert (done.returncode, told(done.stdout)) == (0, ["PRINTED"] * 3)
    assert await bench.states() == ["PRINTED"] * 3
    assert (path.read_bytes() if is_still_there else path.exists()) == (b"as it was" if is_still_there else False)


@pytest.mark.parametrize(("name", "why"), [("lables", "does not exist"), ("file", "is no folder")])
async def test_a_folder_that_is_not_there_is_refused_and_swallows_no_label(
    bench: Bench, tmp_path: Path, name: str, why: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    refused = bench.agent(f"folder:{tmp_path / name}")
    assert (refused.returncode, refused.stdout, await bench.states()) == (2, "", ["QUEUED"] * 3)
    assert f"{name}” {why}" in refused.stderr.replace("\n", " ")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_that_goes_away_takes_no_label(tmp_path: Path) -> None:
    with pytest.raises(PrinterAway, match="cannot be written to"):
        FolderPrinter(tmp_path / "unmounted", "pdf").print(Job("x", UUID(int=7), "P-0001", {}), b"%PDF", lambda: None)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_to_is_away_and_a_job_that_is_gone_leaves_nothing(tmp_path: Path) -> None:
    job = Job("x", UUID(int=7), "P-0001", {})
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PrinterAway, match="cannot be written to"):
        FolderPrinter(tmp_path / "file", "pdf").print(job, b"%PDF", lambda: None)

    (tmp_path / "out").mkdir()

    def gone() -> None:
        assert [path.name for path in (tmp_path / "out").iterdir()] == [f".P-0001-{job.uuid}.pdf.part"]
        raise JobGone

    with pytest.raises(JobGone):
        FolderPrinter(tmp_path / "out", "pdf").print(job, b"%PDF", gone)
    assert list((tmp_path / "out").iterdir()) == []


async def test_cups_gets_each_label_once_under_its_number(bench: Bench, cups: Path) -> None:
    done = bench.agent("lp:Q1")
    assert (done.returncode, done.stderr, told(done.stdout)) == (0, "", ["PRINTED"] * 3)
    jobs, numbers = await bench.jobs(), await bench.numbers()
    titles = (cups / "titles").read_text().splitlines()
    assert titles == [f"{number} {job.id}" for number, job in zip(numbers, jobs, strict=True)]
    assert all((cups / "jobs" / f"pickmesh-{job.id}").read_bytes().startswith(b"%PDF-") for job in jobs)


async def test_a_queue_that_takes_no_jobs_leaves_the_labels_waiting(bench: Bench, cups: Path) -> None:
    (cups / "closed").touch()
    done = bench.agent("lp:Q1")
    assert (done.returncode, told(done.stdout), await bench.states()) == (1, ["QUEUED"], ["QUEUED"] * 3)
    (cups / "closed").unlink()
    unknown = bench.agent("lp:Q2")
    assert (unknown.returncode, told(unknown.stdout)) == (1, ["QUEUED"])
    first = (await bench.jobs())[0]
    assert "Invalid destination name" in first.last_error
    assert (first.attempts, (cups / "titles").exists()) == (0, False)


async def test_a_label_that_cups_refuses_five_times_is_given_up(bench: Bench, cups: Path) -> None:
    (cups / "refuses").touch()
    seen = [told(bench.agent("lp:Q1").stdout) for _ in range(printing.ATTEMPTS_MAX)]
    assert seen == [["QUEUED"]] * 4 + [["FAILED"]]
    first = (await bench.jobs())[0]
    assert (first.state, first.last_error) == ("FAILED", "The queue Q1 refused the label (lp: Error - too large.).")


async def test_what_cups_has_is_not_submitted_again_after_the_agent_was_killed(bench: Bench, cups: Path) -> None:
    (cups / "slow").touch()
    with bench.running("lp:Q1") as agent:
        assert appears(cups / "began")
        agent.stop(signal.SIGKILL)
    assert await bench.states() == ["PRINTING", "QUEUED", "QUEUED"]
    (cups / "slow").unlink()
    done = bench.agent("lp:Q1")
    assert (done.returncode, told(done.stdout)) == (0, ["PRINTED"] * 3)
    assert len((cups / "titles").read_text().splitlines()) == 3


async def test_what_cups_does_not_know_is_unsure(bench: Bench, cups: Path) -> None:
    await begun(bench, "lp:Q1")
    done = bench.agent("lp:Q1")
    assert (done.returncode, told(done.stdout)) == (1, ["UNSURE", "PRINTED", "PRINTED"])
    assert await bench.states() == ["UNSURE", "PRINTED", "PRINTED"]
