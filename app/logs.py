"""Structured logs: JSON lines for machines, readable ones for people; never a token, never a buyer."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from pickmesh.app.settings import LogFormat

HIDDEN_NAMES = frozenset(
    {
        "authorization", "password", "token", "secret", "cookie", "recipient", "name", "phone", "street", "address",
        "database_url", "variables", "body",
    }
)  # fmt: skip
HIDDEN = "[hidden]"
_TOKEN = re.compile(r"\bpm[kp]?1_[0-9A-Za-z_-]+")
_DATABASE_VALUES = re.compile(r"(\[parameters: |DETAIL:  ?).*")
_URL_PASSWORD = re.compile(r"(\w+://[^:/\s@]+:)[^@\s]+@")


def set_up(format: LogFormat, level: str) -> None:
    """Send every log line of this process, the libraries' too, to standard error in one format."""
    as_json = format is LogFormat.JSON or (format is LogFormat.AUTO and not sys.stderr.isatty())
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        hide_secrets,
    ]
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("uvicorn.access", "aiosqlite", "asyncio", "alembic", "fontTools", "fpdf"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def hide_secrets(logger: Any, method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank values that must not be logged: by their names, and tokens, passwords and rows wherever they stand."""
    for name, value in line.items():
        if name in HIDDEN_NAMES:
            line[name] = HIDDEN
        elif isinstance(value, str):
            shown = _DATABASE_VALUES.sub(rf"\1{HIDDEN}", _TOKEN.sub(HIDDEN, value))
            line[name] = _URL_PASSWORD.sub(rf"\1{HIDDEN}@", shown)
    return line
