"""PostgreSQL: can Mailproof reach it, log in, and write?"""

import asyncio
import importlib
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

import msgspec

from mailproof.diagnosis.evidence import Raised
from mailproof.diagnosis.reasons import Severity
from mailproof.doctor.asking import shown
from mailproof.doctor.finding import Noted, failed, fine, skipped, warned
from mailproof.doctor.resolving import unresolved
from mailproof.doctor.settings import Setting, Settings
from mailproof.providers.http import raised

__all__ = ["DatabaseSeen", "DatabaseUrl", "check_database", "open_database", "read_database_url"]

CHECK: Final = "database"
_QUESTION: Final = "select current_user, current_database()"
COMMAND: Final = f'psql "$DATABASE_URL" -c "{_QUESTION}"'
# psql knows neither SQLAlchemy's drivers nor what an ORM adds after the `?`.
_COMMAND_CLEANED: Final = (
    """psql "$(printf %s "$DATABASE_URL" | sed -e 's/+[a-z0-9_]*:/:/' -e 's/?.*//')" """
    f'-c "{_QUESTION}"'
)

# What libpq knows in a URL. ORMs add their own (`schema`, `pgbouncer`, `connection_limit`), which
# a PostgreSQL server would refuse as unknown settings.
_LIBPQ: Final = frozenset(
    "sslmode sslrootcert sslcert sslkey sslcrl sslnegotiation host port dbname user"
    " target_session_attrs application_name options".split()
)
_OTHER_DATABASES: Final = re.compile(
    r"(?:mysql|mariadb|sqlite|file|mongodb|sqlserver|libsql|redis|prisma)\b.*", re.DOTALL
)
_READ_ONLY: Final = (
    "select pg_is_in_recovery() as standby,"
    " current_setting('transaction_read_only') as read_only,"
    " coalesce(has_schema_privilege(current_schema(), 'create'), false) as may_create,"
    " current_setting('server_version') as version"
)


class DatabaseUrl(msgspec.Struct, frozen=True):
    """Where the database is; `dsn` is what the driver gets, cleaned of what only ORMs know.

    `host` is a name, an address, the folder of a Unix socket, or several hosts with their ports.
    `cleaned`: the URL as it is written is none for libpq.
    """

    dsn: str
    host: str
    port: str
    user: str
    database: str
    password: str = ""
    sslmode: str = ""
    cleaned: bool = False

    @property
    def is_socket(self) -> bool:
        return self.host.startswith("/")

    def __repr__(self) -> str:  # a password must not reach a traceback or a log
        return f"<DatabaseUrl {self.host}:{self.port}/{self.database}>"


class DatabaseSeen(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a login. `problem`: None when it came about, then the rest is known."""

    url: DatabaseUrl
    driver: bool = True
    problem: Raised | None = None
    sqlstate: str = ""
    standby: bool = False
    read_only: bool = False
    may_create: bool = True
    version: str = ""


def read_database_url(setting: Setting | None) -> DatabaseUrl | None:
    """Read a PostgreSQL URL as libpq, SQLAlchemy or Prisma write it; None for anything else."""
    text = setting.value.strip().strip("\"'`") if setting is not None else ""
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme.partition("+")[0] not in {"postgres", "postgresql"}:
        return None
    if "@" in parts.path + parts.query + parts.fragment:
        return None  # a `/`, `?` or `#` in the password has ended the host
    query = dict(parse_qsl(parts.query))
    if query.get("sslmode") == "no-verify":  # what node-postgres calls libpq's `require`
        query["sslmode"] = "require"
    login, at, place = parts.netloc.rpartition("@")
    host, port = _host_and_port(unquote(place))
    if query.get("host", "").startswith("/"):  # ORMs name a socket beside a host that is not meant
        host, place = query["host"], ""
    port = port or query.get("port", "5432")
    if not port.isdigit():
        return None
    user, _, password = login.partition(":")
    kept = urlencode({name: value for name, value in query.items() if name in _LIBPQ})
    user = unquote(user) or query.get("user", "")
    return DatabaseUrl(
        urlunsplit(("postgresql", login + at + place, parts.path, kept, "")),
        host or query.get("host", ""),
        port,
        user,
        unquote(parts.path.lstrip("/")) or user,
        unquote(password),
        query.get("sslmode", ""),
        cleaned="+" in parts.scheme or not query.keys() <= _LIBPQ,
    )


def _host_and_port(place: str) -> tuple[str, str]:
    """`db:5432`, `[::1]:5432`, `one:5432,other:5433`: all before the last colon is the host."""
    host, colon, port = place.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = place, ""
    return host.removeprefix("[").removesuffix("]") if "," not in host else host, port


async def open_database(url: DatabaseUrl, *, deadline_s: float) -> DatabaseSeen:
    """Log in and ask who we are. Without the driver (extra `postgres`) only the port is tried."""
    driver = _driver()
    if not url.is_socket and "," not in url.host:
        problem = await unresolved(url.host or "localhost", deadline_s=deadline_s)
        if problem is not None:
            return DatabaseSeen(url=url, problem=problem)
    limit = asyncio.timeout(deadline_s)
    try:
        async with limit:
            if driver is None:
                await _knock(url)
                return DatabaseSeen(url=url, driver=False)
            return await _log_in(driver, url)
    except (OSError, ValueError) as error:
        problem = raised(error)
        if limit.expired():  # asyncpg may then raise an error of its own, about the connection
            problem = Raised("TimeoutError", f"no answer in {deadline_s:g} s")
        return DatabaseSeen(url=url, driver=driver is not None, problem=problem)


async def _knock(url: DatabaseUrl) -> None:
    """Is anybody there? Of several hosts, the last one is asked."""
    if url.is_socket:
        path = f"{url.host}/.s.PGSQL.{url.port}"
        _, writer = await asyncio.open_unix_connection(path)
    else:
        host = url.host.rpartition(",")[2] or "localhost"
        _, writer = await asyncio.open_connection(host, int(url.port))
    writer.transport.abort()


async def _log_in(driver: ModuleType, url: DatabaseUrl) -> DatabaseSeen:
    try:
        connection: Any = await driver.connect(url.dsn, statement_cache_size=0)
        try:
            row = await connection.fetchrow(_READ_ONLY)
        finally:
            connection.terminate()
    except (driver.PostgresError, driver.InterfaceError, driver.InternalClientError) as error:
        return DatabaseSeen(
            url=url, problem=raised(error), sqlstate=getattr(error, "sqlstate", None) or ""
        )
    return DatabaseSeen(
        url=url,
        standby=row["standby"],
        read_only=row["read_only"] == "on",
        may_create=row["may_create"],
        version=row["version"],
    )


def check_database(settings: Settings, seen: DatabaseSeen | None) -> Iterator[Noted]:
    """Name the one thing that keeps the app from its database."""
    setting = settings.database_url
    if setting is None:
        yield skipped(CHECK, "database.not_set")
        return
    facts = {"name": setting.name, "origin": setting.where}
    if seen is None:
        yield _not_asked(setting, facts)
        return
    url = seen.url
    facts |= {"host": url.host or "localhost", "port": url.port, "user": url.user or "?"}
    facts |= {"database": url.database or "?", "sslmode": url.sslmode or "prefer"}
    facts |= {"version": seen.version}
    command = _COMMAND_CLEANED if url.cleaned else COMMAND
    command = command.replace("$DATABASE_URL", f"${setting.name}")
    if seen.problem is not None:
        evidence = shown(seen.problem)
        key = _fault(seen, seen.problem)
        yield failed(CHECK, f"database.{key}", facts, evidence=evidence, command=command)
    elif not seen.driver:
        yield warned(CHECK, "database.no_driver", facts, command=command)
    elif seen.standby:
        yield failed(CHECK, "database.standby", facts, command=command)
    elif seen.read_only:
        evidence = "transaction_read_only = on"
        yield failed(CHECK, "database.read_only", facts, evidence=evidence, command=command)
    elif not seen.may_create:
        yield warned(CHECK, "database.no_create", facts, severity=Severity.ERROR, command=command)
    else:
        yield fine(
            CHECK, "database.ok", facts, evidence=f"PostgreSQL {seen.version}", command=command
        )


def _not_asked(setting: Setting, facts: dict[str, str]) -> Noted:
    value = setting.value.strip().strip("\"'")
    if not value:
        return failed(CHECK, "database.empty", facts, evidence=f"{setting.name}=")
    if _OTHER_DATABASES.fullmatch(value):
        return skipped(CHECK, "database.other_kind", facts)
    if re.match(r"postgres(?:ql)?(?:\+\w+)?://", value):
        return failed(CHECK, "database.unescaped", facts)
    return failed(CHECK, "database.malformed", facts)


# SQLSTATE (PostgreSQL manual, appendix A) to the key of our sentences.
_BY_STATE: Final = {
    "28P01": "wrong_password",
    "3D000": "no_database",
    "42501": "no_connect_right",
    "53300": "too_many",
    "57P03": "starting",
    "25006": "read_only",
}


_DEMANDS_TLS: Final = frozenset({"require", "verify-ca", "verify-full"})


def _fault(seen: DatabaseSeen, problem: Raised) -> str:
    """By SQLSTATE where PostgreSQL spoke, else by the kind of exception."""
    text = _all_words(problem).lower()
    if seen.sqlstate == "28P01" and not seen.url.password:
        return "no_password"
    if seen.sqlstate == "28000":
        # Any mode but `disable` has tried TLS as well, so there TLS is not what is missing.
        if seen.url.sslmode == "disable" and ("no encryption" in text or "ssl off" in text):
            return "needs_tls"
        return "no_pg_hba" if "pg_hba" in text else "no_role"
    if seen.sqlstate:
        return _BY_STATE.get(seen.sqlstate, "other")
    if "rejected ssl upgrade" in text:  # a PostgreSQL that need not offer TLS would not do so
        return "no_tls" if seen.url.sslmode in _DEMANDS_TLS else "not_postgres"
    if "certificate file" in text or ("filenotfound" in text and not seen.url.is_socket):
        return "no_certificate_file"
    if "certificate" in text:
        return "certificate"
    if "gaierror" in text:
        return "no_host"
    if "timeout" in problem.type.lower():
        return "timed_out"
    if "password" in text and "interface" in text:
        return "no_password"
    if "connectionrefused" in text or "connect call failed" in text or "errno" in text:
        return "unreachable"
    return "other"


def _all_words(problem: Raised) -> str:
    words: list[str] = []
    link: Raised | None = problem
    while link is not None:
        words.append(f"{link.type} {link.message}")
        link = link.cause
    return " ".join(words)


def _driver() -> ModuleType | None:
    try:
        return importlib.import_module("asyncpg")
    except ImportError:
        return None
