"""A phone gets in by a code in the terminal: what is printed is read back as a camera would, and opens one session."""

import json
import os
import pty
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import zxingcpp
from PIL import Image
from processes import PICKMESH, address_of, environment, run, started
from rich.console import Console

from pickmesh.app import terminal_qr
from pickmesh.scanner.codes import own

REDEEM = (
    'mutation($token: String!) { pairingRedeem(input: {token: $token, device: "phone"}) { token userErrors { code } } }'
)
PICKER = "picker1@linan"
LINK = own.pairing_link("https://warehouse-7.pick.example.com:8443", f"pmp1_{'0' * 32}_{'aB3-_' * 8}xyz")
_SGR = re.compile(r"\x1b\[[0-9;]*m")
_ON = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}

# The tests of this module share what its fixtures started: one worker runs them all.
pytestmark = pytest.mark.xdist_group("pairing")


def picture_of(rows: list[str]) -> Image.Image:
    """Draw rows of half blocks as black on white."""
    cells = [[_ON[character] for character in row] for row in rows]
    dots = [[255 * (1 - cell[half]) for cell in row] for row in cells for half in (0, 1)]
    picture = Image.new("L", (len(dots[0]), len(dots)))
    picture.putdata([level for row in dots for level in row])
    return picture.resize((picture.width * 4, picture.height * 4), Image.Resampling.NEAREST)


def read(picture: Image.Image) -> list[str]:
    return [barcode.text for barcode in zxingcpp.read_barcodes(picture)]


def code_in(printed: str) -> list[str]:
    """Return the rows of a QR code in what was printed, without colours."""
    rows = [line.rstrip("\r") for line in _SGR.sub("", printed).split("\n")]
    return [row for row in rows if row and set(row) <= set(_ON) and len(row) > 30]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a migrated SQLite file, one merchant and a picker."""
    made = tmp_path_factory.mktemp("pairing")
    for arguments in (
        ("migrate",),
        ("merchant", "add", "linan", "--name", "林安家居"),
        ("user", "add", "picker1@linan", "--name", "王小明", "--role", "picker", "--merchant", "linan"),
    ):
        assert run(made, *arguments, user_password="long enough").returncode == 0
    return made


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[str]:
    with started(folder, "serve") as running:
        yield address_of(running)


def redeem(address: str, token: str) -> dict[str, object]:
    asked = {"query": REDEEM, "variables": {"token": token}}
    answer = httpx.post(f"{address}/graphql", json=asked, timeout=30).json()["data"]["pairingRedeem"]
    assert isinstance(answer, dict)
    return answer


@pytest.mark.parametrize("text", [LINK, own.pairing_link("http://10.0.0.5:8000", "x"), "a"])
def test_a_code_of_half_blocks_is_read_back(text: str) -> None:
    assert read(picture_of(terminal_qr.lines(text))) == [text]


def test_a_long_link_fits_into_a_terminal() -> None:
    rows = terminal_qr.lines(LINK)
    assert (len(rows), {len(row) for row in rows}) == (23, {49})


@pytest.mark.parametrize(
    "settings", [{"force_terminal": False}, {"width": 48}, {"no_color": True}, {"color_system": None}]
)
def test_where_the_code_could_not_be_read_nothing_is_drawn(settings: dict[str, Any]) -> None:
    console = Console(**{"force_terminal": True, "color_system": "256", "width": 80, **settings})
    with console.capture() as captured:
        terminal_qr.show(console, LINK)
    assert captured.get() == ""


def test_the_code_is_black_on_white_whatever_the_terminals_colours() -> None:
    console = Console(force_terminal=True, color_system="truecolor", width=80)
    with console.capture() as captured:
        terminal_qr.show(console, LINK)
    rows = [line for line in captured.get().split("\n") if line]
    assert all(row.startswith("\x1b[38;2;0;0;0;48;2;255;255;255m") for row in rows)
    assert all(row.endswith("\x1b[0m") for row in rows)
    assert read(picture_of(code_in(captured.get()))) == [LINK]


def test_the_command_shows_a_code_in_a_terminal_that_opens_one_session(folder: Path, served: str) -> None:
    begin = datetime.now(UTC)
    done = run(folder, "user", "pair", "picker1@linan", "--json", "--address", served, merchant="linan")
    end = datetime.now(UTC)
    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["link"].startswith(f"{served}/app/#pair=pmp1_")
    assert begin <= datetime.fromisoformat(told["until"]) - timedelta(minutes=10) <= end
    opened = redeem(served, told["link"].partition("#pair=")[2])
    assert str(opened["token"]).startswith("pm1_")
    again = redeem(served, told["link"])
    assert again == {"token": None, "userErrors": [{"code": "PAIRING_UNUSABLE"}]}


def test_in_a_terminal_the_code_holds_the_link_below_it(folder: Path, served: str) -> None:
    printed = in_terminal(folder, "user", "pair", "picker1@linan", "--merchant", "linan", "--address", served)
    assert "Signs one phone in as picker1@linan, once, until " in printed
    (link,) = re.findall(rf"{served}/app/#pair=\S+", printed)
    assert read(picture_of(code_in(printed))) == [link]
    assert printed.count("\x1b[38;5;16;48;5;231m") == 23  # black on white, said outright
    assert str(redeem(served, link)["token"]).startswith("pm1_")


def in_terminal(folder: Path, *arguments: str) -> str:
    """Run a command with a terminal as its output; return all it printed."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [PICKMESH, *arguments], cwd=folder, env={**environment(folder), "TERM": "xterm-256color"}, stdout=theirs
    ) as process:
        os.close(theirs)
        printed = b""
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            printed += part
    os.close(ours)
    assert process.returncode == 0
    return printed.decode()


def test_without_a_terminal_the_link_alone_is_printed(folder: Path) -> None:
    done = run(folder, "user", "pair", "picker1@linan", merchant="linan", public_url="https://pick.example.com/")
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"Signs one phone in as picker1@linan, once, until \d\d:\d\d \(10 minutes\):", lines[0])
    assert re.fullmatch(r"https://pick\.example\.com/app/#pair=pmp1_[0-9a-f]{32}_[\w-]{43}", lines[1])
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("settings", "begins", "hint"),
    [
        ({}, "http://127.0.0.1:8000/app/#pair=", "Only a browser on this machine opens that"),
        ({"host": "10.0.0.5", "port": "80"}, "http://10.0.0.5/app/#pair=", "need https; docs/https.md tells how."),
        ({"host": "fd00::5"}, "http://[fd00::5]:8000/app/#pair=", "need https; docs/https.md tells how."),
    ],
)
def test_the_settings_say_where_a_phone_goes(folder: Path, settings: dict[str, str], begins: str, hint: str) -> None:
    done = run(folder, "user", "pair", "picker1@linan", merchant="linan", **settings)
    assert done.stdout.splitlines()[1].startswith(begins)
    assert hint in done.stdout.splitlines()[2]


NO_ADDRESS = "is no address of the app: write it as https://pick.example.com or http://10.0.0.5:8000."


@pytest.mark.parametrize(
    ("arguments", "settings", "sentence"),
    [
        (("x@linan",), {}, "Nobody of this merchant signs in as “x@linan”; `pickmesh user list` shows who does."),
        (
            (PICKER,),
            {"port": "0"},
            "PICKMESH_PORT is 0, so the port is not known here: give --address http://host:port.",
        ),
        ((PICKER, "--address", "pick.example.com"), {}, f"“pick.example.com” {NO_ADDRESS}"),
        ((PICKER,), {"public_url": "https://x.example/app"}, f"“https://x.example/app” {NO_ADDRESS}"),
        ((PICKER,), {"public_url": ""}, f"“” {NO_ADDRESS}"),
    ],
)
def test_what_cannot_be_paired_is_one_sentence(
    folder: Path, arguments: tuple[str, ...], settings: dict[str, str], sentence: str
) -> None:
    done = run(folder, "user", "pair", *arguments, merchant="linan", **settings)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"pickmesh: {sentence}\n")
