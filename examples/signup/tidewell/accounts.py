"""Registering, signing in, changing an address. Each asks for one mail, in one transaction.

Whoever asks learns nothing about who has an account: known and unknown addresses take the same
steps and get the same answer; only the mail differs, and that goes to the address itself.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from mailproof import Mailproof
from tidewell import links, mails
from tidewell.database import User, transaction
from tidewell.limits import may_ask

__all__ = ["Accounts", "Asked", "SignInFirst", "Taken"]


# One statement, whether there is such a user or not.
_NEW_USER: Final = text(
    "INSERT INTO users (address, created_at) VALUES (:address, :now) ON CONFLICT DO NOTHING"
)


class SignInFirst(Exception):
    """Only who is signed in may move an account: the new address may be a slip of the keyboard,
    and whoever reads its mail a stranger."""


class Taken(Exception):
    """Meanwhile, somebody else has this address."""


@dataclass(frozen=True)
class Asked:
    """`status`: where the mail can be followed. `wait_s` above 0: it was asked for too soon, and
    nothing was sent."""

    purpose: str
    address: str
    status: str
    wait_s: float = 0.0


class Accounts:
    def __init__(
        self, engine: AsyncEngine, mail: Mailproof, base_url: str, cooldown_s: int
    ) -> None:
        self._engine = engine
        self._mail = mail
        self._base_url = base_url
        self._cooldown_s = cooldown_s

    async def register(self, address: str, language: str, now: float) -> Asked:
        """The user and the mail are there together, or neither is. Who has an account already gets
        another mail; for that, all is done as if they had none, and the link taken back."""
        async with transaction(self._engine) as session:
            if wait_s := await self._too_soon(session, "registration", address, now):
                return self._asked("registration", address, wait_s)
            await session.execute(_NEW_USER, {"address": address, "now": now})
            user = (await session.scalars(select(User).where(User.address == address))).one()
            async with session.begin_nested() as step:
                token = await links.make(session, "registration", address, user.id, now)
                kind, url = "registration", f"{self._base_url}/link/{token}"
                if user.confirmed_at is not None:  # the owner hears of it; whoever asked does not
                    kind, url = "known", f"{self._base_url}/sign-in"
                    await step.rollback()
            email = mails.letter(kind, "registration", address, url, language)
            await self._mail.enqueue(email, connection=session)
        return self._asked("registration", address)

    async def ask_to_sign_in(self, address: str, language: str, now: float) -> Asked:
        """A link, if there is such a user. If not, all is done as if, and one step taken back."""
        async with transaction(self._engine) as session:
            if wait_s := await self._too_soon(session, "magic_link", address, now):
                return self._asked("magic_link", address, wait_s)
            user = await session.scalar(select(User).where(User.address == address))
            async with session.begin_nested() as step:
                user_id = None if user is None else user.id
                await self._send_link(session, "magic_link", user_id, address, language, now)
                if user is None:
                    await step.rollback()
        return self._asked("magic_link", address)

    async def ask_to_change(self, user_id: int, address: str, language: str, now: float) -> Asked:
        """A link to the new address; the old one stays until it is used."""
        async with transaction(self._engine) as session:
            if wait_s := await self._too_soon(session, "email_change", address, now):
                return self._asked("email_change", address, wait_s)
            await self._send_link(session, "email_change", user_id, address, language, now)
        return self._asked("email_change", address)

    async def is_good(self, token: str, now: float) -> str | None:
        """The purpose of a link that still works. Changes nothing."""
        async with transaction(self._engine) as session:
            found = await links.look(session, token, now)
            return None if found is None else found.purpose

    async def use(self, token: str, signed_in: int | None, now: float) -> User | None:
        """Who is signed in by it; None: it does not work (any more). `signed_in`: who uses it.

        Raises `Taken`, and `SignInFirst`, which uses nothing up.
        """
        try:
            async with transaction(self._engine) as session:
                used = await links.use(session, token, now)
                user = None if used is None else await session.get(User, used.user_id)
                if used is None or user is None:
                    return None
                if used.purpose == "email_change" and user.id != signed_in:
                    raise SignInFirst
                if used.purpose == "email_change":
                    user.address = used.address
                elif user.address != used.address:  # it has moved on since
                    return None
                user.confirmed_at = user.confirmed_at or now
                await session.flush()
                return user
        except IntegrityError as error:
            raise Taken from error

    async def user(self, user_id: int | None) -> User | None:
        if user_id is None:
            return None
        async with transaction(self._engine) as session:
            return await session.get(User, user_id)

    async def _too_soon(
        self, session: AsyncSession, purpose: str, address: str, now: float
    ) -> float:
        return await may_ask(session, purpose, address, self._cooldown_s, now)

    async def _send_link(  # noqa: PLR0913 - what a link is made of
        self,
        session: AsyncSession,
        purpose: str,
        user_id: int | None,
        address: str,
        language: str,
        now: float,
    ) -> None:
        token = await links.make(session, purpose, address, user_id, now)
        url = f"{self._base_url}/link/{token}"
        email = mails.letter(purpose, purpose, address, url, language)
        await self._mail.enqueue(email, connection=session)

    def _asked(self, purpose: str, address: str, wait_s: float = 0.0) -> Asked:
        status = self._mail.status_link(purpose, address) or ""
        return Asked(purpose, address, status, wait_s)
