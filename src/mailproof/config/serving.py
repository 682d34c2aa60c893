"""Where the server listens and the store is, and what of that cannot work or is not safe."""

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from mailproof.config.book import Book
from mailproof.config.settings import Delivery, ProviderSettings, Secret, Server
from mailproof.config.urls import is_loopback, is_store_url, sqlite_url

__all__ = ["check_delivery", "check_loop", "check_proxies", "read_server", "read_store"]

_TOKEN_MIN: Final = 16
_PASSWORD_MIN: Final = 12
_PORT_MAX: Final = 65_535
_PASSWORD: Final = re.compile(r"//[^/@]*:[^/]*@|[?&]password=")
_HTTP_PORTS: Final = {"http": 80, "https": 443}


def read_server(book: Book) -> Server:
    """The two listeners. The admin's is open to this machine alone, or needs a token."""
    path = ("server", "admin_token")
    fields = book.sheet.fields("server")
    fields.pop("admin_token", None)
    fields.pop("console_password", None)
    token = book.needed_secret(path)
    server = Server(**fields, admin_token=token, console_password=_console_password(book))
    if token is not None:
        book.tell_literal(path, token)
        if len(token.read()) < _TOKEN_MIN:
            book.odd(path, "admin_token.short", least=str(_TOKEN_MIN))
    elif not is_loopback(server.admin_host) and not book.given(path):
        book.wrong(("server", "admin_host"), "admin_token.absent", host=server.admin_host)
    _check_ports(book, server)
    return server


def _console_password(book: Book) -> Secret | None:
    path = ("server", "console_password")
    password = book.needed_secret(path)
    if password is not None:
        book.tell_literal(path, password)
        if len(password.read()) < _PASSWORD_MIN:
            book.odd(path, "console_password.short", least=str(_PASSWORD_MIN))
    return password


def _check_ports(book: Book, server: Server) -> None:
    if server.admin_port is None:
        if server.port == _PORT_MAX:
            book.wrong(("server", "port"), "admin_port.beyond")
    elif server.admin_port == server.port != 0:
        book.wrong(("server", "admin_port"), "admin_port.same", port=str(server.port))


def read_store(book: Book, default_folder: Path) -> Secret:
    """The store's URL; `default_folder` is absolute."""
    path = ("store", "url")
    url = sqlite_url(default_folder / "mailproof.db")
    if not book.given(path):
        return Secret("default", lambda: url)
    secret = book.needed_secret(path)
    if secret is None:
        return Secret("default", lambda: url)
    text = secret.read()
    if not is_store_url(text):
        book.wrong(path, "store.wrong")
    elif _PASSWORD.search(text):
        book.tell_literal(path, secret)
    return secret


def check_delivery(book: Book, delivery: Delivery) -> None:
    """A lease that ends during a call makes the outcome of that call unknown."""
    if delivery.lease_s <= delivery.deadline_s:
        place = ("delivery", "lease")
        book.wrong(place if book.given(place) else ("delivery", "deadline"), "delivery.lease")


def check_loop(
    book: Book, providers: tuple[ProviderSettings, ...], server: Server, public_url: str
) -> None:
    """A provider's URL that is our own would send each mail in a circle."""
    ours = _address(public_url) if public_url else None
    for position, provider in enumerate(providers):
        if not provider.base_url:
            continue
        host, port = _address(provider.base_url)
        here = is_loopback(host) and port == server.port
        if here or (host, port) == ours:
            book.wrong(("providers", position, "base_url"), "base_url.itself")


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or _HTTP_PORTS[parts.scheme]


def check_proxies(book: Book) -> None:
    """Trusting everybody lets anyone write any address into our records."""
    networks = book.sheet.fields().get("trusted_proxies", ())
    if any(network.prefixlen == 0 for network in networks):
        book.odd(("trusted_proxies",), "networks.everyone")
