"""Python's cyclic garbage collector, told what a long-running process is like."""

import gc

YOUNG_MAX = 20_000
"""Objects made before the collector looks at the youngest: one import batch makes more than the default 700 at once."""


def settle() -> None:
    """Take what start-up made out of the collector's rounds and let it look more rarely.

    Measured on an import of 1,000 orders: full collections took a fifth of the time and found nothing to free.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_MAX, 20, 100)
