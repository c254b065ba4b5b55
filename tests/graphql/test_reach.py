"""Whoever works for some warehouses or shops is shown what is there, in every list that has a warehouse or a shop."""

from typing import Any

import pytest

from pickmesh.core.kit.permissions import Role
from pickmesh.graphql.ids import global_id

AT = "location { id }"
LISTS = {
    "stockLevels": f"nodes {{ {AT} }}",
    "stockBalances": f"nodes {{ place {{ {AT} }} }}",
    "transfers": "nodes { fromLocation { id } toLocation { id } }",
    "replenishmentTasks": f"nodes {{ {AT} }}",
    "fulfillmentOrders": f"nodes {{ {AT} }}",
    "orderExceptions": f"nodes {{ fulfillmentOrder {{ {AT} }} }}",
    "mergeSuggestions": f"fulfillmentOrders {{ {AT} }}",
    "reroutable": f"fulfillmentOrder {{ {AT} }}",
}
"""Lists of a furnished merchant that have a warehouse, and where it stands."""
OF_SHOPS = {
    "orders": "nodes { shop { id } }",
    "fulfillmentOrders": "nodes { order { shop { id } } }",
    "orderExceptions": "nodes { order { shop { id } } }",
    "unmappedCodes": "nodes { shop { id } }",
    "pushFigures": "nodes { shop { id } }",
}
"""Lists that have a shop, and where it stands."""


def ids_in(answer: Any) -> set[str]:
    """Return every id in an answer."""
    if isinstance(answer, dict):
        return {value for key, value in answer.items() if key == "id"}.union(*map(ids_in, answer.values()))
    return set().union(*map(ids_in, answer)) if isinstance(answer, list) else set()


def items(answer: Any) -> list[Any]:
    found: list[Any] = answer["nodes"] if isinstance(answer, dict) else answer
    return found


@pytest.mark.parametrize("name", LISTS)
async def test_a_manager_of_one_warehouse_sees_that_one(client_of: Any, furnished: Any, name: str) -> None:
    merchant, ids = await furnished(2, 11)
    query = f"{{ {name} {{ {LISTS[name]} }} }}"
    everywhere = (await (await client_of(merchant)).run(query))[name]
    seen = 0
    for location_id in ids["Location"]:
        here = global_id("Location", location_id)
        manager = await client_of(merchant, Role.MANAGER, warehouse_ids=frozenset({location_id}))
        found = items((await manager.run(query))[name])
        assert [each for each in found if ids_in(each) and here not in ids_in(each)] == []
        assert len(found) == sum(here in ids_in(each) or not ids_in(each) for each in items(everywhere))
        seen += len(found)
    assert seen


@pytest.mark.parametrize("name", OF_SHOPS)
async def test_who_works_for_one_shop_sees_that_one(client_of: Any, furnished: Any, name: str) -> None:
    merchant, ids = await furnished(2, 11)
    query = f"{{ {name} {{ {OF_SHOPS[name]} }} }}"
    everywhere = ids_in((await (await client_of(merchant)).run(query))[name])
    for shop_id in ids["Shop"]:
        here = global_id("Shop", shop_id)
        support = await client_of(merchant, Role.MANAGER, shop_ids=frozenset({shop_id}))
        found = ids_in((await support.run(query))[name])
        assert found == everywhere & {here}
