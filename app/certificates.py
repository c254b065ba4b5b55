"""A small private authority and the certificates it signs, for a warehouse whose server has no public name.

The authority is made once and installed on every phone; certificates are renewed under it without touching a phone.
"""

import ipaddress
import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pickmesh.app.settings import SettingsError
from pickmesh.app.tls import CA_FILE

FOLDER = "tls"
CA_KEY_FILE = "ca.key"
SERVER_FILE = "server.pem"
SERVER_KEY_FILE = "server.key"
SERVER_LASTS = timedelta(days=397)
"""Phones refuse certificates that last longer than 398 days."""
CA_LASTS = timedelta(days=3650)
CA_LEFT_MIN = timedelta(days=30)
BEGINS_EARLIER = timedelta(hours=1)
"""So far may a phone's clock be behind."""
NAME_LENGTH_MAX = 64
_HOST_NAME = re.compile(r"(?=.{1,253}$)(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
_EVERYTHING_ELSE = dict.fromkeys(
    ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"),
    False,
)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate that signs others, with its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def fingerprint(self) -> str:
        """Return the SHA-256 that a phone shows before it installs it."""
        return self.certificate.fingerprint(hashes.SHA256()).hex(":").upper()


@dataclass(frozen=True, slots=True)
class Made:
    """What was written where; `new_authority` means that phones must install it."""

    certificate: Path
    key: Path
    authority: Path
    names: list[str]
    until: datetime
    fingerprint: str
    new_authority: bool


def make(folder: Path, hosts: Sequence[str], *, machine: str, now: datetime) -> Made:
    """Write a server's certificate for hosts into a folder, under the authority there or a new one.

    Hosts are IP addresses and DNS names; localhost is always one. Keys are for their owner only. Refuses what is no
    host, and an authority whose files do not belong together.
    """
    names = [_general_name(host) for host in dict.fromkeys([*hosts, "localhost", "127.0.0.1"])]
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    kept = _kept_authority(folder, now)
    authority = kept or _new_authority(folder, machine, now)
    key = ec.generate_private_key(ec.SECP256R1())
    signed = _signed(authority, names, key, now)
    _write(folder / SERVER_KEY_FILE, _key_pem(key), 0o600)
    _write(folder / SERVER_FILE, signed.public_bytes(serialization.Encoding.PEM), 0o644)
    return Made(
        certificate=folder / SERVER_FILE,
        key=folder / SERVER_KEY_FILE,
        authority=folder / CA_FILE,
        names=[str(name.value) for name in names],
        until=signed.not_valid_after_utc,
        fingerprint=authority.fingerprint,
        new_authority=kept is None,
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not _HOST_NAME.fullmatch(host) or host.replace(".", "").isdecimal():
        raise SettingsError(f"“{host}” is no host: give an address as 192.168.1.5, or a name as pick.local.")
    return x509.DNSName(host.lower())


def _kept_authority(folder: Path, now: datetime) -> Authority | None:
    """Return the authority of a folder, None where there is none or it ends within a month."""
    path, key_path = folder / CA_FILE, folder / CA_KEY_FILE
    if not path.exists() and not key_path.exists():
        return None
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        key = serialization.load_pem_private_key(key_path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise _broken(path, key_path) from error
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        raise _broken(path, key_path)
    return Authority(certificate, key) if certificate.not_valid_after_utc > now + CA_LEFT_MIN else None


def _broken(path: Path, key_path: Path) -> SettingsError:
    return SettingsError(
        f"{path} and {key_path} do not belong together or cannot be read: restore them from a backup, or remove both"
        " and install the new authority on every phone."
    )


def _new_authority(folder: Path, machine: str, now: datetime) -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, f"pickmesh of {machine} ({now:%Y-%m-%d})"[:NAME_LENGTH_MAX])]
    )
    builder = (
        _builder(key, name, now, now + CA_LASTS)
        .issuer_name(name)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
    )
    authority = Authority(builder.sign(key, hashes.SHA256()), key)
    _write(folder / CA_KEY_FILE, _key_pem(key), 0o600)
    _write(folder / CA_FILE, authority.certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    return authority


def _signed(
    authority: Authority, names: Sequence[x509.GeneralName], key: ec.EllipticCurvePrivateKey, now: datetime
) -> x509.Certificate:
    issuer = authority.certificate
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, str(names[0].value)[:NAME_LENGTH_MAX])])
    until = min(now - BEGINS_EARLIER + SERVER_LASTS, issuer.not_valid_after_utc)
    issuer_id = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        _builder(key, name, now, until)
        .issuer_name(issuer.subject)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_id), critical=False)
    )
    return builder.sign(authority.key, hashes.SHA256())


def _builder(
    key: ec.EllipticCurvePrivateKey, name: x509.Name, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEGINS_EARLIER)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        **_EVERYTHING_ELSE,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file aside, for its owner only from its first moment, and give it its name and mode."""
    with tempfile.NamedTemporaryFile("wb", dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).chmod(mode)
    Path(file.name).replace(path)
