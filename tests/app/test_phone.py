from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette

from pickmesh.app import phone

INDEX = "<!doctype html><title>phone</title>"
SCRIPT = "console.log('phone');" * 200


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A folder as the build leaves it."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / "sw.js").write_text("self;")
    (tmp_path / "assets" / "index-a1b2.js").write_text(SCRIPT)
    (tmp_path / "assets" / "reader-a1b2.wasm").write_bytes(b"\0asm" + b"\0" * 2_000)
    return tmp_path


async def get(folder: Path, path: str) -> httpx.Response:
    transport = httpx.ASGITransport(app=Starlette(routes=phone.routes(folder)))
    async with httpx.AsyncClient(transport=transport, base_url="http://phone") as client:
        return await client.get(path)


async def test_the_address_alone_leads_to_the_app(built: Path) -> None:
    for path in ("/", "/app"):
        answer = await get(built, path)
        assert (answer.status_code, answer.headers["location"]) == (307, "/app/")
    assert (await get(built, "/app/")).text == INDEX


async def test_a_name_with_a_hash_is_kept_for_ever_and_all_else_is_asked_for_again(built: Path) -> None:
    kept = {path: (await get(built, path)).headers["cache-control"] for path in ("/app/", "/app/sw.js")}
    assert kept == {"/app/": "no-cache", "/app/sw.js": "no-cache"}
    assert "immutable" in (await get(built, "/app/assets/index-a1b2.js")).headers["cache-control"]


async def test_scripts_come_compressed_and_the_decoder_as_webassembly(built: Path) -> None:
    script = await get(built, "/app/assets/index-a1b2.js")
    assert (script.headers["content-encoding"], script.text) == ("gzip", SCRIPT)
    decoder = await get(built, "/app/assets/reader-a1b2.wasm")
    assert decoder.headers["content-type"] == "application/wasm"


async def test_what_is_not_there_is_not_found_and_nothing_outside_is_reached(built: Path) -> None:
    (built.parent / "secret.key").write_text("secret")
    for path in ("/app/none.js", "/app/../secret.key", "/app/%2e%2e/secret.key"):
        assert (await get(built, path)).status_code == 404


async def test_an_app_that_was_never_built_says_how_to_build_it(tmp_path: Path) -> None:
    answer = await get(tmp_path, "/app/")
    assert (answer.status_code, answer.text) == (404, phone.NOT_BUILT)
