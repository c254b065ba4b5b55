"""Parcel labels over HTTP, drawn when they are asked for."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pickmesh.graphql.services import Services


async def answer(services: Services, request: Request) -> Response:
    """Answer a parcel's label as PDF or ZPL."""
    return JSONResponse({}, status_code=404)
