"""Where this machine is reached from others: its own addresses, found without sending anything."""

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import suppress

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

_ELSEWHERE_V4 = ("192.0.2.1", "10.255.255.254", "172.31.255.254", "192.168.255.254")
_ELSEWHERE_V6 = ("2001:db8::1", "fd00::1")
"""Addresses nobody has (RFC 5737, RFC 3849) or that lie in private networks: which of ours would speak to them?"""
_ANY_PORT = 9


def addresses(*, v6: bool) -> list[str]:
    """Return the addresses at which others reach this machine, the likeliest first; with IPv6 ones only if asked for.

    The system is asked which of its addresses it would speak from, and what its own name stands for.
    """
    found = dict.fromkeys([*_spoken_from(_ELSEWHERE_V4, socket.AF_INET), *_named()])
    if v6:
        found |= dict.fromkeys([*_spoken_from(_ELSEWHERE_V6, socket.AF_INET6), *_named()])
    return [address for address in found if _is_usable(address) and (v6 or ":" not in address)]


def is_local(host: str) -> bool:
    """Tell whether an address or name is reached from this machine only; what is not certain is not."""
    if host == "localhost":
        return True
    with suppress(ValueError):
        address = ipaddress.ip_address(host)
        return (getattr(address, "ipv4_mapped", None) or address).is_loopback
    return False


def is_wildcard(host: str) -> bool:
    """Tell whether listening at this address means listening at all of them."""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_unspecified
    return False


def urls(host: str, port: int, *, secure: bool) -> list[str]:
    """Return the URLs of what listens at an address, the likeliest first; at all addresses, those others reach."""
    scheme = "https" if secure else "http"
    if not is_wildcard(host):
        return [url(scheme, host, port)]
    v6 = ":" in host
    return [url(scheme, each, port) for each in addresses(v6=v6) or ["::1" if v6 else "127.0.0.1"]]


def url(scheme: str, host: str, port: int) -> str:
    """Write an address as browsers do: IPv6 in brackets, without the scheme's own port."""
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" if port == {"http": 80, "https": 443}[scheme] else f"{scheme}://{name}:{port}"


def _spoken_from(elsewhere: tuple[str, ...], family: socket.AddressFamily) -> Iterator[str]:
    for there in elsewhere:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asked:
            asked.connect((there, _ANY_PORT))  # of a datagram socket: it chooses a way and sends nothing
            yield asked.getsockname()[0]


def _named() -> Iterator[str]:
    with suppress(OSError):
        for _, _, _, _, address in socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_DGRAM):
            yield str(address[0])


def _is_usable(text: str) -> bool:
    """An address with a zone (`fe80::1%eth0`) cannot stand in a link."""
    with suppress(ValueError):
        address = ipaddress.ip_address(text)
        return "%" not in text and not (address.is_loopback or address.is_unspecified or address.is_link_local)
    return False
