from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pickmesh.core.catalog import bundles

A, B, C, D, E = (UUID(int=number) for number in range(1, 6))


def refused(*wanted: tuple[UUID, set[UUID]], known: dict[UUID, set[UUID]] | None = None) -> dict[int, str]:
    asked = [(index, bundle, parts) for index, (bundle, parts) in enumerate(wanted)]
    return {index: refusal.code for index, refusal in bundles.problems(asked, known or {}).items()}


def test_a_bundle_may_hold_a_bundle_of_plain_skus() -> None:
    assert refused((A, {B, C}), (B, {C, D})) == {}


def test_a_bundle_does_not_hold_itself() -> None:
    assert refused((A, {A})) == {0: "BUNDLE_CYCLE"}
    assert refused((A, {B}), (B, {A})) == {1: "BUNDLE_CYCLE"}
    assert refused((A, {B}), known={B: {C}, C: {A}}) == {0: "BUNDLE_CYCLE"}


def test_a_third_level_is_refused_from_whichever_side_it_is_added() -> None:
    assert refused((C, {D}), known={A: {B}, B: {C}}) == {0: "BUNDLE_TOO_DEEP"}
    assert refused((A, {B}), known={B: {C}, C: {D}}) == {0: "BUNDLE_TOO_DEEP"}
    assert refused((B, {C}), known={A: {B}, C: {D}}) == {0: "BUNDLE_TOO_DEEP"}


def test_a_refused_bundle_keeps_what_it_had_and_the_next_row_is_judged_by_that() -> None:
    assert refused((A, {A, B}), (B, {C}), known={A: {D}}) == {0: "BUNDLE_CYCLE"}
    assert refused((B, {A}), (A, {B}), known={B: {C}}) == {1: "BUNDLE_CYCLE"}


def test_a_bundle_that_is_dissolved_makes_room() -> None:
    assert refused((B, set()), (C, {D}), known={A: {B}, B: {C}}) == {}


skus = st.sampled_from([A, B, C, D, E])


@given(st.lists(st.tuples(skus, st.sets(skus, max_size=3)), max_size=8))
def test_what_is_accepted_never_nests_deeper_than_two(wanted: list[tuple[UUID, set[UUID]]]) -> None:
    problems = refused(*wanted)
    graph: dict[UUID, set[UUID]] = {}
    for index, (bundle, parts) in enumerate(wanted):
        if index not in problems:
            graph[bundle] = parts
    walks = [[start] for start in graph]
    for _ in range(3):
        walks = [[*walk, part] for walk in walks for part in graph.get(walk[-1], ())]
    assert walks == []
