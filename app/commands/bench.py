"""`pickmesh bench NAME`: a speed claim beside its floor."""

import importlib
import importlib.util
from typing import Annotated

from cyclopts import Parameter

from pickmesh.core.kit.refusals import InvalidInput

BENCHES = "pickmesh.bench"


def bench(name: str, *, as_json: Annotated[bool, Parameter(name="--json", negative="")] = False) -> int:
    """Measure a speed claim beside its floor in one run, and print the ratio.

    Parameters
    ----------
    name
        Which claim: import or scan.
    as_json
        End with one line of JSON.
    """
    module = f"{BENCHES}.{name}_bench"
    if not name.isidentifier() or importlib.util.find_spec(module) is None:
        raise InvalidInput(f"There is no bench “{name}”; there are: import, scan.")
    run = importlib.import_module(module).run
    return int(run(as_json=as_json) or 0)
