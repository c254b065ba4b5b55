"""Pictures of barcodes over HTTP: `POST /scan` answers what is in them and whether this merchant knows it."""

import base64
import time
from collections.abc import Sequence
from typing import Any

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive

from pickmesh.app import metrics
from pickmesh.app.settings import Settings
from pickmesh.core.floor import codes
from pickmesh.core.floor.entries import Entry
from pickmesh.core.floor.tables import ScanKind, ScanSource
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit import languages
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.ids import NIL_ID
from pickmesh.core.kit.permissions import Permission
from pickmesh.core.kit.refusals import LimitExceeded, NotPermitted, Refusal, SignInNeeded
from pickmesh.core.kit.texts import joined, sentence
from pickmesh.core.stock import queries as stock_queries
from pickmesh.graphql import errors
from pickmesh.graphql.services import Services
from pickmesh.scanner.codes.parse import CodeKind, parse
from pickmesh.scanner.decode import refusals
from pickmesh.scanner.decode.barcode import Barcode
from pickmesh.scanner.decode.picture import PictureLimits
from pickmesh.scanner.decode.pool import PoolLimits, Readers

PATH = "/scan"
ACCEPT_MAX = 500
FORM_BYTES_MAX = 100_000
"""What a form may weigh beside its picture."""
RETRY_AFTER_S = 2
STATUSES: dict[type[Exception], int] = {
    SignInNeeded: 401,
    NotPermitted: 403,
    LimitExceeded: 413,
    refusals.TooManyBytes: 413,
    refusals.NotAPicture: 415,
    refusals.TooManyPixels: 422,
    refusals.BrokenPicture: 422,
    refusals.TookTooLong: 422,
    refusals.ReaderDied: 422,
    refusals.Busy: 503,
}
_NOTHING = sentence(
    "No barcode was found: go closer, hold the phone still, avoid glare and take it again, or type the code."
)
_UNSURE = sentence("Read, but not for certain: compare every digit with the label, or go closer and take it again.")
_NO_IMAGE = sentence("Send the picture as the file field “image” of a multipart/form-data body.")


def body_bytes_max(limits: PictureLimits) -> int:
    """Return how long a request with a picture may be."""
    return limits.bytes_max + FORM_BYTES_MAX


def routes(services: Services, readers: Readers) -> list[Route]:
    """Return the address pictures are sent to."""

    async def scan(request: Request) -> Response:
        return await answer(services, readers, request)

    return [Route(PATH, scan, methods=["POST"])]


def make_readers(chosen: Settings) -> Readers:
    """Return the readers these settings ask for; their processes start with the first picture."""
    return Readers(
        PoolLimits(
            workers=chosen.picture_readers,
            waiting_max=chosen.pictures_waiting_max,
            seconds_max=chosen.picture_seconds_max,
            budget_s=chosen.picture_budget_seconds,
            memory_bytes_max=chosen.picture_memory_bytes_max,
            picture=PictureLimits(bytes_max=chosen.picture_bytes_max, pixels_max=chosen.picture_pixels_max),
        )
    )


async def answer(services: Services, readers: Readers, request: Request) -> Response:
    """Answer a picture's barcodes, the surest first; a refusal is JSON with a code and a sentence, as in GraphQL."""
    begin = time.perf_counter()
    locale = await services.sessions.locale_of(request.headers)
    try:
        actor = await _reader(services, request)
        picture, accept = await _form(request, readers.limits.picture)
        found = await readers.decode(picture, accept=accept)
        async with services.database.reading(actor) as uow:
            barcodes = await _described(uow, found)
    except (Refusal, refusals.PictureRefused) as refusal:
        metrics.PICTURES.labels(refusal.code.lower()).inc()
        return _refused(refusal, locale)
    except HTTPException as error:
        metrics.PICTURES.labels(errors.BAD_REQUEST.lower()).inc()
        message = languages.translate(
            joined(sentence("The form cannot be read ({why}).", why=error.detail.rstrip(".")), _NO_IMAGE), locale
        )
        return _problem(message, errors.BAD_REQUEST, error.status_code, {})
    outcome, message = _said(barcodes)
    metrics.PICTURES.labels(outcome).inc()
    metrics.PICTURE_SECONDS.observe(time.perf_counter() - begin)
    return JSONResponse({"barcodes": barcodes, "message": languages.translate(message, locale)})


async def _reader(services: Services, request: Request) -> Actor:
    """Return who sends the picture, before any of it is read."""
    actor = (await services.sessions.caller_of(request.headers)).actor
    if actor is None:
        raise SignInNeeded
    if not actor.may(Permission.FLOOR_READ):
        raise NotPermitted
    return actor


async def _form(request: Request, limits: PictureLimits) -> tuple[bytes, list[str]]:
    limited = Request(request.scope, _counted(request.receive, limits))
    async with limited.form(max_files=1, max_fields=2 * ACCEPT_MAX, max_part_size=FORM_BYTES_MAX) as form:
        accept = [value for value in form.getlist("accept") if isinstance(value, str) and value]
        if len(accept) > ACCEPT_MAX:
            raise LimitExceeded(
                sentence(
                    "A picture can be compared with at most {most} codes; send those of one task.", most=ACCEPT_MAX
                )
            )
        image = form.get("image")
        if not isinstance(image, UploadFile):
            raise refusals.NotAPicture(_NO_IMAGE)
        return await image.read(limits.bytes_max + 1), accept


def _counted(receive: Receive, limits: PictureLimits) -> Receive:
    """Pass a body on up to its limit and no further, whatever its headers say."""
    left = body_bytes_max(limits)

    async def counted() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise refusals.TooManyBytes(
                sentence(
                    "The picture has more than {most} bytes, which is the limit; send a smaller one.",
                    most=limits.bytes_max,
                )
            )
        return message

    return counted


async def _described(uow: UnitOfWork, found: Sequence[Barcode]) -> list[dict[str, Any]]:
    """Say of barcodes what they are and whether this merchant knows them, in as many statements for one as for many.

    An EAN or UPC that nobody here knows is doubtful: misread ones are never in the catalogue.
    """
    known = await _known(uow, found)
    return [_one(barcode, known=is_known) for barcode, is_known in zip(found, known, strict=True)]


def _one(barcode: Barcode, *, known: bool) -> dict[str, Any]:
    kind = parse(barcode.text, symbology=barcode.identifier).kind
    return {
        "text": barcode.text,
        "rawBase64": base64.b64encode(barcode.data).decode(),
        "symbology": barcode.symbology,
        "identifier": barcode.identifier,
        "position": [list(corner) for corner in barcode.position],
        "engine": barcode.engine,
        "doubtful": barcode.doubtful or (kind is CodeKind.GTIN and not known),
        "kind": kind.value,
        "known": known,
    }


async def _known(uow: UnitOfWork, found: Sequence[Barcode]) -> list[bool]:
    if not found:
        return []
    places = [row.id for row in await stock_queries.locations(uow)]
    if uow.actor.warehouse_ids is not None:
        places = [place for place in places if place in uow.actor.warehouse_ids]
    entries = [_entry(barcode, number, uow) for number, barcode in enumerate(found)]
    looked_up = await codes.look_up(uow, entries, places, documents=True)
    here = [looked_up.at(place) for place in places or [uow.merchant_id]]
    return [any(code is not None and code.known for code in (each.of(entry) for each in here)) for entry in entries]


def _entry(barcode: Barcode, number: int, uow: UnitOfWork) -> Entry:
    return Entry(
        NIL_ID,
        number,
        uow.now,
        ScanKind.SCAN,
        raw=barcode.text,
        symbology=barcode.identifier,
        source=ScanSource.PICTURE,
    )


def _said(barcodes: Sequence[dict[str, Any]]) -> tuple[str, str]:
    """Return how it went, for the metric, and the sentence for whoever took the picture."""
    if not barcodes:
        return "nothing", _NOTHING
    sure = sum(not barcode["doubtful"] for barcode in barcodes)
    if not sure:
        return "doubtful", _UNSURE
    return "read", sentence("1 barcode was read.") if sure == 1 else sentence("{count} barcodes were read.", count=sure)


def _refused(refusal: Refusal | refusals.PictureRefused, locale: str) -> Response:
    status = STATUSES.get(type(refusal), 409)
    headers = {"www-authenticate": "Bearer"} if status == 401 else {}
    if status == 503:
        headers["retry-after"] = str(RETRY_AFTER_S)
    return _problem(languages.told(refusal, locale), refusal.code, status, headers)


def _problem(message: str, code: str, status: int, headers: dict[str, str]) -> Response:
    body = {"errors": [{"message": message, "extensions": {"code": code}}]}
    return JSONResponse(body, status_code=status, headers=headers)
