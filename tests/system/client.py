"""A phone and a desk: GraphQL over HTTP with a bearer token, and the scans of a person who does as the screen says."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from pickmesh.core.kit.ids import new_id

SESSION = """id version lastSequence step instruction supportedActions progress { done total } lease { id until }
  next { placeCode skuCode remaining toteCode orderNumber sku { barcodes { code unitQuantity } } }
  parcel { id number state }"""
RECORD = f"""mutation Record($input: ScanRecordInput!) {{ scanRecord(input: $input) {{
  verdicts {{ clientId outcome message tone repeated choices {{ id }} task {{ number kind }} }}
  session {{ {SESSION} }} userErrors {{ code field message }} }} }}"""


class Desk:
    """One signed-in person."""

    def __init__(self, address: str, sign_in: str, password: str) -> None:
        self.address = address
        self.http = httpx.Client(base_url=address, timeout=30, headers={"accept-language": "en"})
        told = self.ask(
            "mutation ($input: SignInInput!) { signIn(input: $input) { token userErrors { code message } } }",
            input={"signIn": sign_in, "password": password, "device": "system test"},
        )["signIn"]
        assert told["userErrors"] == []
        self.token = str(told["token"])
        self.http.headers["authorization"] = f"Bearer {self.token}"

    def post(self, query: str, **variables: Any) -> dict[str, Any]:
        """Send an operation and return the whole answer."""
        answer = self.http.post("/graphql", json={"query": query, "variables": variables})
        told: dict[str, Any] = answer.json()
        return told

    def ask(self, query: str, **variables: Any) -> dict[str, Any]:
        """Send an operation that must have no GraphQL error and return its data."""
        told = self.post(query, **variables)
        assert "errors" not in told, told["errors"]
        data: dict[str, Any] = told["data"]
        return data

    def do(self, field: str, kind: str, selection: str, /, **given: Any) -> dict[str, Any]:
        """Run a mutation that must not refuse and return its payload."""
        told: dict[str, Any] = self.ask(
            f"mutation ($input: {kind}!) {{ {field}(input: $input) {{ {selection} userErrors {{ code message }} }} }}",
            input=given,
        )[field]
        assert told["userErrors"] == [], told["userErrors"]
        return told


@dataclass
class Session:
    """A scan session: entries go in, verdicts come out, the screen is what the server said last."""

    desk: Desk
    screen: dict[str, Any]
    sequence: int = 0

    @property
    def next(self) -> dict[str, Any]:
        """What the screen asks for."""
        return dict(self.screen["next"] or {})

    def entry(self, kind: str = "SCAN", **more: Any) -> dict[str, Any]:
        """Return the next entry of this session, as a phone keeps it before it is sent."""
        self.sequence += 1
        told = {
            "clientId": str(new_id()),
            "sequence": self.sequence,
            "recordedAt": datetime.now(UTC).isoformat(),
            "kind": kind,
            "source": "WEDGE",
        }
        return {**told, **more}

    def send(self, *entries: dict[str, Any]) -> list[dict[str, Any]]:
        """Send entries in one request and return their verdicts in the order asked."""
        told = self.desk.ask(RECORD, input={"sessionId": self.screen["id"], "entries": list(entries)})["scanRecord"]
        assert told["userErrors"] == []
        self.screen = told["session"]
        by_id = {verdict["clientId"]: verdict for verdict in told["verdicts"]}
        return [by_id[entry["clientId"]] for entry in entries]

    def scan(self, raw: str, **more: Any) -> str:
        """Scan one code and return the outcome."""
        return self.tell("SCAN", raw=raw, **more)

    def tell(self, kind: str, **more: Any) -> str:
        """Send one entry and return the outcome."""
        return str(self.send(self.entry(kind, **more))[0]["outcome"])

    def barcode(self) -> str:
        """Return what a single piece of the asked SKU scans as."""
        codes = self.next["sku"]["barcodes"]
        return str(next(code["code"] for code in codes if code["unitQuantity"] == 1))


def pick_line(session: Session) -> list[str]:
    """Do a line as the screen says: bin, then piece by piece; return the outcomes."""
    asked = session.next
    outcomes = [session.scan(asked["placeCode"])]
    for _ in range(asked["remaining"]):
        outcomes.append(session.scan(session.barcode()))
    return outcomes


def opened(desk: Desk, **given: Any) -> Session:
    """Open a scan session for a job."""
    told = desk.do("scanSessionOpen", "ScanSessionOpenInput", f"session {{ {SESSION} }}", **given)
    return Session(desk, told["session"], told["session"]["lastSequence"])


@contextmanager
def desks(address: str, people: Sequence[str], password: str) -> Iterator[list[Desk]]:
    """Sign several people in and close their connections afterwards."""
    opened_desks = [Desk(address, person, password) for person in people]
    try:
        yield opened_desks
    finally:
        for desk in opened_desks:
            desk.http.close()
