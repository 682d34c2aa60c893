"""PostgreSQL's URL, as people copy it: without what only ORMs and other drivers know."""

import re
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

import msgspec

from mailproof.store.base import StoreError

__all__ = ["PostgresUrl", "read_url"]

# What libpq itself, ORMs or hosting providers read and PostgreSQL would refuse as unknown settings.
_DROPPED: Final = frozenset(
    "channel_binding connect_timeout connection_limit gssencmode keepalives keepalives_count"
    " keepalives_idle keepalives_interval pgbouncer pool_timeout requirepeer"
    " tcp_user_timeout uselibpqcompat".split()
)
# After the host, or each of several; none: 5432, or a Unix socket.
_PORTS: Final = re.compile(r"(?:(?:\[[^\]]*\]|[^\[\]:,]*)(?::\d+)?(?:,|$))*")
_UNREADABLE: Final = (
    "The database URL cannot be read: its host or port is none. It looks like "
    "postgresql://USER:PASSWORD@HOST:5432/NAME."
)
_YES: Final = frozenset({"1", "true", "yes", "on"})


class PostgresUrl(msgspec.Struct, frozen=True):
    """`dsn`: for the driver. `without_password`: the same for other programs. `where`: for people.

    `pooled`: PgBouncer stands in between; None: the URL does not say.
    """

    dsn: str
    where: str
    without_password: str
    password: str
    pooled: bool | None

    def __repr__(self) -> str:
        return f"<PostgresUrl {self.where}>"


def read_url(url: str) -> PostgresUrl:
    """Raises `StoreError`: it is none, or its password has a character that ends the host."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        # Without the error that caused it: that one quotes what may be the password.
        raise StoreError(_UNREADABLE) from None
    if parts.scheme.partition("+")[0] not in {"postgres", "postgresql"}:
        raise StoreError(
            "The database URL must begin with postgresql:// (or sqlite is meant: then give a path)."
        )
    if "@" in parts.path + parts.query + parts.fragment:
        raise StoreError(
            "The database URL cannot be read: its password has a /, ? or #. Write them as %2F, %3F "
            "and %23."
        )
    if not _PORTS.fullmatch(parts.netloc.rpartition("@")[2]):
        raise StoreError(_UNREADABLE)
    query = parse_qsl(parts.query, keep_blank_values=True)
    pooled = next((value.lower() in _YES for name, value in query if name == "pgbouncer"), None)
    kept = [each for each in query if each[0] not in _DROPPED]
    public = [each for each in kept if each[0] != "password"]
    login, at, place = parts.netloc.rpartition("@")
    user, _, password = login.partition(":")
    bare = _url(user + at + place, parts.path, public)
    return PostgresUrl(
        dsn=_url(login + at + place, parts.path, kept),
        without_password=bare,
        where=bare.partition("?")[0],
        password=unquote(password) or dict(query).get("password", ""),
        pooled=pooled,
    )


def _url(place: str, path: str, query: list[tuple[str, str]]) -> str:
    return urlunsplit(("postgresql", place, path, urlencode(query, quote_via=quote), ""))
