import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from databases import as_app, make_postgres_database
from processes import address_of, environment, run, started
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

GRAPHQL_TRANSPORT_WS = Subprotocol("graphql-transport-ws")
PASSWORD = "pickmesh-demo"
SIGN_IN = 'mutation { signIn(input: {signIn: "%s", password: "%s", device: "test"}) { token } }'


# The tests of this module share what its fixtures started: one worker runs them all.
pytestmark = pytest.mark.xdist_group("serving")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose SQLite file is migrated and holds one merchant with one person."""
    made = tmp_path_factory.mktemp("serving")
    assert run(made, "migrate").returncode == 0
    assert run(made, "merchant", "add", "linan", "--name", "林安家居").returncode == 0
    arguments = ("user", "add", "owner@linan", "--name", "徐文博", "--role", "owner")
    assert run(made, *arguments, merchant="linan", user_password=PASSWORD).returncode == 0
    return made


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[str]:
    """The address of `pickmesh serve`, which stops cleanly at the end."""
    with started(folder, "serve", body_bytes_max="2000") as running:
        yield address_of(running)
        assert running.stop(signal.SIGTERM) == 0


def ask(address: str, query: str, token: str | None = None) -> httpx.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    return httpx.post(f"{address}/graphql", json={"query": query}, headers=headers, timeout=30)


def token_of(address: str, who: str) -> str:
    token = ask(address, SIGN_IN % (who, PASSWORD)).json()["data"]["signIn"]["token"]
    assert isinstance(token, str)
    return token


def test_it_says_that_it_is_alive_ready_and_how_much_it_did(served: str) -> None:
    assert httpx.get(f"{served}/healthz").text == "alive\n"
    ready = httpx.get(f"{served}/readyz")
    assert (ready.status_code, ready.json()) == (200, {"ready": True, "problem": None})
    measured = httpx.get(f"{served}/metrics").text
    assert 'pickmesh_requests_total{path="/readyz",status="200"}' in measured
    assert "pickmesh_workers_alive 1.0" in measured
    assert 'pickmesh_merchants_waiting{consumer="reactions"}' in measured


def test_who_signs_in_may_ask(served: str) -> None:
    token = token_of(served, "owner@linan")
    answer = ask(served, "{ viewer { name role } }", token)
    assert answer.json()["data"]["viewer"] == {"name": "徐文博", "role": "OWNER"}


def test_every_answer_carries_a_request_id_and_headers_that_browsers_heed(served: str) -> None:
    given = httpx.get(f"{served}/healthz", headers={"x-request-id": "mine-1"})
    assert given.headers["x-request-id"] == "mine-1"
    forged = httpx.get(f"{served}/healthz", headers={"x-request-id": "two words"})
    assert len(forged.headers["x-request-id"]) == 36
    assert given.headers["x-content-type-options"] == "nosniff"
    assert given.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert given.headers["cache-control"] == "no-store"
    assert "server" not in given.headers
    page = httpx.get(f"{served}/graphql", headers={"accept": "text/html"})
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "script-src 'self' 'unsafe-inline' https://unpkg.com" in page.headers["content-security-policy"]


def test_a_body_over_the_limit_is_refused_before_it_is_read(served: str) -> None:
    answer = httpx.post(f"{served}/graphql", content=b"x" * 2001, headers={"content-type": "application/json"})
    assert answer.status_code == 413
    problem = {
        "message": "The body has 2001 bytes and the limit is 2000; send it in smaller parts.",
        "extensions": {"code": "BAD_REQUEST"},
    }
    assert answer.json() == {"errors": [problem]}


def test_labels_need_a_token_and_a_parcel_of_ones_own(served: str) -> None:
    nobody = httpx.get(f"{served}/labels/parcel/01a20c2c-f6f4-773f-864f-169d956cfe02.pdf")
    assert (nobody.status_code, nobody.json()["errors"][0]["extensions"]["code"]) == (401, "SIGN_IN_NEEDED")
    headers = {"authorization": f"Bearer {token_of(served, 'owner@linan')}"}
    for path in ("01a20c2c-f6f4-773f-864f-169d956cfe02.pdf", "P-0001.pdf", "01a20c2c-f6f4-773f-864f-169d956cfe02.png"):
        unknown = httpx.get(f"{served}/labels/parcel/{path}", headers=headers)
        assert (unknown.status_code, unknown.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND")


def test_logs_are_json_lines_without_tokens_or_passwords(folder: Path) -> None:
    with started(folder, "serve", log_level="debug") as running:
        address = address_of(running)
        token = token_of(address, "owner@linan")
        ask(address, "{ viewer { name } }", token)
        running.stop(signal.SIGTERM)
    output = "".join(running.output)
    lines = [json.loads(line) for line in output.splitlines()]
    assert {"serving", "request", "worker started", "worker stopped"} <= {line["event"] for line in lines}
    assert token not in output
    assert PASSWORD not in output
    assert "徐文博" not in output


def test_a_subscription_is_told_to_come_back_when_the_server_stops(folder: Path) -> None:
    with started(folder, "serve") as running:
        address = address_of(running)
        token = token_of(address, "owner@linan")
        with connect(f"{address.replace('http', 'ws')}/graphql", subprotocols=[GRAPHQL_TRANSPORT_WS]) as socket_:
            socket_.send(json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}))
            assert json.loads(socket_.recv())["type"] == "connection_ack"
            query = "subscription { events(since: 0) { seq kind } }"
            socket_.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}))
            first = json.loads(socket_.recv())["payload"]["data"]["events"]
            assert first == {"seq": 1, "kind": "merchant_created"}
            running.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    socket_.recv(timeout=30)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012  # service restart: connect again
        assert running.process.wait(timeout=60) == 0


def test_a_database_that_is_not_migrated_is_not_served(tmp_path: Path) -> None:
    done = run(tmp_path, "serve", port="0")
    assert done.returncode == 2
    assert "the database is empty; run `pickmesh migrate`." in done.stderr


@pytest.fixture
async def owner_url(postgres_server: str, worker_id: str) -> str:
    """An empty PostgreSQL database, as its superuser."""
    return await make_postgres_database(postgres_server, f"pickmesh_serving_{worker_id}")


def test_a_login_that_is_not_walled_is_refused_unless_allowed(tmp_path: Path, owner_url: str) -> None:
    assert run(tmp_path, "migrate", database_url=owner_url).returncode == 0
    refused = run(tmp_path, "serve", database_url=owner_url, port="0")
    assert refused.returncode == 2
    assert "could see another's rows. Give it to `pickmesh migrate` as PICKMESH_MIGRATE_URL" in refused.stderr
    with started(tmp_path, "serve", database_url=owner_url, allow_unwalled="1") as running:
        assert httpx.get(f"{address_of(running)}/readyz").status_code == 200
        assert running.stop() == 0


def test_migrate_makes_the_login_that_serves(tmp_path: Path, owner_url: str) -> None:
    login = as_app(owner_url)
    migrated = run(tmp_path, "migrate", database_url=login, migrate_url=owner_url)
    assert (migrated.returncode, migrated.stderr) == (0, "")
    with started(tmp_path, "serve", "--no-worker", database_url=login) as running:
        address = address_of(running)
        assert httpx.get(f"{address}/readyz").status_code == 200
        assert "pickmesh_workers_alive 0.0" in httpx.get(f"{address}/metrics").text
        assert running.stop() == 0


def test_a_worker_of_its_own_stops_when_told(folder: Path) -> None:
    with started(folder, "worker") as running:
        running.wait_for("worker started")
        assert running.stop(signal.SIGTERM) == 0
        assert "worker stopped" in running.output[-1]


def test_the_demo_loads_serves_and_its_lines_work_as_they_stand(tmp_path: Path) -> None:
    with started(tmp_path, "demo") as running:
        address = running.wait_for(r"pickmesh is up.*(http://127\.0\.0\.1:\d+)").group(1)
        running.wait_for("Ctrl-C stops it")
        screen = "".join(running.output)
        assert "Sign in with the password pickmesh-demo as" in screen
        for who in ("owner@linan", "picker1@beihai", "support@yunduan"):
            assert who in screen
        printed = screen.partition("Try first, in another terminal:")[2].partition("Ctrl-C stops it")[0]
        lines = [line.strip() for line in printed.splitlines() if line.strip()]
        told = subprocess.run(["bash", "-c", "\n".join(lines)], capture_output=True, text=True, check=True).stdout
        assert len(lines) == 8
        assert '"errors"' not in told
        assert "北欧风陶瓷马克杯" in told
        assert "BACKORDERED" in told
        released, picking, answered = [json.loads(f'{{"data"{part}')["data"] for part in told.split('{"data"')[-3:]]
        assert (released["waveRelease"]["userErrors"], len(released["waveRelease"]["pickLists"])) == ([], 1)
        assert released["waveRelease"]["wave"]["status"] == "RELEASED"
        session = picking["floorTaskNext"]["session"]
        assert session["progress"]["done"] == 0 < session["progress"]["total"]
        assert session["instruction"]
        assert [each["status"] for each in answered["dropshipAccept"]["dropships"]] == ["ACCEPTED"]
        assert "chat --as manager@linan --merchant linan --server http://" in screen
        assert "PICKMESH_TELEGRAM_TOKEN=… PICKMESH_BOT_SERVER=http://" in screen
        assert token_of(address, "picker1@linan").startswith("pm1_")
        assert running.stop(signal.SIGINT) == 0
        assert "Stopped; everything is kept." in running.output[-1]
    assert run(tmp_path, "doctor").returncode == 0


def test_the_demo_starts_again_in_seconds_without_loading_anything(tmp_path: Path) -> None:
    begin = time.monotonic()
    with started(tmp_path, "demo") as running:
        running.wait_for("pickmesh is up")
        first_s = time.monotonic() - begin
        assert running.stop(signal.SIGINT) == 0
    begin = time.monotonic()
    with started(tmp_path, "demo") as running:
        running.wait_for("pickmesh is up")
        assert time.monotonic() - begin < first_s
        assert not any(" rows of " in line for line in running.output)
        assert running.stop(signal.SIGTERM) == 0


def test_a_busy_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        for command in ("demo", "serve"):
            done = run(tmp_path, command, port=str(port))
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr == (
                f"pickmesh: Something else listens at 127.0.0.1:{port} already;"
                " stop it, or choose another port with PICKMESH_PORT.\n"
            )


def test_the_demo_on_a_superusers_postgresql_serves_through_a_walled_login(tmp_path: Path, owner_url: str) -> None:
    for _ in range(2):
        with started(tmp_path, "demo", database_url=owner_url) as running:
            address = running.wait_for(r"pickmesh is up.*(http://127\.0\.0\.1:\d+)").group(1)
            assert token_of(address, "manager@beihai").startswith("pm1_")
            assert running.stop() == 0
    assert not (Path(environment(tmp_path)["PICKMESH_DATA"]) / "pickmesh.sqlite3").exists()
