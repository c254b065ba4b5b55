"""Texts that no database keeps: refused at the door with the path of the value, before anything is read or written."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphene.utils.str_converters import to_camel_case

from pickmesh.core.kit.refusals import InvalidInput
from pickmesh.core.kit.texts import sentence

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def require_storable(values: Mapping[str, Any]) -> None:
    """Refuse the first text that holds a NUL character or half a character (a lone surrogate).

    PostgreSQL keeps no NUL and nothing encodes a lone surrogate, so either would end as a bug of ours far from here.
    """
    path = next(_unstorable(values), None)
    if path is not None:
        name = path[-1] if isinstance(path[-1], str) else path[-2]
        raise InvalidInput(
            sentence("{name} holds a NUL character or half a character; take it out and send it again.", name=name),
            field=path,
        )


def _unstorable(value: Any) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every such text in a value."""
    if isinstance(value, str):
        if not value.isascii() or "\x00" in value:
            yield from ((),) if _UNSTORABLE.search(value) else ()
        return
    if isinstance(value, Mapping):
        parts: Any = ((to_camel_case(name), inner) for name, inner in value.items())
    elif isinstance(value, list):
        parts = enumerate(value)
    else:
        return
    for name, inner in parts:
        yield from ((name, *rest) for rest in _unstorable(inner))
