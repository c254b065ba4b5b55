"""Phones over HTTP: the least a keep-alive client can be, so that the client costs little beside the server."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from graphql import FragmentDefinitionNode, FragmentSpreadNode, Node, Visitor, parse, print_ast, visit

OPERATIONS = Path(__file__).resolve().parents[1] / "mobile/src/api/operations.graphql"
"""What the phone app asks; a checkout has it, an installed package does not."""


@dataclass(slots=True)
class Connection:
    """One keep-alive connection to /graphql with a bearer token."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    head: bytes

    @classmethod
    async def open(cls, address: str, token: str) -> Self:
        """Connect; the head of every request is made once."""
        at = urlsplit(address)
        assert at.hostname is not None and at.port is not None
        reader, writer = await asyncio.open_connection(at.hostname, at.port)
        head = (
            f"POST /graphql HTTP/1.1\r\nHost: {at.netloc}\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        )
        return cls(reader, writer, head.encode())

    async def ask(self, body: bytes) -> dict[str, Any]:
        """Send a request body and return the answer's `data`; anything else is a failure of the benchmark."""
        self.writer.write(self.head + str(len(body)).encode() + b"\r\n\r\n" + body)
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        told = json.loads(await self.reader.readexactly(length))
        assert b" 200 " in head.split(b"\r\n", 1)[0] and "errors" not in told, told
        data: dict[str, Any] = told["data"]
        return data

    async def close(self) -> None:
        """Hang up."""
        self.writer.close()
        await self.writer.wait_closed()


class _Spreads(Visitor):
    """Collects the fragments a node needs, those inside fragments too."""

    def __init__(self, known: dict[str, FragmentDefinitionNode]) -> None:
        super().__init__()
        self.known = known
        self.needed: dict[str, FragmentDefinitionNode] = {}

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        """Note a fragment and look into it once."""
        name = node.name.value
        if name not in self.needed:
            self.needed[name] = self.known[name]
            visit(self.known[name], self)


def document(name: str) -> str | None:
    """Return an operation as the phone app sends it, with its fragments; None where there is no app beside us."""
    if not OPERATIONS.exists():
        return None
    definitions: list[Any] = list(parse(OPERATIONS.read_text(encoding="utf-8")).definitions)
    spreads = _Spreads({node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)})
    operation: Node = next(node for node in definitions if node.name.value == name)
    visit(operation, spreads)
    return "\n".join(print_ast(node) for node in (operation, *spreads.needed.values()))
