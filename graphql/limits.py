"""How much one request may ask for: every limit by name, and the measuring of a document against them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    is_composite_type,
    is_list_type,
    is_non_null_type,
)

from pickmesh.core.kit import paging
from pickmesh.core.kit.refusals import LimitExceeded


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost; each is a setting, and going past one is answered with its name and value."""

    body_bytes_max: int = 1_000_000
    document_characters_max: int = 50_000
    document_tokens_max: int = 5_000
    depth_max: int = 16
    aliases_max: int = 50
    root_fields_max: int = 20
    cost_max: int = 25_000
    list_size_assumed: int = 10
    execution_s_max: float = 30.0
    errors_max: int = 20
    documents_cached_max: int = 1_000
    subscriptions_max: int = 20
    actor_kept_s: float = 5.0
    """How long a token is believed without looking it up again; a sign-out elsewhere takes effect after this."""


@dataclass(frozen=True, slots=True)
class Shape:
    """How deep and how wide a selection is, with its fragments written out; `direct` are the fields of its own level.

    Fragments that spread fragments make these numbers grow without the document growing: they are only ever added.
    """

    depth: int = 0
    aliases: int = 0
    direct: int = 0


@dataclass(slots=True)
class Measure:
    """Measures the operations of one parsed document; each fragment is measured once, so nesting cannot explode."""

    document: DocumentNode
    _fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    _shapes: dict[str, Shape | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for definition in self.document.definitions:
            if isinstance(definition, FragmentDefinitionNode):
                self._fragments[definition.name.value] = definition

    def refuse_excess(self, limits: Limits) -> None:
        """Refuse a document that is deeper or wider than the limits, before anything slower looks at it."""
        for definition in self.document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                shape = self._selection(definition.selection_set)
                _refuse_over("depth", shape.depth, "depth_max", limits.depth_max)
                _refuse_over("aliases", shape.aliases, "aliases_max", limits.aliases_max)
                _refuse_over("root fields", shape.direct, "root_fields_max", limits.root_fields_max)

    def _selection(self, selection: SelectionSetNode) -> Shape:
        depth = aliases = direct = 0
        for node in selection.selections:
            inner = self._node(node)
            depth = max(depth, inner.depth)
            aliases += inner.aliases
            direct += inner.direct
        return Shape(depth, aliases, direct)

    def _node(self, node: Any) -> Shape:
        if isinstance(node, FieldNode):
            inner = self._selection(node.selection_set) if node.selection_set else Shape()
            return Shape(inner.depth + 1, inner.aliases + (node.alias is not None), direct=1)
        if isinstance(node, InlineFragmentNode):
            return self._selection(node.selection_set)
        return self._fragment(node.name.value)

    def _fragment(self, name: str) -> Shape:
        """Measure a fragment once; one that is unknown or spreads itself counts nothing, as validation refuses it."""
        if name not in self._shapes:
            self._shapes[name] = None
            known = self._fragments.get(name)
            self._shapes[name] = self._selection(known.selection_set) if known else None
        return self._shapes[name] or Shape()


def _refuse_over(what: str, value: int, name: str, limit: int) -> None:
    if value > limit:
        message = f"This document has {what} {value}; at most {limit} are allowed ({name}). Ask in several requests."
        raise LimitExceeded(message, data={"limit": name, "value": value, "max": limit})


class Cost:
    """Counts the objects an operation may return: page sizes as asked, other lists by the assumed size."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> None:
        self._schema = schema
        self._limits = limits
        self._operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._variables: Mapping[str, Any] = {}
        self._memo: dict[str, int] = {}
        self._sized_by_variables = False
        self._fixed: dict[str | None, int] = {}

    def refuse_excess(self, operation_name: str | None, variables: Mapping[str, Any]) -> None:
        """Refuse an operation that may return more objects than `cost_max`; needs a valid document."""
        known = self._fixed.get(operation_name)
        if known is None:
            known = self._count(operation_name, variables)
            if not self._sized_by_variables:
                self._fixed[operation_name] = known
        if known > self._limits.cost_max:
            message = (
                f"This operation may return {known} objects; at most {self._limits.cost_max} are allowed (cost_max)."
                " Ask for smaller pages or fewer nested lists."
            )
            raise LimitExceeded(message, data={"limit": "cost_max", "value": known, "max": self._limits.cost_max})

    def _count(self, operation_name: str | None, variables: Mapping[str, Any]) -> int:
        self._variables, self._memo = variables, {}
        total = 0
        for operation in self._operations:
            if operation_name is None or (operation.name and operation.name.value == operation_name):
                root = self._schema.get_root_type(operation.operation)
                defaults = {
                    node.variable.name.value: node.default_value
                    for node in operation.variable_definitions
                    if node.default_value is not None
                }
                self._variables = {**{name: _literal(node) for name, node in defaults.items()}, **variables}
                total += self._selection(operation.selection_set, root, in_page=False)
        return total

    def _selection(self, selection: SelectionSetNode, parent: Any, *, in_page: bool) -> int:
        total = 0
        for node in selection.selections:
            if isinstance(node, FieldNode):
                total += self._field(node, parent, in_page=in_page)
            elif isinstance(node, InlineFragmentNode):
                named = node.type_condition
                inner = self._schema.get_type(named.name.value) if named else parent
                total += self._selection(node.selection_set, inner, in_page=in_page)
            elif isinstance(node, FragmentSpreadNode):
                total += self._fragment(node.name.value, in_page=in_page)
        return total

    def _fragment(self, name: str, *, in_page: bool) -> int:
        key = f"{name}:{in_page}"
        if key not in self._memo:
            fragment = self._fragments[name]
            inner = self._schema.get_type(fragment.type_condition.name.value)
            self._memo[key] = self._selection(fragment.selection_set, inner, in_page=in_page)
        return self._memo[key]

    def _field(self, node: FieldNode, parent: Any, *, in_page: bool) -> int:
        definition = getattr(parent, "fields", {}).get(node.name.value)
        if definition is None or node.selection_set is None:  # introspection, __typename and plain values
            return 0
        inner = get_named_type(definition.type)
        if not is_composite_type(inner):
            return 0
        is_page = "first" in definition.args
        below = self._selection(node.selection_set, inner, in_page=is_page)
        if is_page:
            return self._page_size(node) * max(below, 1)
        if _is_list(definition.type):
            return below + 1 if in_page else self._limits.list_size_assumed * (below + 1)
        return below + 1

    def _page_size(self, node: FieldNode) -> int:
        for argument in node.arguments:
            if argument.name.value in {"first", "last"}:
                value = argument.value
                if isinstance(value, VariableNode):
                    self._sized_by_variables = True
                    asked = self._variables.get(value.name.value)
                else:
                    asked = _literal(value)
                if isinstance(asked, int):
                    return min(max(asked, 1), paging.PAGE_MAX)
        return paging.PAGE_DEFAULT


def _literal(node: Any) -> int | None:
    return int(node.value) if isinstance(node, IntValueNode) else None


def _is_list(type_: Any) -> bool:
    return is_list_type(type_.of_type if is_non_null_type(type_) else type_)
