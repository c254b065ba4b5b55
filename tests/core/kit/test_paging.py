import pytest

from pickmesh.core.kit import paging, refusals


def pages(limit: int, *, backwards: bool = False) -> list[list[int]]:
    """Walk 1..7 page by page as a query would."""
    seen, cursor = [], None
    while True:
        numbers = list(range(7, 0, -1)) if backwards else list(range(1, 8))
        if cursor is not None:
            numbers = [number for number in numbers if (number < cursor if backwards else number > cursor)]
        request = paging.PageRequest(limit, None if cursor is None else (cursor,), backwards)
        page = paging.page_of(numbers[: limit + 1], request, lambda number: (number,))
        seen.append(list(page.items))
        if not (page.has_previous if backwards else page.has_next):
            return seen
        cursor = paging.decode_cursor(page.cursors[0 if backwards else -1])[0]  # type: ignore[assignment]


def test_forward_pages_neither_skip_nor_repeat() -> None:
    assert pages(3) == [[1, 2, 3], [4, 5, 6], [7]]
    assert pages(7) == [[1, 2, 3, 4, 5, 6, 7]]


def test_backward_pages_come_in_forward_order() -> None:
    assert pages(3, backwards=True) == [[5, 6, 7], [2, 3, 4], [1]]


def test_a_page_larger_than_allowed_is_refused() -> None:
    with pytest.raises(refusals.LimitExceeded, match="first must be between 0 and 250"):
        paging.page_request(251, None)


@pytest.mark.parametrize("cursor", ["", "abc", "e30=", "鸭", "W10="])
def test_a_foreign_cursor_is_refused_by_its_argument(cursor: str) -> None:
    with pytest.raises(refusals.InvalidInput, match="not one of ours") as refused:
        paging.page_request(10, cursor)
    assert refused.value.field == ("after",)
    with pytest.raises(refusals.InvalidInput, match="not one of ours") as refused:
        paging.page_request(None, None, 10, cursor)
    assert refused.value.field == ("before",)


def test_both_directions_at_once_are_refused() -> None:
    with pytest.raises(refusals.InvalidInput, match="not both"):
        paging.page_request(10, None, last=3)
