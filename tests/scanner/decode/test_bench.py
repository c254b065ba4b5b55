"""What `pickmesh bench scanner` claims, on the pictures of one seed."""

from pickmesh.bench import pictures, scanner_bench


def test_the_cascade_reads_more_than_the_better_engine_and_is_never_wrong_and_sure() -> None:
    drawn = [each for each in pictures.spoilt(7) if each.symbol in {"EAN-13", "Code 128", "QR Code"}]
    found = scanner_bench.measure(drawn)
    assert found.ratio == round(found.ours / found.floor, 3)
    assert found.ratio > 1.2
    assert found.also["cascade: wrong and sure"] == 0
    assert found.also["as drawn: cascade"] == 3
