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
from mailproof.doctor.settings import Setting, Settings
from mailproof.providers.http import raised

__all__ = ["DatabaseSeen", "DatabaseUrl", "check_database", "open_database", "read_database_url"]

CHECK: Final = "database"
COMMAND: Final = 'psql "$DATABASE_URL" -c "select current_user, current_database()"'

# What libpq knows in a URL. ORMs add their own (`schema`, `pgbouncer`, `connection_limit`), which
# a PostgreSQL server would refuse as unknown settings.
_LIBPQ: Final = frozenset(
    "sslmode sslrootcert sslcert sslkey sslcrl sslnegotiation host port dbname user"
    " target_session_attrs application_name".split()
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
    """Where the database is; `dsn` is what the driver gets, cleaned of what only ORMs know."""

    dsn: str
    host: str
    port: int
    user: str
    database: str
    password: str = ""
    sslmode: str = ""

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
    text = setting.value.strip().strip("\"'") if setting is not None else ""
    try:
        parts = urlsplit(text)
        port = parts.port or 5432
    except ValueError:
        return None
    if parts.scheme.partition("+")[0] not in {"postgres", "postgresql"}:
        return None
    if "@" in parts.path + parts.fragment:  # a `/` or `#` in the password has ended the host
        return None
    query = dict(parse_qsl(parts.query))
    kept = urlencode({name: value for name, value in query.items() if name in _LIBPQ})
    database = unquote(parts.path.lstrip("/"))
    user = unquote(parts.username or "")
    return DatabaseUrl(
        urlunsplit(("postgresql", parts.netloc, parts.path, kept, "")),
        parts.hostname or query.get("host", ""),
        port,
        user,
        database or user,
        unquote(parts.password or ""),
        query.get("sslmode", ""),
    )


async def open_database(url: DatabaseUrl, *, deadline_s: float) -> DatabaseSeen:
    """Log in and ask who we are. Without the driver (extra `postgres`) only the port is tried."""
    driver = _driver()
    try:
        async with asyncio.timeout(deadline_s):
            if driver is None:
                _, writer = await asyncio.open_connection(url.host, url.port)
                writer.transport.abort()
                return DatabaseSeen(url=url, driver=False)
            return await _log_in(driver, url)
    except (OSError, ValueError) as error:
        return DatabaseSeen(url=url, driver=driver is not None, problem=raised(error))


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
    facts |= {"host": url.host or "localhost", "port": str(url.port), "user": url.user or "?"}
    facts |= {"database": url.database or "?", "sslmode": url.sslmode or "prefer"}
    facts |= {"version": seen.version}
    command = COMMAND.replace("$DATABASE_URL", f"${setting.name}")
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
    if "rejected ssl upgrade" in text:
        return "no_tls"
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
