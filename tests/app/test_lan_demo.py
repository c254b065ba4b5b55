"""The demo where others reach it: never with the password everybody knows, and with links that lead to this machine."""

import json
import re
import signal
import socket
import sqlite3
import stat
import subprocess
from pathlib import Path

import httpx
import pytest
from processes import Running, run, started

from pickmesh.app import lan
from pickmesh.app.demo import passwords, world

SIGN_IN = 'mutation { signIn(input: {signIn: "%s", password: "%s", device: "test"}) { token userErrors { code } } }'
VIEWER = "{ viewer { name } }"
PEOPLE = [name for merchant in world.MERCHANTS for name in passwords.sign_ins(merchant)]


def sign_in(address: str, who: str, password: str) -> str:
    """Return the token of a new session, or the code of the refusal."""
    asked = {"query": SIGN_IN % (who, password)}
    answer = httpx.post(f"{address}/graphql", json=asked, timeout=30).json()["data"]["signIn"]
    return str(answer["token"] or answer["userErrors"][0]["code"])


def may_ask(address: str, token: str) -> bool:
    headers = {"authorization": f"Bearer {token}"}
    return "errors" not in httpx.post(f"{address}/graphql", json={"query": VIEWER}, headers=headers, timeout=30).json()


def up(running: Running) -> str:
    """Wait until the screen is whole; return the address it names."""
    address = running.wait_for(r"pickmesh is up.* (https?://\S+)").group(1)
    running.wait_for(" user pair ")
    return address


def kept(folder: Path) -> dict[str, str]:
    return passwords.kept(folder / "var")


def test_a_fresh_demo_on_the_network_knows_only_random_passwords(tmp_path: Path) -> None:
    with started(tmp_path, "demo", host="0.0.0.0") as running:
        address = up(running)
        screen = "".join(running.output)
        mine = kept(tmp_path)
        assert stat.S_IMODE((tmp_path / "var" / "passwords.txt").stat().st_mode) == 0o600
        assert (sorted(mine), len(set(mine.values()))) == (sorted(PEOPLE), len(PEOPLE))
        assert all(re.fullmatch(r"[a-z2-9]{4}(-[a-z2-9]{4}){2}", password) for password in mine.values())
        assert all(re.search(rf"{who} +{password}\n", screen) for who, password in mine.items())
        assert passwords.KNOWN not in screen
        expected = lan.addresses(v6=False) or ["127.0.0.1"]
        assert re.fullmatch(rf"http://{re.escape(expected[0])}:\d+", address)
        assert f"{address}/app/ " in screen
        assert f"{address}/graphql " in screen
        for who in ("owner@linan", "picker2@beihai", "support@yunduan"):
            assert sign_in(address, who, passwords.KNOWN) == "WRONG_SIGN_IN"
            assert sign_in(address, who, mine[who]).startswith("pm1_")
        (link,) = re.findall(rf"{address}/app/#pair=(\S+)", screen)
        assert link.startswith("pmp1_")
        printed = screen.partition("Try first, in another terminal:")[2].partition("Ctrl-C stops it")[0]
        lines = [line.strip() for line in printed.splitlines() if line.strip()]
        told = subprocess.run(["bash", "-c", "\n".join(lines)], capture_output=True, text=True, check=True).stdout
        assert (len(lines), '"errors"' in told, '"progress"' in told) == (8, False, True)
        another = screen.partition("Another one, in another terminal:\n")[2].splitlines()[0]
        done = subprocess.run(["bash", "-c", another], capture_output=True, text=True, check=True, cwd=tmp_path)
        assert f"{address}/app/#pair=pmp1_" in done.stdout
        assert running.stop(signal.SIGINT) == 0


def test_a_demo_loaded_on_loopback_gets_other_passwords_before_the_network_reaches_it(tmp_path: Path) -> None:
    with started(tmp_path, "demo") as running:
        address = up(running)
        token = sign_in(address, "owner@linan", passwords.KNOWN)
        assert may_ask(address, token)
        assert kept(tmp_path) == {}
        assert running.stop() == 0
    refused = run(tmp_path, "serve", host="0.0.0.0", port="0")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "still has the demo's password, which everybody knows: start `pickmesh demo`" in refused.stderr
    with started(tmp_path, "demo", host="0.0.0.0") as running:
        address = up(running)
        mine = kept(tmp_path)
        assert not may_ask(address, token)
        for who in PEOPLE[::4]:
            assert sign_in(address, who, passwords.KNOWN) == "WRONG_SIGN_IN"
            assert sign_in(address, who, mine[who]).startswith("pm1_")
        assert running.stop() == 0
    with started(tmp_path, "demo") as running:
        address = up(running)
        assert "made when others reached it" in "".join(running.output)
        assert kept(tmp_path) == mine
        assert sign_in(address, "owner@linan", passwords.KNOWN) == "WRONG_SIGN_IN"
        assert sign_in(address, "owner@linan", mine["owner@linan"]).startswith("pm1_")
        assert running.stop() == 0
    with started(tmp_path, "serve", host="0.0.0.0") as running:
        running.wait_for('"event":"serving"|"serving"')
        assert running.stop() == 0


def test_a_public_url_means_that_others_reach_it(tmp_path: Path) -> None:
    with started(tmp_path, "demo", public_url="https://pick.example.com") as running:
        assert up(running) == "https://pick.example.com"
        screen = "".join(running.output)
        local = re.search(r"(http://127\.0\.0\.1:\d+) leads here too", screen)
        assert local is not None
        assert sign_in(local[1], "owner@linan", passwords.KNOWN) == "WRONG_SIGN_IN"
        assert "https://pick.example.com/app/#pair=pmp1_" in screen
        assert running.stop() == 0
    # A person who gets the known password afterwards gets another at the next start.
    done = run(tmp_path, "user", "password", "owner@linan", merchant="linan", user_password=passwords.KNOWN)
    assert done.returncode == 0
    (tmp_path / "var" / "passwords.txt").unlink()
    with started(tmp_path, "demo", host="::") as running:
        address = up(running)
        port = address.rpartition(":")[2]
        for host in ("127.0.0.1", "[::1]"):
            assert httpx.get(f"http://{host}:{port}/healthz").text == "alive\n"
        assert sign_in(address, "owner@linan", passwords.KNOWN) == "WRONG_SIGN_IN"
        assert sign_in(address, "picker1@linan", kept(tmp_path)["picker1@linan"]).startswith("pm1_")
        assert running.stop() == 0


def test_the_demo_serves_https_with_a_certificate_of_ours(tmp_path: Path) -> None:
    made = json.loads(run(tmp_path, "certificate", "--json").stdout)
    with started(tmp_path, "demo", host="0.0.0.0", tls_cert=made["certificate"], tls_key=made["key"]) as running:
        address = up(running)
        screen = "".join(running.output)
        assert address.startswith("https://")
        assert "http://" not in screen
        assert "will warn" not in screen
        assert "need https" not in screen
        printed = screen.partition("Try first, in another terminal:")[2].partition("Ctrl-C stops it")[0]
        told = subprocess.run(["bash", "-c", printed], capture_output=True, text=True, check=True).stdout
        assert '"progress"' in told
        assert running.stop() == 0


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("::ffff:127.0.0.1", True), ("localhost", True),
        ("0.0.0.0", False), ("::", False), ("192.168.1.5", False), ("::ffff:10.0.0.1", False), ("pick.local", False),
        ("", False),
    ],
)  # fmt: skip
def test_what_is_not_surely_this_machine_is_not(host: str, local: bool) -> None:
    assert lan.is_local(host) is local


def test_addresses_are_written_as_browsers_do() -> None:
    assert lan.urls("127.0.0.1", 8000, secure=False) == ["http://127.0.0.1:8000"]
    assert lan.urls("fd00::2", 443, secure=True) == ["https://[fd00::2]"]
    assert lan.urls("10.0.0.1", 80, secure=True) == ["https://10.0.0.1:80"]
    for url in lan.urls("::", 8000, secure=False):
        host = url.removeprefix("http://").removesuffix(":8000").strip("[]")
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as bound:
            bound.bind((host, 0))  # only an address of this machine can be bound


def test_no_password_is_kept_in_clear_in_the_database(tmp_path: Path) -> None:
    with started(tmp_path, "demo", host="0.0.0.0") as running:
        up(running)
        assert running.stop() == 0
    with sqlite3.connect(tmp_path / "var" / "pickmesh.sqlite3") as database:
        hashes = [row[0] for row in database.execute("SELECT password_hash FROM person")]
    database.close()
    assert (len(hashes), all(each.startswith("$argon2id$") for each in hashes)) == (len(PEOPLE), True)
