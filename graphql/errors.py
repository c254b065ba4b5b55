"""What leaves this house when something is not right: refusals and bad requests in clear, bugs behind an id."""

from typing import Any

import structlog
from graphql import ExecutionResult, GraphQLError

from pickmesh.core.kit import languages
from pickmesh.core.kit.ids import new_id
from pickmesh.core.kit.refusals import Refusal
from pickmesh.core.kit.texts import sentence

BAD_REQUEST = "BAD_REQUEST"
INTERNAL = "INTERNAL"
_BUG = sentence("Something went wrong on our side. Look at the current state, try again, and tell us the errorId.")
log = structlog.get_logger("pickmesh.graphql")


def of_refusal(refusal: Refusal, locale: str = languages.ENGLISH) -> GraphQLError:
    """Return the GraphQL error that tells a refusal outside of a mutation's userErrors."""
    return GraphQLError(languages.translate(refusal.message, locale), extensions=_told(refusal))


def masked(error: GraphQLError, locale: str = languages.ENGLISH) -> GraphQLError:
    """Return an error as the client may see it: no stack, no SQL, no value that a bug happened to hold.

    A refusal is told in the language; what is wrong with a request itself is told to programmers, in English.
    """
    cause = _cause(error)
    if isinstance(cause, Refusal):
        return _at(error, languages.translate(cause.message, locale), _told(cause))
    if cause is None or isinstance(cause, GraphQLError):
        extensions = {"code": BAD_REQUEST, **(error.extensions or {})}
        return _at(error, error.message, extensions)
    error_id = str(new_id())
    log.error("graphql_bug", error_id=error_id, path=error.path, exc_info=cause)
    return _at(error, languages.translate(_BUG, locale), {"code": INTERNAL, "errorId": error_id})


def masked_result(result: ExecutionResult, locale: str = languages.ENGLISH) -> ExecutionResult:
    """Return a result whose errors the client may see."""
    if not result.errors:
        return result
    return ExecutionResult(result.data, [masked(error, locale) for error in result.errors], result.extensions)


def _cause(error: GraphQLError) -> BaseException | None:
    """Return what was really raised: graphql-core wraps an exception once for each place it passes."""
    cause: BaseException | None = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    return cause


def _told(refusal: Refusal) -> dict[str, Any]:
    return {"code": refusal.code, "field": list(refusal.field), "data": refusal.data}


def _at(error: GraphQLError, message: str, extensions: dict[str, Any]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
