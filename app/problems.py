"""Expected problems on the command line: one sentence on standard error, exit code 2, no traceback."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

PROBLEM = 2
_SAID = {"AgentRefused", "Refusal", "SettingsError", "NotServing", "CannotListen"}
_DATABASE = {
    "OperationalError",
    "InterfaceError",
    "ConnectionRefusedError",
    "gaierror",
    "InvalidAuthorizationSpecificationError",
    "InvalidCatalogNameError",
    "CannotConnectNowError",
}
_EMPTY = re.compile(r"no such table|relation .* does not exist")


@contextmanager
def said_well() -> Iterator[None]:
    """Turn an expected problem into its sentence; anything else is a bug and shows its traceback.

    Errors are known by their classes' names, so that `--help` need not import what raises them.
    """
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        names = {kind.__name__ for kind in type(error).__mro__}
        if names & _SAID:
            sentence = str(error)
        elif names & _DATABASE or _is_empty(error):
            sentence = _of_database(error)
        else:
            raise
        sys.stderr.write(f"pickmesh: {sentence}\n")
        sys.exit(PROBLEM)


def _is_empty(error: Exception) -> bool:
    return _EMPTY.search(str(getattr(error, "orig", None) or "")) is not None


def _of_database(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    first_line = (str(cause).strip().splitlines() or [type(cause).__name__])[0]
    if _is_empty(error):
        return "The database is not set up for this version; run `pickmesh migrate`."
    return f"The database cannot be reached or used ({first_line}); look at PICKMESH_DATABASE_URL."
