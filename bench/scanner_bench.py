"""`bench scanner`: barcodes read by the cascade beside each engine alone, on pictures drawn and spoilt step by step.

The figure is right reads, the floor those of the better engine alone; what was read wrong and not marked doubtful, and
the milliseconds per picture, stand beside them. The pictures are the same in every run.
"""

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from PIL import Image

from pickmesh.bench import pictures, report
from pickmesh.scanner.decode import cascade, engines
from pickmesh.scanner.decode.barcode import Barcode, Reading, keys_of

SEEDS = (7, 8)
Read = Callable[[Image.Image], Sequence[Barcode | Reading]]


@dataclass(slots=True)
class Score:
    """What one way of reading made of the pictures."""

    right: int = 0
    wrong_and_sure: int = 0
    doubtful: int = 0
    seconds: float = 0.0
    by_way: Counter[str] = field(default_factory=Counter)

    def take(self, spoilt: pictures.Spoilt, read: Read) -> None:
        """Read one picture and count."""
        begin = time.perf_counter()
        found = read(spoilt.picture)
        self.seconds += time.perf_counter() - begin
        right = [each for each in found if _says(each, spoilt.text)]
        sure = [each for each in found if not (isinstance(each, Barcode) and each.doubtful)]
        self.right += bool(right)
        self.doubtful += bool(right) and not any(_says(each, spoilt.text) for each in sure)
        self.wrong_and_sure += any(not _says(each, spoilt.text) for each in sure)
        self.by_way[spoilt.way] += bool(right)


def _says(found: Barcode | Reading, text: str) -> bool:
    return not keys_of(found.text, identifier=found.identifier).isdisjoint(keys_of(text))


def ways() -> dict[str, Read]:
    """Return the ways of reading that are compared: each engine that is installed, and the cascade of them."""
    zbar = engines.zbar()
    alone: dict[str, Read] = {"zxing-cpp": engines.zxing().read}
    if zbar is not None:
        alone["zbar"] = zbar.read
    return {**alone, "cascade": cascade.decode_opened}


def measure(drawn: Sequence[pictures.Spoilt]) -> report.Report:
    """Read every picture in every way."""
    scores = {name: Score() for name in ways()}
    for spoilt in drawn:
        for name, read in ways().items():
            scores[name].take(spoilt, read)
    ours = scores["cascade"]
    floor = max(score.right for name, score in scores.items() if name != "cascade")
    also: dict[str, float] = {"pictures": len(drawn), "cascade: right but doubtful": ours.doubtful}
    for name, score in scores.items():
        also[f"{name}: right"] = score.right
        also[f"{name}: wrong and sure"] = score.wrong_and_sure
        also[f"{name}: ms per picture"] = round(score.seconds * 1000 / len(drawn), 2)
    for way in pictures.WAYS:
        for name, score in scores.items():
            also[f"{way}: {name}"] = score.by_way[way]
    return report.Report(
        bench="scanner",
        unit="pictures read right",
        ours=ours.right,
        floor=floor,
        ratio=round(ours.right / floor, 3),
        runs=1,
        also=also,
    )


def run(*, as_json: bool) -> None:
    """Run the benchmark to its end and print what it found."""
    drawn = [spoilt for seed in SEEDS for spoilt in pictures.spoilt(seed)]
    report.show(measure(drawn), as_json=as_json)
