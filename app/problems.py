"""Expected problems on the command line: one sentence on standard error, exit code 2, no traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

PROBLEM = 2
_SAID = {"Refusal", "SettingsError", "NotServing", "CannotListen"}
_UNREACHABLE = {"OperationalError", "InterfaceError", "ConnectionRefusedError", "gaierror", "InvalidPasswordError"}


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
        elif names & _UNREACHABLE:
            cause = getattr(error, "orig", None) or error
            sentence = f"The database cannot be reached or used ({_first_line(cause)}); look at PICKMESH_DATABASE_URL."
        else:
            raise
        sys.stderr.write(f"pickmesh: {sentence}\n")
        sys.exit(PROBLEM)


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0]
