"""GraphQL over WebSockets by the graphql-transport-ws protocol: each operation has a context of its own."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from graphql import ExecutionResult, GraphQLError, OperationType, subscribe
from graphql_server.exceptions import GraphQLValidationError
from graphql_server.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
    Operation,
)
from graphql_server.subscriptions.protocols.graphql_transport_ws.types import (
    CompleteMessage,
    ErrorMessage,
    SubscribeMessage,
)

from pickmesh.core.kit.refusals import LimitExceeded
from pickmesh.graphql import errors
from pickmesh.graphql.context import Connection, Context

SIGNED_OUT = 4403


class Handler(BaseGraphQLTransportWSHandler[Context, None]):
    """One WebSocket: every operation asks anew who is there, and ends its own reading."""

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Start an operation; what is wrong with its document is answered under its id and the connection stays."""
        if self.connection_acknowledged:
            if not await self.context.still_signed_in():
                await self.websocket.close(code=SIGNED_OUT, reason="Forbidden")
                return
            found = self._objections(message)
            if found:
                payload = [errors.masked(error, self.context.locale).formatted for error in found]
                await self.send_message(ErrorMessage(id=message["id"], type="error", payload=payload))
                return
        await super().handle_subscribe(message)

    def _objections(self, message: SubscribeMessage) -> list[GraphQLError]:
        limit = self.context.services.limits.subscriptions_max
        if len(self.operations) >= limit:
            text = f"At most {limit} operations run at once over one connection (subscriptions_max)."
            return [errors.of_refusal(LimitExceeded(text))]
        try:
            self.view.documents.ready(*operation_of(message["payload"]))  # type: ignore[attr-defined]  # is our Server
        except GraphQLValidationError as invalid:
            return invalid.errors
        return []

    async def run_operation(self, operation: Operation[Context, None]) -> None:
        """Send every result of an operation, then its end."""
        assert isinstance(self.context, Connection)
        context = self.context.operation()
        try:
            async with aclosing(self._results(operation, context)) as results:
                async for result in results:
                    await operation.send_next(errors.masked_result(result, context.locale))
            await operation.send_operation_message(CompleteMessage(id=operation.id, type="complete"))
        except GraphQLValidationError as invalid:
            await operation.send_initial_errors([errors.masked(error, context.locale) for error in invalid.errors])
        except Exception as error:  # a stream that broke: told like any other bug, then ended
            told = GraphQLError("The stream broke.", original_error=error)
            await operation.send_initial_errors([errors.masked(told, context.locale)])
        finally:
            await context.close()
            task = asyncio.current_task()
            if task is not None:
                self.completed_tasks.append(task)

    async def _results(
        self, operation: Operation[Context, None], context: Context
    ) -> AsyncGenerator[ExecutionResult, None]:
        data = operation.request_data
        if operation.operation_type is not OperationType.SUBSCRIPTION:
            yield await self.view.answer(data, context)  # type: ignore[attr-defined]  # is our Server
            return
        assert data.document is not None
        stream = await subscribe(
            self.schema,
            data.document,
            context_value=context,
            variable_values=data.variables,
            operation_name=data.operation_name,
        )
        if isinstance(stream, ExecutionResult):
            raise GraphQLValidationError(list(stream.errors or ()))
        async for result in stream:
            yield result


def operation_of(payload: Any) -> tuple[object, str | None, dict[str, Any]]:
    """Return the text, the operation's name and the variables of a request, each of the type it must have."""
    if not isinstance(payload, dict):
        raise _refused("Send one JSON object with “query”, “variables” and “operationName”.")
    name, variables = payload.get("operationName"), payload.get("variables")
    if name is not None and not isinstance(name, str):
        raise _refused("“operationName” must be a text.")
    if variables is not None and not isinstance(variables, dict):
        raise _refused("“variables” must be a JSON object.")
    return payload.get("query"), name or None, variables or {}


def _refused(message: str) -> GraphQLValidationError:
    return GraphQLValidationError([GraphQLError(message)])
