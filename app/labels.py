"""Parcel labels over HTTP, drawn when they are asked for: the picture is never kept."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pickmesh.core.kit.refusals import NotFound, NotPermitted, Refusal, SignInNeeded
from pickmesh.core.packing.labels import label_of
from pickmesh.graphql.services import Services
from pickmesh.graphql.sessions import bearer_of
from pickmesh.scanner.labels import parcel
from pickmesh.scanner.labels.parcel import ParcelLabel

FORMATS: Mapping[str, tuple[str, Callable[[ParcelLabel], bytes]]] = {
    "pdf": ("application/pdf", parcel.draw_pdf),
    "zpl": ("application/zpl", parcel.draw_zpl),
}
STATUSES = {SignInNeeded.code: 401, NotPermitted.code: 403, NotFound.code: 404}


async def answer(services: Services, request: Request) -> Response:
    """Answer a parcel's label as PDF or ZPL; a refusal is JSON with a code and a sentence, as in GraphQL.

    Who may not read recipients gets them masked.
    """
    try:
        kind, draw = FORMATS[request.path_params["format"]]
        label = await _label(services, request)
    except KeyError:
        return _refused(NotFound(f"Labels come as {' or '.join(FORMATS)}."))
    except Refusal as refusal:
        return _refused(refusal)
    drawn = await asyncio.to_thread(draw, label)
    name = f"{label.number}.{request.path_params['format']}"
    return Response(drawn, media_type=kind, headers={"content-disposition": f'inline; filename="{name}"'})


async def _label(services: Services, request: Request) -> ParcelLabel:
    token = bearer_of(request.headers.get("authorization"))
    actor = await services.sessions.actor_of(token) if token else None
    if actor is None:
        raise SignInNeeded
    try:
        parcel_id = UUID(request.path_params["parcel"])
    except ValueError:
        raise NotFound("No parcel has that id; take the address from the parcel's labels.") from None
    async with services.database.reading(actor) as uow:
        return ParcelLabel(**asdict(await label_of(uow, parcel_id)))


def _refused(refusal: Refusal) -> Response:
    body = {"errors": [{"message": refusal.message, "extensions": {"code": refusal.code}}]}
    headers = {"www-authenticate": "Bearer"} if refusal.code == SignInNeeded.code else {}
    return JSONResponse(body, status_code=STATUSES.get(refusal.code, 409), headers=headers)
