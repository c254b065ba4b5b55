"""What a bundle may hold: plain SKUs, and bundles of plain SKUs; never itself."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from pickmesh.core.catalog.refusals import BundleCycle, BundleTooDeep
from pickmesh.core.kit.refusals import Refusal

LEVELS_MAX = 2
"""Steps from a bundle down to the plainest of its parts."""

Graph = dict[UUID, set[UUID]]


def problems(
    wanted: Sequence[tuple[int, UUID, Collection[UUID]]], known: Mapping[UUID, Collection[UUID]]
) -> dict[int, Refusal]:
    """Return, by index, the bundles of a batch that would hold themselves or be too deep.

    `wanted` is (index, bundle, its new components), taken up one by one in order; `known` must reach two steps up and
    down from the batch.
    """
    down: Graph = defaultdict(set)
    up: Graph = defaultdict(set)
    for bundle, parts in known.items():
        _link(down, up, bundle, set(parts))
    refused: dict[int, Refusal] = {}
    for index, bundle, parts in wanted:
        before = down[bundle]
        _link(down, up, bundle, set(parts))
        problem = _problem(down, up, bundle)
        if problem:
            refused[index] = problem
            _link(down, up, bundle, before)
    return refused


def _link(down: Graph, up: Graph, bundle: UUID, parts: set[UUID]) -> None:
    for part in down[bundle]:
        up[part].discard(bundle)
    for part in parts:
        up[part].add(bundle)
    down[bundle] = parts


def _problem(down: Graph, up: Graph, bundle: UUID) -> Refusal | None:
    if _returns(down, bundle, bundle, LEVELS_MAX + 1):
        return BundleCycle(field=("components",))
    if _steps(down, bundle, LEVELS_MAX + 1) + _steps(up, bundle, LEVELS_MAX + 1) > LEVELS_MAX:
        return BundleTooDeep(field=("components",))
    return None


def _returns(graph: Graph, start: UUID, goal: UUID, steps_left: int) -> bool:
    return steps_left > 0 and any(
        part == goal or _returns(graph, part, goal, steps_left - 1) for part in graph.get(start, ())
    )


def _steps(graph: Graph, start: UUID, steps_left: int) -> int:
    """Return the length of the longest walk from a SKU, counted no further than `steps_left`."""
    if steps_left == 0:
        return 0
    return max((1 + _steps(graph, part, steps_left - 1) for part in graph.get(start, ())), default=0)
