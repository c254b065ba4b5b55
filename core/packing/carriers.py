"""Carriers behind one interface: they give a number for a parcel and take it back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

LOCAL = "LOCAL"
"""Code and kind of the carrier that every merchant has."""


class CarrierFailed(Exception):
    """The carrier could not be reached or did not answer in time; the same request may be sent again."""


class CarrierDeclined(Exception):
    """The carrier will not carry this parcel; the message says why, and a person must look."""


@dataclass(frozen=True, slots=True)
class WaybillRequest:
    """What a carrier must know; `waybill_id` is the idempotency key: the same id always gets the same number."""

    waybill_id: UUID
    parcel_id: UUID
    parcel_number: int
    carrier: str
    kind: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    weight_g: int | None = None
    country: str = ""
    province: str = ""
    city: str = ""
    district: str = ""
    postcode: str = ""
    name: str = ""
    phone: str = ""
    street: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """A carrier's number and the code its sorters read."""

    number: str
    sort_code: str


class Carrier(Protocol):
    """One kind of carrier's API."""

    async def issue(self, request: WaybillRequest) -> Issued:
        """Return a number for a parcel; raises CarrierFailed or CarrierDeclined."""
        ...

    async def void(self, request: WaybillRequest, number: str) -> None:
        """Give a number back; one that is void already is fine. Raises CarrierFailed or CarrierDeclined."""
        ...


@dataclass(frozen=True, slots=True)
class Carriers:
    """The kinds of carriers this process can talk to; the app puts them together once."""

    kinds: Mapping[str, Carrier]

    def of(self, kind: str) -> Carrier:
        """Return the carrier of a kind; raises CarrierDeclined for one this process does not know."""
        carrier = self.kinds.get(kind)
        if carrier is None:
            raise CarrierDeclined(f"Nothing here talks to carriers of the kind “{kind}”; correct the carrier account.")
        return carrier
