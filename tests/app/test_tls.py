"""https: with a certificate of any make, and with one of our own private authority; what is wrong is one sentence."""

import ipaddress
import json
import os
import re
import ssl
import stat
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from processes import address_of, run, started
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from pickmesh.app import certificates, tls
from pickmesh.app.settings import Settings, SettingsError

NOW = datetime(2026, 11, 24, 4, 0, tzinfo=UTC)
PASSWORD = "long enough"
SIGN_IN = 'mutation { signIn(input: {signIn: "owner@linan", password: "%s", device: "test"}) { token } }'

# The tests of this module share what its fixtures started: one worker runs them all.
pytestmark = pytest.mark.xdist_group("tls")


def self_signed(folder: Path, name: str, *, begins: datetime, days: int = 30) -> tuple[Path, Path]:
    """Write a certificate for 127.0.0.1 that signs itself, and its key."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate, key_path = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
    return certificate, key_path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a migrated SQLite file, one merchant with an owner, and a certificate that signs itself."""
    made = tmp_path_factory.mktemp("tls")
    for arguments in (
        ("migrate",),
        ("merchant", "add", "linan", "--name", "林安家居"),
        ("user", "add", "owner@linan", "--name", "徐文博", "--role", "owner", "--merchant", "linan"),
    ):
        assert run(made, *arguments, user_password=PASSWORD).returncode == 0
    self_signed(made, "mine", begins=datetime.now(UTC) - timedelta(days=1))
    self_signed(made, "other", begins=datetime.now(UTC) - timedelta(days=1))
    self_signed(made, "expired", begins=datetime.now(UTC) - timedelta(days=31))
    return made


def shown(folder: Path, name: str) -> dict[str, str]:
    return {"tls_cert": str(folder / f"{name}.pem"), "tls_key": str(folder / f"{name}.key")}


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[str]:
    with started(folder, "serve", **shown(folder, "mine")) as running:
        yield address_of(running)
        assert running.stop() == 0


def trusting(authority: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=authority)


def test_with_a_certificate_https_is_served_and_printed(folder: Path, served: str) -> None:
    assert served.startswith("https://127.0.0.1:")
    with httpx.Client(verify=trusting(folder / "mine.pem")) as client:
        answer = client.get(f"{served}/healthz")
    assert answer.text == "alive\n"
    assert answer.headers["strict-transport-security"] == "max-age=604800"
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{served}/healthz")
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{served.replace('https', 'http')}/healthz")


def test_a_subscription_runs_over_tls(folder: Path, served: str) -> None:
    trusted = trusting(folder / "mine.pem")
    with httpx.Client(verify=trusted, timeout=30) as client:
        signed_in = client.post(f"{served}/graphql", json={"query": SIGN_IN % PASSWORD}).json()
    token = signed_in["data"]["signIn"]["token"]
    address = f"{served.replace('https', 'wss')}/graphql"
    with connect(address, subprotocols=[Subprotocol("graphql-transport-ws")], ssl=trusted) as socket:
        socket.send(json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}))
        assert json.loads(socket.recv())["type"] == "connection_ack"
        query = "subscription { events(since: 0) { seq kind } }"
        socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": query}}))
        assert json.loads(socket.recv())["payload"]["data"]["events"] == {"seq": 1, "kind": "merchant_created"}


def test_an_expired_certificate_is_served_with_a_warning(folder: Path) -> None:
    with started(folder, "serve", **shown(folder, "expired")) as running:
        said = json.loads(running.wait_for("expired on").string)
        assert (said["level"], said["event"]) == ("warning", "certificate")
        assert re.fullmatch(
            r"The certificate \S+expired\.pem expired on \d{4}-\d\d-\d\d and browsers refuse it;"
            r" `pickmesh certificate` or whoever issued it makes a new one\.",
            said["problem"],
        )
        assert running.stop() == 0


def test_a_certificate_for_another_host_or_of_little_time_is_warned_of(folder: Path) -> None:
    found = tls.of(Settings(**shown(folder, "mine")))
    assert found is not None
    assert found.warnings("127.0.0.1", datetime.now(UTC)) == []
    path = folder / "mine.pem"
    for_others = f"The certificate {path} is made for 127.0.0.1 and not for pick.local; browsers will warn."
    assert found.warnings("pick.local", datetime.now(UTC)) == [for_others]
    ends = found.leaf.not_valid_after_utc
    soon = f"The certificate {path} expires on {ends:%Y-%m-%d}; `pickmesh certificate` or whoever issued it makes a"
    assert found.warnings("127.0.0.1", ends - timedelta(days=13)) == [f"{soon} new one."]
    (early,) = found.warnings("127.0.0.1", found.leaf.not_valid_before_utc - timedelta(minutes=1))
    assert "look at this clock" in early
    hosts = ("a.example.com", "example.com", "B.C.", "x.b.c")
    covered = {host: tls.covers(["*.example.com", "b.c"], host) for host in hosts}
    assert covered == {"a.example.com": True, "example.com": False, "B.C.": True, "x.b.c": False}


def test_what_cannot_be_served_is_one_sentence(folder: Path) -> None:
    mine, other = shown(folder, "mine"), shown(folder, "other")
    rubbish, locked = folder / "rubbish.pem", folder / "locked.key"
    rubbish.write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    key = serialization.load_pem_private_key((folder / "mine.key").read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    pem, pkcs8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    locked.write_bytes(key.private_bytes(pem, pkcs8, serialization.BestAvailableEncryption(b"secret")))
    both = "PICKMESH_TLS_CERT and PICKMESH_TLS_KEY belong together: set both for https, or neither."
    wrong = {
        both: {"tls_key": ""},
        f"CERT: {folder}/no.pem cannot be read (No such file or directory).": {"tls_cert": f"{folder}/no.pem"},
        f"KEY: {folder} cannot be read (Is a directory).": {"tls_key": str(folder)},
        f"CERT: {rubbish} holds no certificate in PEM format.": {"tls_cert": str(rubbish)},
        f"KEY: {rubbish} holds no private key in PEM format.": {"tls_key": str(rubbish)},
        f"KEY: {locked} is locked with a passphrase; give a key without one that only you can read.": {
            "tls_key": str(locked)
        },
        f"KEY: {other['tls_key']} is not the key of the certificate {mine['tls_cert']}.": {"tls_key": other["tls_key"]},
    }
    for sentence, settings in wrong.items():
        given = {name: path for name, path in {**mine, **settings}.items() if path}
        for command in ("serve", "demo"):
            done = run(folder, command, port="0", **given)
            said = sentence if sentence == both else f"PICKMESH_TLS_{sentence}"
            assert (done.returncode, done.stdout, done.stderr) == (2, "", f"pickmesh: {said}\n")


def test_the_private_authority_is_made_once_and_a_server_is_trusted_by_it(folder: Path) -> None:
    hosts = ("--host", "192.168.1.5", "--host", "pick.local", "--host", "fd00::2")
    first = run(folder, "certificate", *hosts)
    assert (first.returncode, first.stderr) == (0, "")
    where = folder / "var" / "tls"
    for line in (f"export PICKMESH_TLS_CERT={where}/server.pem", f"export PICKMESH_TLS_KEY={where}/server.key"):
        assert f"\n  {line}\n" in first.stdout
    assert f"compare its SHA-256 fingerprint there (docs/https.md tells how):\n  {where}/ca.pem\n" in first.stdout
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in where.iterdir()} == {
        "ca.key": 0o600, "ca.pem": 0o644, "server.key": 0o600, "server.pem": 0o644,
    }  # fmt: skip
    before = {path.name: path.read_bytes() for path in where.iterdir()}
    again = run(folder, "certificate", *hosts, "--json")
    told = json.loads(again.stdout)
    assert (told["new_authority"], told["fingerprint"] in first.stdout) == (False, True)
    assert told["names"] == ["192.168.1.5", "pick.local", "fd00::2", "localhost", "127.0.0.1"]
    after = {path.name: path.read_bytes() for path in where.iterdir()}
    assert {name for name in before if before[name] != after[name]} == {"server.pem", "server.key"}
    with started(folder, "serve", tls_cert=told["certificate"], tls_key=told["key"]) as running:
        address = address_of(running)
        strict = trusting(where / "ca.pem")
        strict.verify_flags |= ssl.VERIFY_X509_STRICT
        with httpx.Client(verify=strict) as client:
            assert client.get(f"{address}/healthz").text == "alive\n"
            assert client.get(f"{address.replace('127.0.0.1', 'localhost')}/healthz").text == "alive\n"
            # Nothing of the authority is handed out by the server.
            for path in ("/tls/ca.pem", "/ca.pem", "/app/../var/tls/ca.key", "/var/tls/ca.key"):
                assert b"BEGIN" not in client.get(f"{address}{path}").content
        assert running.stop() == 0


def test_openssl_takes_the_chain_for_every_name(tmp_path: Path) -> None:
    certificates.make(tmp_path / "tls", ["192.168.1.5", "pick.local"], machine="shed", now=datetime.now(UTC))
    for flag, host in (("-verify_ip", "192.168.1.5"), ("-verify_hostname", "pick.local")):
        arguments = ["openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-CAfile", "ca.pem", flag, host]
        done = subprocess.run(
            [*arguments, "server.pem"],
            cwd=tmp_path / "tls",
            capture_output=True,
            text=True,
            check=False,
            env=os.environ,
        )
        assert (done.returncode, done.stdout) == (0, "server.pem: OK\n"), done.stderr


def test_a_certificate_lasts_as_long_as_phones_allow_and_no_longer_than_its_authority(tmp_path: Path) -> None:
    made = certificates.make(tmp_path, ["pick.local"], machine="shed", now=NOW)
    leaf = x509.load_pem_x509_certificate(made.certificate.read_bytes())
    authority = x509.load_pem_x509_certificate(made.authority.read_bytes())
    assert leaf.not_valid_after_utc - leaf.not_valid_before_utc == timedelta(days=397)
    leaf.verify_directly_issued_by(authority)
    nine = certificates.make(tmp_path, ["pick.local"], machine="shed", now=NOW + timedelta(days=9 * 365 + 200))
    assert (nine.new_authority, nine.until) == (False, authority.not_valid_after_utc)
    ten = certificates.make(tmp_path, ["pick.local"], machine="shed", now=NOW + timedelta(days=10 * 365 - 20))
    assert (ten.new_authority, ten.fingerprint != made.fingerprint) == (True, True)


@pytest.mark.parametrize("host", ["", "pick local", "-x", "https://pick.local", "192.168.1.500", "*.local", "仓库"])
def test_what_is_no_host_is_refused_and_writes_nothing(tmp_path: Path, host: str) -> None:
    with pytest.raises(SettingsError, match="is no host"):
        certificates.make(tmp_path / "tls", ["pick.local", host], machine="shed", now=NOW)
    assert not (tmp_path / "tls").exists()


def test_a_lost_authority_key_is_no_reason_to_make_another_in_silence(tmp_path: Path) -> None:
    certificates.make(tmp_path, ["pick.local"], machine="shed", now=NOW)
    (tmp_path / "ca.key").unlink()
    with pytest.raises(SettingsError, match="restore them from a backup, or remove both"):
        certificates.make(tmp_path, ["pick.local"], machine="shed", now=NOW)
