"""The certificates that the sandbox shows: a good one, an expired one, one of another host.

They lie beside this file, because Python can use certificates and cannot make them. The keys are
public and protect nothing. The key of the authority that signed them was thrown away when they were
made, so that whoever trusts `AUTHORITY` trusts these three certificates and no other. The good one
names localhost, 127.0.0.1, ::1 and what containers call the sandbox, until 2126.
"""

import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Final

__all__ = ["AUTHORITY", "GOOD", "server_context"]

_FOLDER: Final = Path(__file__).parent / "certificates"
AUTHORITY: Final = _FOLDER / "ca.pem"
GOOD: Final = "good"


def server_context(choose: Callable[[], str]) -> ssl.SSLContext:
    """For the server's side of TLS; `choose` names the certificate of each handshake."""
    contexts: dict[str, ssl.SSLContext] = {}

    def context_of(name: str) -> ssl.SSLContext:
        if name not in contexts:
            made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            made.load_cert_chain(_FOLDER / f"{name}.pem")
            contexts[name] = made
        return contexts[name]

    def choose_certificate(
        wire: ssl.SSLSocket | ssl.SSLObject, _: str | None, __: ssl.SSLContext
    ) -> None:
        # OpenSSL asks this once per handshake, whether or not the client names a host.
        wire.context = context_of(choose())

    first = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    first.load_cert_chain(_FOLDER / f"{GOOD}.pem")
    first.sni_callback = choose_certificate
    return first
