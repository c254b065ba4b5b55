"""`pickmesh bench NAME`: a speed claim beside its floor."""

import importlib
from importlib.util import find_spec
from typing import Annotated

from cyclopts import Parameter

from pickmesh.core.kit.refusals import InvalidInput

BENCHES = {
    "import": "pickmesh.bench.import_bench",
    "floor": "pickmesh.bench.floor_bench",
    "growth": "pickmesh.bench.growth_bench",
    "memory": "pickmesh.bench.memory_bench",
    "scan": "pickmesh.bench.scan_bench",
    "scanner": "pickmesh.bench.scanner_bench",
    "waves": "pickmesh.bench.waves_bench",
}


SIZED = ("growth", "memory")
"""Benches that measure up to a number of orders."""

TIMED = ("floor",)
"""Benches that last as long as they are told."""


def bench(
    name: str,
    *,
    as_json: Annotated[bool, Parameter(name="--json", negative="")] = False,
    most: int | None = None,
    seconds: int | None = None,
) -> int:
    """Measure a speed claim beside its floor in one run, and print the ratio.

    Parameters
    ----------
    name
        Which claim, such as import or scan.
    as_json
        End with one line of JSON.
    most
        Orders to go up to, for growth and memory; they go up to a million otherwise, which takes many minutes.
    seconds
        How long the floor works; two minutes otherwise.
    """
    if name not in known():
        raise InvalidInput(f"There is no bench “{name}”; there are: {', '.join(known())}.")
    try:
        found = importlib.import_module(BENCHES[name])
    except ModuleNotFoundError as error:
        raise InvalidInput(f"Benches need “{error.name}” as tests do; `make setup-dev` installs it.") from error
    if seconds is not None:
        if name not in TIMED:
            raise InvalidInput(f"“{name}” takes as long as it takes; --seconds is for {' and '.join(TIMED)}.")
        found.run(as_json=as_json, seconds=seconds)
    elif most is None:
        found.run(as_json=as_json)
    elif name in SIZED:
        found.run(as_json=as_json, most=most)
    else:
        raise InvalidInput(f"“{name}” has one size; --most is for {' and '.join(SIZED)}.")
    return 0


def known() -> list[str]:
    """Return the names of the benches that are installed."""
    return [name for name, module in BENCHES.items() if find_spec(module) is not None]
