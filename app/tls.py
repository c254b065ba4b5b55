"""The certificate a server shows: checked before anything is served, so that a wrong one is a sentence."""

import ipaddress
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pickmesh.app.settings import Settings, SettingsError

SOON = timedelta(days=14)
CA_FILE = "ca.pem"
"""Beside a certificate of `pickmesh certificate` lies the authority that signed it."""


@dataclass(frozen=True, slots=True)
class Tls:
    """A certificate with its key, both readable and belonging together."""

    certificate: Path
    key: Path
    leaf: x509.Certificate

    @property
    def authority(self) -> Path | None:
        """Return the file of our own authority beside it, None when there is none."""
        path = self.certificate.parent / CA_FILE
        return path if path.is_file() else None

    def warnings(self, host: str, now: datetime) -> list[str]:
        """Say what will keep phones from trusting it: its dates, and that it was not made for this host."""
        return [*self._dates(now), *self._names(host)]

    def _dates(self, now: datetime) -> list[str]:
        begins, ends = self.leaf.not_valid_before_utc, self.leaf.not_valid_after_utc
        renew = "`pickmesh certificate` or whoever issued it makes a new one"
        if ends <= now:
            return [f"The certificate {self.certificate} expired on {ends:%Y-%m-%d} and browsers refuse it; {renew}."]
        if ends <= now + SOON:
            return [f"The certificate {self.certificate} expires on {ends:%Y-%m-%d}; {renew}."]
        if begins > now:
            return [f"The certificate {self.certificate} begins on {begins:%Y-%m-%d %H:%M} UTC; look at this clock."]
        return []

    def _names(self, host: str) -> list[str]:
        names = names_of(self.leaf)
        if covers(names, host):
            return []
        made_for = ", ".join(names) or "no name at all"
        return [f"The certificate {self.certificate} is made for {made_for} and not for {host}; browsers will warn."]


def of(chosen: Settings) -> Tls | None:
    """Return what PICKMESH_TLS_CERT and _KEY name, None without them; refuses what no server could show."""
    if chosen.tls_cert is None or chosen.tls_key is None:
        return None
    leaf = _leaf(chosen.tls_cert)
    _require_key_of(leaf, chosen.tls_cert, chosen.tls_key)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(chosen.tls_cert, chosen.tls_key)
    except (ssl.SSLError, OSError) as error:
        raise SettingsError(f"PICKMESH_TLS_CERT: {chosen.tls_cert} cannot be served ({error}).") from None
    return Tls(chosen.tls_cert, chosen.tls_key, leaf)


def names_of(certificate: x509.Certificate) -> list[str]:
    """Return the names and addresses a certificate is made for."""
    try:
        listed = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [
        *listed.get_values_for_type(x509.DNSName),
        *(str(address) for address in listed.get_values_for_type(x509.IPAddress)),
    ]


def covers(names: list[str], host: str) -> bool:
    """Tell whether a browser takes a certificate with these names for this host (RFC 6125, one leading star)."""
    try:
        return str(ipaddress.ip_address(host)) in names
    except ValueError:
        wanted = host.lower().rstrip(".")
        return any(name.lower() in (wanted, f"*.{wanted.partition('.')[2]}") for name in names)


def _leaf(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificates(_read(path, "CERT"))[0]  # the server's own comes first
    except ValueError:
        raise SettingsError(f"PICKMESH_TLS_CERT: {path} holds no certificate in PEM format.") from None


def _require_key_of(leaf: x509.Certificate, certificate: Path, path: Path) -> None:
    try:
        key = serialization.load_pem_private_key(_read(path, "KEY"), password=None)
    except TypeError:
        raise SettingsError(
            f"PICKMESH_TLS_KEY: {path} is locked with a passphrase; give a key without one that only you can read."
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise SettingsError(f"PICKMESH_TLS_KEY: {path} holds no private key in PEM format.") from None
    own, shown = (
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        for public in (key.public_key(), leaf.public_key())
    )
    if own != shown:
        raise SettingsError(f"PICKMESH_TLS_KEY: {path} is not the key of the certificate {certificate}.")


def _read(path: Path, which: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"PICKMESH_TLS_{which}: {path} cannot be read ({error.strerror}).") from None
