"""`pickmesh bench NAME`: a speed claim beside its floor."""

import importlib
from importlib.util import find_spec
from typing import Annotated

from cyclopts import Parameter

from pickmesh.core.kit.refusals import InvalidInput

BENCHES = {
    "import": "pickmesh.bench.import_bench",
    "scan": "pickmesh.bench.scan_bench",
    "scanner": "pickmesh.bench.scanner_bench",
}


def bench(name: str, *, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False) -> int:
    """Measure a speed claim beside its floor in one run, and print the ratio.

    Parameters
    ----------
    name
        Which claim, such as import or scan.
    as_json
        End with one line of JSON.
    """
    if name not in known():
        raise InvalidInput(f"There is no bench “{name}”; there are: {', '.join(known())}.")
    try:
        found = importlib.import_module(BENCHES[name])
    except ModuleNotFoundError as error:
        raise InvalidInput(f"Benches need “{error.name}” as tests do; `make setup-dev` installs it.") from error
    found.run(as_json=as_json)
    return 0


def known() -> list[str]:
    """Return the names of the benches that are installed."""
    return [name for name, module in BENCHES.items() if find_spec(module) is not None]
