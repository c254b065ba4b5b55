"""`POST /scan` of a real server: pictures in, barcodes or a refusal out, and nobody waits for anybody's bad picture."""

import asyncio
import base64
import json
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from builders_accounts import make_person, make_token
from builders_catalog import make_skus
from processes import address_of, run, started
from statements import statements

from pickmesh.app import composition
from pickmesh.app.pictures import FORM_BYTES_MAX
from pickmesh.app.settings import Settings
from pickmesh.bench import pictures
from pickmesh.core.journal.database import Database
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.permissions import Role
from pickmesh.scanner.codes.own import OwnKind, label_text

EAN = "6957764102201"
OTHER = "4006381333931"
PASSWORD = "pickmesh-demo"
ENGLISH = {"accept-language": "en"}
SIGN_IN = 'mutation { signIn(input: {signIn: "%s", password: "%s", device: "test"}) { token } }'
GOOD = pictures.file_of(pictures.scene(pictures.symbol(EAN, "EAN13")))
pytestmark = pytest.mark.xdist_group("pictures")


class House:
    """A serving process in this one: its web application, and what its merchant has."""

    def __init__(self, client: httpx.AsyncClient, token: str) -> None:
        self.client = client
        self.headers = {**ENGLISH, "authorization": f"Bearer {token}"}

    async def scan(self, picture: bytes, *accept: str) -> httpx.Response:
        files = {"image": ("code.png", picture, "image/png")}
        return await self.client.post("/scan", files=files, data={"accept": list(accept)}, headers=self.headers)

    async def barcodes(self, picture: bytes, *accept: str) -> list[dict[str, Any]]:
        answer = await self.scan(picture, *accept)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["barcodes"]
        return found


async def token_of(database: Database, merchant: Actor, role: Role) -> str:
    return await make_token(database, merchant, (await make_person(database, merchant, role))[0])


@pytest_asyncio.fixture
async def house(database: Database, merchant: Actor, tmp_path: Path) -> AsyncIterator[House]:
    """A house whose picker is signed in, and whose merchant has one SKU with a barcode."""
    await make_skus(database, merchant, ["MUG"], barcodes={"MUG": EAN})
    chosen = Settings(data=tmp_path, picture_bytes_max=2_000_000)
    made = composition.build(chosen, database, with_worker=False)
    transport = httpx.ASGITransport(made.web())
    async with httpx.AsyncClient(transport=transport, base_url="http://house", timeout=60) as client:
        yield House(client, await token_of(database, merchant, Role.PICKER))
    await made.readers.close()


def code_of(answer: httpx.Response) -> tuple[int, str]:
    (error,) = answer.json()["errors"]
    assert error["message"].endswith(".")
    return answer.status_code, error["extensions"]["code"]


async def test_a_barcode_of_this_merchant_is_read_and_known(house: House) -> None:
    answer = await house.scan(GOOD)
    assert (answer.status_code, answer.json()["message"]) == (200, "1 barcode was read.")
    (found,) = answer.json()["barcodes"]
    position = found.pop("position")
    assert found == {
        "text": EAN,
        "rawBase64": base64.b64encode(EAN.encode()).decode(),
        "symbology": "EAN-13",
        "identifier": "]E0",
        "engine": "zxing-cpp",
        "doubtful": False,
        "kind": "GTIN",
        "known": True,
    }
    assert [len(corner) for corner in position] == [2, 2, 2, 2]


async def test_another_merchants_barcode_is_unknown_and_doubtful(
    house: House, database: Database, stranger: Actor
) -> None:
    await make_skus(database, stranger, ["PEN"], barcodes={"PEN": OTHER})
    foreign = pictures.file_of(pictures.scene(pictures.symbol(OTHER, "EAN13")))
    answer = await house.scan(foreign)
    (found,) = answer.json()["barcodes"]
    assert (found["text"], found["known"], found["doubtful"]) == (OTHER, False, True)
    assert answer.json()["message"].startswith("Read, but not for certain: compare every digit")


async def test_what_is_not_expected_is_doubtful_though_it_is_known(house: House) -> None:
    (found,) = await house.barcodes(GOOD, OTHER, "6901234567892")
    assert (found["known"], found["doubtful"]) == (True, True)
    (found,) = await house.barcodes(GOOD, OTHER, EAN)
    assert found["doubtful"] is False


async def test_our_own_label_is_told_apart_and_a_sku_by_its_code(house: House) -> None:
    bin_label = pictures.scene(pictures.symbol(label_text(OwnKind.BIN, "Z99"), "Code128"))
    (found,) = await house.barcodes(pictures.file_of(bin_label))
    assert (found["kind"], found["known"], found["doubtful"]) == ("OWN", False, False)
    (found,) = await house.barcodes(pictures.file_of(pictures.scene(pictures.symbol("MUG", "QRCode"))))
    assert (found["kind"], found["known"], found["doubtful"]) == ("TEXT", True, False)


async def test_statements_do_not_grow_with_the_codes_of_a_picture(house: House, database: Database) -> None:
    table = pictures.texture((1100, 800), 5)
    table.paste(pictures.scene(pictures.symbol(EAN, "EAN13")), (20, 50))
    table.paste(pictures.scene(pictures.symbol("MUG", "QRCode")), (560, 30))
    table.paste(pictures.scene(pictures.symbol("W-0017-K", "Code128")), (20, 450))
    await house.barcodes(GOOD)
    with statements(database) as for_one:
        assert len(await house.barcodes(GOOD)) == 1
    with statements(database) as for_many:
        assert len(await house.barcodes(pictures.file_of(table))) == 3
    assert len(for_many) == len(for_one)


async def test_a_picture_without_a_code_says_what_to_do(house: House) -> None:
    answer = await house.scan(pictures.file_of(pictures.texture((600, 400), 5)))
    assert (answer.status_code, answer.json()["barcodes"]) == (200, [])
    assert "go closer, hold the phone still" in answer.json()["message"]


async def test_bad_pictures_are_refused_each_in_its_way(house: House) -> None:
    jpeg = pictures.file_of(pictures.noisy(pictures.texture((800, 600), 5), 30), "JPEG")
    assert code_of(await house.scan(b"a text file\n")) == (415, "NOT_A_PICTURE")
    assert code_of(await house.scan(pictures.png_of_size(50_000, 50_000))) == (422, "TOO_MANY_PIXELS")
    assert code_of(await house.scan(jpeg[: len(jpeg) // 2])) == (422, "BROKEN_PICTURE")
    assert code_of(await house.scan(b"x" * 2_000_001)) == (413, "PICTURE_TOO_LARGE")
    assert code_of(await house.scan(b"x" * 2_200_000)) == (413, "BAD_REQUEST")
    assert code_of(await house.scan(GOOD, *(["1"] * 501))) == (413, "LIMIT_EXCEEDED")


async def test_a_picture_that_is_far_too_large_is_told_in_the_language_it_is_sent_in(house: House) -> None:
    said = []
    for asked in ("zh-CN,en;q=0.5", "en"):
        headers = {**house.headers, "accept-language": asked, "content-type": "image/png"}
        answer = await house.client.post("/scan", content=b"x" * 2_200_000, headers=headers)
        assert answer.status_code == 413
        said.append(answer.json()["errors"][0]["message"])
    limit = 2_000_000 + FORM_BYTES_MAX
    assert said == [
        f"图片有 2200000 字节，上限是 {limit} 字节：请拍小一点的。",
        f"The picture has 2200000 bytes and the limit is {limit}; take a smaller one.",
    ]


async def test_a_form_without_a_picture_is_refused(house: House) -> None:
    nothing = await house.client.post("/scan", headers=house.headers)
    assert code_of(nothing) == (415, "NOT_A_PICTURE")
    text = await house.client.post("/scan", data={"image": "me.png"}, headers=house.headers)
    assert code_of(text) == (415, "NOT_A_PICTURE")
    half = {**house.headers, "content-type": "multipart/form-data"}
    assert code_of(await house.client.post("/scan", content=b"--x", headers=half)) == (400, "BAD_REQUEST")


async def test_a_body_of_unknown_length_is_read_up_to_the_limit(house: House) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b'--x\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
        while sent < 50_000_000:
            sent += 65_536
            yield b"x" * 65_536

    headers = {**house.headers, "content-type": "multipart/form-data; boundary=x"}
    assert code_of(await house.client.post("/scan", content=endless(), headers=headers)) == (413, "PICTURE_TOO_LARGE")
    assert sent < 3_000_000 or sent >= 50_000_000  # httpx's transport in this process reads a body before it is asked


async def test_pictures_need_a_token_and_the_right_to_read_the_floor(
    house: House, database: Database, merchant: Actor
) -> None:
    files = {"image": ("a.png", GOOD, "image/png")}
    nobody = await house.client.post("/scan", files=files, headers=ENGLISH)
    assert (code_of(nobody), nobody.headers["www-authenticate"]) == ((401, "SIGN_IN_NEEDED"), "Bearer")
    purchaser = {**ENGLISH, "authorization": f"Bearer {await token_of(database, merchant, Role.PURCHASER)}"}
    assert code_of(await house.client.post("/scan", files=files, headers=purchaser)) == (403, "NOT_PERMITTED")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A real `pickmesh serve`, and a token for it; it stops cleanly at the end."""
    folder = tmp_path_factory.mktemp("pictures")
    assert run(folder, "migrate").returncode == 0
    assert run(folder, "merchant", "add", "linan", "--name", "林安家居").returncode == 0
    person = ("user", "add", "owner@linan", "--name", "徐文博", "--role", "owner")
    assert run(folder, *person, merchant="linan", user_password=PASSWORD).returncode == 0
    with started(folder, "serve", pictures_waiting_max="10") as running:
        address = address_of(running)
        query = SIGN_IN % ("owner@linan", PASSWORD)
        told = httpx.post(f"{address}/graphql", json={"query": query}, timeout=30).json()
        yield address, told["data"]["signIn"]["token"]
        assert running.stop(signal.SIGTERM) == 0


async def test_fifty_at_once_are_read_or_refused_while_the_server_answers(served: tuple[str, str]) -> None:
    address, token = served
    hard = pictures.noisy(pictures.shaded(pictures.scene(pictures.symbol(EAN, "EAN13")), 0.1), 3)
    files = {"image": ("code.jpg", pictures.file_of(hard, "JPEG"), "image/jpeg")}
    limits = httpx.Limits(max_connections=60)
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as client:
        headers = {**ENGLISH, "authorization": f"Bearer {token}"}
        asked = [asyncio.create_task(client.post("/scan", files=files, headers=headers)) for _ in range(50)]
        alive = 0
        while not all(each.done() for each in asked):
            answer = await client.get("/healthz", timeout=10)
            assert answer.text == "alive\n"
            alive += 1
        answers = [await each for each in asked]
        measured = (await client.get("/metrics")).text
    assert alive >= 3
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {200, 503}
    for answer in answers:
        if answer.status_code == 503:
            assert code_of(answer) == (503, "BUSY")
            assert answer.headers["retry-after"] == "2"
        else:
            assert [each["text"] for each in answer.json()["barcodes"]] == [EAN]
    assert f'pickmesh_pictures_total{{outcome="busy"}} {float(statuses.count(503))}' in measured
    assert 'pickmesh_requests_total{path="/scan",status="200"}' in measured


async def test_a_picture_too_heavy_is_refused_by_a_real_server_whatever_its_headers_say(
    served: tuple[str, str],
) -> None:
    address, token = served

    async def endless() -> AsyncIterator[bytes]:
        yield b'--x\r\ncontent-disposition: form-data; name="image"; filename="a.png"\r\n\r\n'
        for _ in range(200):
            yield b"x" * 100_000

    headers = {**ENGLISH, "authorization": f"Bearer {token}", "content-type": "multipart/form-data; boundary=x"}
    async with httpx.AsyncClient(base_url=address, timeout=60) as client:
        answer = await client.post("/scan", content=endless(), headers=headers)
    assert json.loads(answer.text)["errors"][0]["extensions"]["code"] == "PICTURE_TOO_LARGE"
