"""`pickmesh certificate`: https on a local network, without a public name."""

import json
import shlex
import socket
from typing import Annotated

from cyclopts import Parameter

from pickmesh.app import certificates, lan, settings
from pickmesh.app.certificates import Made
from pickmesh.app.commands.asked import AsJson
from pickmesh.core.kit.clock import SystemClock


def certificate(
    *,
    host: Annotated[
        list[str] | None,
        Parameter(help="Address or name phones reach; may be given several times. All of this machine's by default."),
    ] = None,
    as_json: AsJson = False,
) -> int:
    """Make a certificate for this server, and once the private authority behind it, which phones install.

    Both lie under tls/ in the data folder. Run again, it renews the certificate and keeps the authority.
    """
    chosen = settings.load()
    hosts = host or lan.addresses(v6=False)
    made = certificates.make(
        chosen.data / certificates.FOLDER, hosts, machine=socket.gethostname(), now=SystemClock().now()
    )
    print(json.dumps(_told(made), default=str) if as_json else _said(made))
    return 0


def _told(made: Made) -> dict[str, object]:
    paths = {"certificate": made.certificate, "key": made.key, "authority": made.authority}
    return {
        **{name: path.resolve() for name, path in paths.items()},
        "names": made.names,
        "until": made.until.isoformat(),
        "fingerprint": made.fingerprint,
        "new_authority": made.new_authority,
    }


def _said(made: Made) -> str:
    phones = (
        "Install this on every phone, and compare its SHA-256 fingerprint there (docs/https.md tells how):"
        if made.new_authority
        else "The authority stays; phones that installed it need nothing more:"
    )
    return (
        f"A certificate for {', '.join(made.names)}, until {made.until:%Y-%m-%d}.\n\n"
        "Serve with it:\n"
        f"  export PICKMESH_TLS_CERT={shlex.quote(str(made.certificate.resolve()))}\n"
        f"  export PICKMESH_TLS_KEY={shlex.quote(str(made.key.resolve()))}\n\n"
        f"{phones}\n"
        f"  {made.authority.resolve()}\n"
        f"  {made.fingerprint}\n\n"
        f"Keep {made.authority.resolve().with_name(certificates.CA_KEY_FILE)} to yourself: whoever has it can pose as"
        " any site to those phones."
    )
