"""Labels over HTTP: parcels, places, goods. A refusal is JSON with a code and a sentence, as in GraphQL."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict
from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from pickmesh.app.labels import asked, drawing
from pickmesh.app.labels.asked import MEDIA_TYPES, Format
from pickmesh.app.labels.papers import evidence_paper, manifest_paper
from pickmesh.app.labels.places import place_labels
from pickmesh.app.labels.skus import sku_labels
from pickmesh.core.journal.unit_of_work import UnitOfWork
from pickmesh.core.kit import languages
from pickmesh.core.kit.actors import Actor
from pickmesh.core.kit.refusals import InvalidInput, LimitExceeded, NotFound, NotPermitted, Refusal, SignInNeeded
from pickmesh.core.kit.texts import sentence
from pickmesh.core.packing.labels import label_of
from pickmesh.graphql.services import Services
from pickmesh.graphql.sessions import bearer_of
from pickmesh.scanner.labels import listing
from pickmesh.scanner.labels.listing import Listing
from pickmesh.scanner.labels.paper import Label, Paper
from pickmesh.scanner.labels.parcel import ParcelLabel

STATUSES = {
    SignInNeeded.code: 401,
    NotPermitted.code: 403,
    NotFound.code: 404,
    InvalidInput.code: 422,
    LimitExceeded.code: 422,
}
DRAWN_AT_ONCE_MAX = 2
"""So many files are drawn at a time: a thousand labels take seconds of a core, and scans must not wait for them."""

ReadPaper = Callable[[UnitOfWork, UUID], Awaitable[Listing]]
Answer = Callable[[Request, Actor, Format], Awaitable[Response]]


def routes(services: Services) -> list[Route]:
    """Return where labels are served."""
    desk = Desk(services)
    return [
        Route("/labels/parcel/{parcel}.{format}", partial(desk.answer, desk.parcel)),
        Route("/labels/manifest/{id}.{format}", partial(desk.answer, partial(desk.paper, manifest_paper))),
        Route("/labels/evidence/{id}.{format}", partial(desk.answer, partial(desk.paper, evidence_paper))),
        Route("/labels/places.{format}", partial(desk.answer, desk.places)),
        Route("/labels/skus.{format}", partial(desk.answer, desk.skus)),
    ]


class Desk:
    """Who answers requests for labels."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._drawing = asyncio.Semaphore(DRAWN_AT_ONCE_MAX)

    async def answer(self, of_kind: Answer, request: Request) -> Response:
        """Answer a request of one kind, or refuse it."""
        try:
            wanted = asked.format_named(request.path_params["format"])
            return await of_kind(request, await self._actor(request), wanted)
        except Refusal as refusal:
            return _refused(refusal, await self._services.sessions.locale_of(request.headers))

    async def parcel(self, request: Request, actor: Actor, wanted: Format) -> Response:
        """Answer a parcel's label; who may not read recipients gets them masked."""
        try:
            parcel_id = UUID(request.path_params["parcel"])
        except ValueError:
            raise NotFound("No parcel has that id; take the address from the parcel's labels.") from None
        async with self._services.database.reading(actor) as uow:
            label = ParcelLabel(**asdict(await label_of(uow, parcel_id)))
        return await self._drawn(partial(drawing.draw_parcel, label, wanted), wanted, label.number)

    async def paper(self, read: ReadPaper, request: Request, actor: Actor, wanted: Format) -> Response:
        """Answer a paper that lists things; it is drawn as PDF only."""
        if wanted is not Format.PDF:
            raise InvalidInput(sentence("This paper is drawn as PDF only."), field=("format",))
        try:
            subject_id = UUID(request.path_params["id"])
        except ValueError:
            raise NotFound("Nothing has that id; take the address from where it is shown.") from None
        async with self._services.database.reading(actor) as uow:
            listed = await read(uow, subject_id)
        return await self._drawn(partial(listing.draw_pdf, listed), wanted, listed.code)

    async def places(self, request: Request, actor: Actor, wanted: Format) -> Response:
        """Answer the labels of places."""
        which, on = asked.places_of(request.query_params.multi_items())
        async with self._services.database.reading(actor) as uow:
            labels = await place_labels(uow, which)
        return await self._many(labels, wanted, on, "places")

    async def skus(self, request: Request, actor: Actor, wanted: Format) -> Response:
        """Answer the labels of goods."""
        which, on = asked.skus_of(request.query_params.multi_items())
        async with self._services.database.reading(actor) as uow:
            labels = await sku_labels(uow, which)
        return await self._many(labels, wanted, on, "skus")

    async def _many(self, labels: Sequence[Label], wanted: Format, on: Paper, name: str) -> Response:
        return await self._drawn(partial(drawing.draw, labels, wanted, on), wanted, name)

    async def _drawn(self, draw: Callable[[], bytes], wanted: Format, name: str) -> Response:
        async with self._drawing:
            drawn = await asyncio.to_thread(draw)
        headers = {"content-disposition": f'inline; filename="{name}.{wanted}"'}
        return Response(drawn, media_type=MEDIA_TYPES[wanted], headers=headers)

    async def _actor(self, request: Request) -> Actor:
        token = bearer_of(request.headers.get("authorization"))
        actor = await self._services.sessions.actor_of(token) if token else None
        if actor is None:
            raise SignInNeeded
        return actor


def _refused(refusal: Refusal, locale: str) -> Response:
    body = {"errors": [{"message": languages.told(refusal, locale), "extensions": {"code": refusal.code}}]}
    headers = {"www-authenticate": "Bearer"} if refusal.code == SignInNeeded.code else {}
    return JSONResponse(body, status_code=STATUSES.get(refusal.code, 409), headers=headers)
