"""Documents that clients send again and again: parsed, measured and validated once, kept by their text."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    parse,
    specified_rules,
    validate,
)
from graphql_server.exceptions import GraphQLValidationError

from pickmesh.core.kit.refusals import LimitExceeded
from pickmesh.graphql import errors
from pickmesh.graphql.limits import Cost, Limits, Measure

TOO_NESTED = "This document is nested too deeply; write fewer fragments inside fragments."


class Documents:
    """The documents that are valid for a schema, the most recently used ones ready to run."""

    def __init__(self, schema: GraphQLSchema, limits: Limits, *, introspection: bool = True) -> None:
        self._schema = schema
        self._limits = limits
        self._introspection = introspection
        self._rules = [*specified_rules] if introspection else [*specified_rules, NoSchemaIntrospectionCustomRule]
        self._known: OrderedDict[str, tuple[DocumentNode, Cost]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def ready(self, text: object, operation_name: str | None, variables: Mapping[str, Any] | None) -> DocumentNode:
        """Return a document to run; raises GraphQLValidationError with what is wrong with it.

        Invalid documents are answered and not kept, so that garbage cannot push the good ones out.
        """
        if not isinstance(text, str) or not text:
            raise _refused(GraphQLError("Send the operation as a text in “query”."))
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._examine(text)
            if len(self._known) > self._limits.documents_cached_max:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(text)
        document, cost = known
        try:
            cost.refuse_excess(operation_name, variables or {})
        except LimitExceeded as refusal:
            raise _refused(errors.of_refusal(refusal)) from refusal
        return document

    def _examine(self, text: str) -> tuple[DocumentNode, Cost]:
        try:
            document = parse(
                text,
                max_lexical_tokens=self._limits.document_tokens_max,
                max_comments=self._limits.document_tokens_max,
                max_source_length=self._limits.document_characters_max,
            )
            Measure(document).refuse_excess(self._limits)
            found = self._objections(document)
        except LimitExceeded as refusal:
            raise _refused(errors.of_refusal(refusal)) from refusal
        except GraphQLError as error:
            raise _refused(error) from error
        except RecursionError as error:  # hundreds of fragments, each inside the one before
            raise _refused(GraphQLError(TOO_NESTED)) from error
        if found:
            raise _refused(*found)
        return document, Cost(self._schema, document, self._limits)

    def _objections(self, document: DocumentNode) -> Sequence[GraphQLError]:
        return validate(
            self._schema,
            document,
            self._rules,
            max_errors=self._limits.errors_max,
            hide_suggestions=not self._introspection,
        )


def _refused(*found: GraphQLError) -> GraphQLValidationError:
    return GraphQLValidationError([errors.masked(error) for error in found])
