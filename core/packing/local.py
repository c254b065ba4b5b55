"""The local carrier: own numbers, real labels, no contract; for own drivers, trials and the demo."""

import hashlib

from pickmesh.core.packing.carriers import Issued, WaybillRequest
from pickmesh.scanner.codes import check

PREFIX = "LC"
DIGITS = 16


class LocalCarrier:
    """Issues `LC`, sixteen digits and a check digit, derived from the request, so that a retry gets the same number."""

    async def issue(self, request: WaybillRequest) -> Issued:
        """Return the number of a request and a sort code from the destination."""
        return Issued(number_of(request), sort_code_of(request))

    async def void(self, request: WaybillRequest, number: str) -> None:
        """Accept that a number is not used; nobody else knows of it."""


def number_of(request: WaybillRequest) -> str:
    """Return the number that belongs to a request; another request of the same parcel has another one."""
    digest = hashlib.sha256(request.waybill_id.bytes).digest()
    digits = str(int.from_bytes(digest[:8], "big") % 10**DIGITS).zfill(DIGITS)
    return f"{PREFIX}{digits}{check.check_digit(digits)}"


def is_number(text: str) -> bool:
    """Tell whether a text is a number of the local carrier with the right check digit."""
    digits = text.removeprefix(PREFIX)
    right_shape = text.startswith(PREFIX) and len(digits) == DIGITS + 1 and digits.isascii() and digits.isdecimal()
    return right_shape and check.check_digit(digits[:-1]) == digits[-1]


def sort_code_of(request: WaybillRequest) -> str:
    """Return three segments that stay the same for one district: province, city, district as two digits each."""
    parts = (request.province, request.city, request.district)
    return "-".join(f"{hashlib.sha256(part.encode()).digest()[0] % 100:02d}" for part in parts) if any(parts) else ""
