"""The memory of which key stood at which row."""

from pickmesh.app.imports.seen import FirstRows


def test_a_key_keeps_the_row_it_was_seen_at_first() -> None:
    seen = FirstRows()
    assert [seen.first(("shop", number), row) for row, number in enumerate(["A", "B", "A", "B", "C"], 2)] == [
        2,
        3,
        2,
        3,
        6,
    ]
    assert len(seen) == 3


def test_a_hundred_thousand_keys_are_all_known_again_and_take_little_more_than_three_megabytes() -> None:
    seen = FirstRows()
    count = 100_000
    assert all(seen.first(f"order {index}", index + 1) == index + 1 for index in range(count))
    assert all(seen.first(f"order {index}", count + 1) == index + 1 for index in range(count))
    assert len(seen) == count
    assert seen.bytes == 262_144 * 12


def test_a_key_whose_hash_is_nought_is_remembered_too() -> None:
    seen = FirstRows()
    assert [seen.first(0, 5), seen.first(0, 6)] == [5, 5]
