"""Writing a mail into the outbox of the application's own database, on its own transaction.

A row is worth what the transaction is: committed with it, gone with it.
"""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from mailproof.client.errors import NotConfigured
from mailproof.mail.message import Email

__all__ = ["TABLE", "Enqueued", "decode", "encode", "wake_after_commit", "write"]

TABLE: Final = "mailproof_outbox"

_COLUMNS: Final = f"INSERT INTO {TABLE} (id, payload, enqueued_at) VALUES"
_KINDS_FIX: Final = (
    "Pass the SQLAlchemy session or connection, Django's `connection`, or the connection of "
    "sqlite3, aiosqlite, asyncpg, psycopg or PyMySQL, on which the transaction runs."
)


class Enqueued(msgspec.Struct, frozen=True, kw_only=True):
    """A row. `payload`: the mail as JSON; `enqueued_at`: UTC in milliseconds."""

    id: str
    payload: str
    enqueued_at: int


class _Payload(msgspec.Struct, frozen=True, kw_only=True):
    """`v`: the form of the rest, so that a later release can still read what waits."""

    v: int = 1
    email: dict[str, Any]
    purpose: str = ""
    idempotency_key: str | None = None


def encode(email: Email) -> str:
    """The mail as it waits in the outbox."""
    payload = _Payload(
        email=email.to_json(), purpose=email.purpose, idempotency_key=email.idempotency_key
    )
    return msgspec.json.encode(payload).decode()


def decode(row: Enqueued, read: Callable[..., Email]) -> Email:
    """The mail of a row, under the row's id as its idempotency key where it has none of its own.

    `read`: `Email.from_json` with its clock. Raises `InvalidInput`, and `msgspec.DecodeError` for
    what is no row of ours.
    """
    try:
        payload = msgspec.json.decode(row.payload, type=_Payload)
    except (RecursionError, UnicodeDecodeError) as error:  # msgspec leaves these two as they are
        raise msgspec.DecodeError(f"it is no JSON that can be read: {error}") from error
    if payload.v != 1:
        raise msgspec.DecodeError(f"it has the form {payload.v} of a newer release")
    key = payload.idempotency_key or row.id
    return read(payload.email, purpose=payload.purpose, idempotency_key=key)


async def write(row: Enqueued, connection: Any) -> None:
    """Insert the row on this connection. Commits nothing. Raises `NotConfigured`: it is no
    connection that we know, and what its driver raises."""
    insert = next((_INSERTS[name] for name in _libraries(connection) if name in _INSERTS), None)
    if insert is None:
        what = f"{type(connection).__module__}.{type(connection).__qualname__} is no connection"
        raise NotConfigured(f"{what} that can be written on", where="connection", fix=_KINDS_FIX)
    result = insert(connection, row)
    if inspect.isawaitable(result):
        await result


def wake_after_commit(connection: Any, wake: Callable[[], None]) -> None:
    """Call `wake` when the transaction has committed, where the library tells of it; else nothing
    happens, and the drainer finds the row by itself."""
    libraries = _libraries(connection)
    if "django" in libraries:
        from django.db import transaction  # type: ignore[import-untyped]

        transaction.on_commit(wake, using=connection.alias)
    elif "sqlalchemy" in libraries:
        from sqlalchemy import event
        from sqlalchemy.orm import Session

        session = getattr(connection, "sync_session", connection)
        session = session() if callable(session) and hasattr(session, "registry") else session
        if isinstance(session, Session) and session.info.get(TABLE) != wake:
            session.info[TABLE] = wake
            event.listen(session, "after_commit", lambda _: wake())


def _libraries(connection: Any) -> list[str]:
    """Where its class and the classes above it come from; an application may have its own."""
    names = (kind.__module__.partition(".")[0] for kind in type(connection).__mro__)
    return list(dict.fromkeys(names))


def _sqlalchemy(connection: Any, row: Enqueued) -> Any:
    from sqlalchemy import text

    statement = text(f"{_COLUMNS} (:id, :payload, :enqueued_at)")
    return connection.execute(statement, msgspec.to_builtins(row))


def _django(connection: Any, row: Enqueued) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"{_COLUMNS} (%s, %s, %s)", msgspec.structs.astuple(row))


def _question_marks(connection: Any, row: Enqueued) -> Any:
    return connection.execute(f"{_COLUMNS} (?, ?, ?)", msgspec.structs.astuple(row))


def _dollars(connection: Any, row: Enqueued) -> Awaitable[Any]:
    sent: Awaitable[Any] = connection.execute(
        f"{_COLUMNS} ($1, $2, $3)", *msgspec.structs.astuple(row)
    )
    return sent


async def _percents(connection: Any, row: Enqueued) -> None:
    cursor = connection.cursor()
    done = cursor.execute(f"{_COLUMNS} (%s, %s, %s)", msgspec.structs.astuple(row))
    if inspect.isawaitable(done):
        await done
    closed = cursor.close()
    if inspect.isawaitable(closed):
        await closed


# By the top-level name of the library that the connection comes from.
_INSERTS: Final[Mapping[str, Callable[[Any, Enqueued], Any]]] = {
    "sqlalchemy": _sqlalchemy,
    "django": _django,
    "sqlite3": _question_marks,
    "aiosqlite": _question_marks,
    "asyncpg": _dollars,
    "psycopg": _percents,
    "psycopg2": _percents,
    "pymysql": _percents,
    "MySQLdb": _percents,
}
