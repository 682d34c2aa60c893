"""One client's conversation: aiosmtpd's protocol, with a fault possible at each of its steps.

aiosmtpd speaks the verbs, and reads what a client sends ahead. It knows no faults and leaves open
who may send what; the first is added here, the second by the `Desk`.
"""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final

from aiosmtpd.smtp import SMTP

from mailproof.sandbox.account import Account, ApiKey, Arrival
from mailproof.sandbox.calls import KEPT_BYTES, CallSeen, RawHeaders, masked
from mailproof.sandbox.errors import Refusal
from mailproof.sandbox.faults.edge import record
from mailproof.sandbox.faults.fault import Fault, Sighting
from mailproof.sandbox.faults.kinds import HANG_MAX_S, Act, Stage
from mailproof.sandbox.faults.wire import Wire
from mailproof.sandbox.smtp.desk import Desk
from mailproof.sandbox.smtp.replies import of_refusal, written

__all__ = ["HOST", "Conversation"]

HOST: Final = "smtp.sandbox.test"

_FIRST_REFUSAL: Final = 400
# Beyond what any fault hangs: a client that says nothing is let go after that.
_IDLE_MAX_S: Final = HANG_MAX_S + 60
# RFC 5321 section 4.2.2: the server closes the channel after it.
_CLOSING: Final = 421
_GO_AHEAD: Final = "354 End data with <CR><LF>.<CR><LF>"


class Conversation(SMTP):
    """From the greeting to the end. `tls` None: it is encrypted already.

    `login` and `key`: who has logged in; a login of one's own has no key. `mail_ids`: accepted, and
    not answered for yet.
    """

    def __init__(self, account: Account, open_wires: set[Wire], tls: ssl.SSLContext | None) -> None:
        self.account = account
        self.login = ""
        self.key: ApiKey | None = None
        self.mail_ids: tuple[str, ...] = ()
        self.withheld = ""
        self._open_wires = open_wires
        self._wire: Wire | None = None
        self._stage = Stage.CONNECT
        self._began = account.clock.now()
        self._fault = ""
        self._sighting = Sighting("SMTP", "")
        desk = Desk(self)
        super().__init__(
            desk,
            data_size_limit=account.settings.smtp_mail_max_bytes,
            enable_SMTPUTF8=True,
            hostname=HOST,
            ident="ESMTP Mailproof sandbox",
            tls_context=tls,
            timeout=_IDLE_MAX_S,
            auth_require_tls=False,
            authenticator=desk.log_in,
            loop=asyncio.get_running_loop(),
        )

    @property
    def is_encrypted(self) -> bool:
        transport = self.transport
        return transport is not None and transport.get_extra_info("sslcontext") is not None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A new connection, or the same once STARTTLS has encrypted it: nobody is logged in."""
        super().connection_made(transport)
        self._let_go()
        self.login, self.key = "", None
        self._wire = Wire(transport)
        self._open_wires.add(self._wire)

    def connection_lost(self, error: Exception | None) -> None:
        self._let_go()
        super().connection_lost(error)

    def _let_go(self) -> None:
        if self._wire is not None:
            self._open_wires.discard(self._wire)

    async def _handle_client(self) -> None:
        # Whoever has left need not be answered; what it asked for is recorded.
        with suppress(ConnectionError):
            refusal = await self.strike(Stage.CONNECT)
            if refusal is not None:
                await self.push(refusal)
                self._close()
            else:
                self._enter(Stage.EHLO)
                await super()._handle_client()

    async def push(self, status: Any) -> None:
        """Send a reply and record it, where it refuses something or a mail was accepted."""
        text = status if isinstance(status, str) else status.decode("utf-8", "replace")
        code = int(text[:3])
        if code >= _FIRST_REFUSAL or self.mail_ids:
            self._record(code, text)
        await super().push(text)
        if code == _CLOSING:
            self._close()

    async def smtp_HELO(self, hostname: str) -> None:  # noqa: N802
        if not await self._refused(Stage.EHLO):
            await super().smtp_HELO(hostname)

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - by this name aiosmtpd finds it
        self.withheld = ""
        if not await self._refused(Stage.EHLO):
            await super().smtp_EHLO(hostname)

    async def smtp_STARTTLS(self, arg: str) -> None:  # noqa: N802
        if not await self._refused(Stage.STARTTLS):
            await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:  # noqa: N802
        if not await self._refused(Stage.AUTH):
            mechanism, blank, rest = (arg or "").partition(" ")
            await super().smtp_AUTH(f"{mechanism.upper()}{blank}{rest}")

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802
        if await self._refused(Stage.MAIL):
            return
        if not self.login:
            await self.push("530 5.7.0 Authentication required")
            return
        try:
            self.account.rate.take(self.account.clock.now())
        except Refusal as refusal:
            await self.push(of_refusal(refusal))
            return
        await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802
        self._enter(Stage.RCPT)  # the desk looks for faults, once the address is read
        await super().smtp_RCPT(arg)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        named = self.envelope.rcpt_tos if self.envelope is not None else []
        if not await self._refused(Stage.DATA, named):
            await super().smtp_DATA(arg)

    async def strike(
        self, stage: Stage, recipients: Sequence[str] = (), subject: str = ""
    ) -> str | None:
        """Do what a fault does at this step. A text is the reply that it gives, None: go on.

        Where a fault ends the conversation, this does not come back.
        """
        self._enter(stage)
        seen = Sighting("SMTP", "", tuple(one.lower() for one in recipients), (subject,))
        self._sighting = seen
        fault = self.account.faults.of_smtp(stage, seen)
        if fault is None:
            return None
        self._fault = fault.name
        if fault.kind.act is Act.ANSWER:
            return written(*fault.reply())
        await self._do(fault)
        return None

    async def _refused(self, stage: Stage, recipients: Sequence[str] = ()) -> bool:
        reply = await self.strike(stage, recipients)
        if reply is not None:
            await self.push(reply)
        return reply is not None

    async def _do(self, fault: Fault) -> None:
        clock = self.account.clock
        seconds = fault.kind.seconds if fault.seconds is None else fault.seconds
        until = clock.now() + seconds
        match fault.kind.act:
            case Act.WITHHOLD:
                self.withheld = fault.kind.body
                return
            case Act.SLOW:
                await clock.sleep_until(until)
                return
            case Act.CUT:
                await super().push(_GO_AHEAD)
                await self._reader.readline()
        self._record(0)
        if fault.kind.act is Act.HANG:
            await clock.sleep_until(until)
        if fault.kind.act in {Act.RESET, Act.CUT} and self._wire is not None:
            self._wire.reset()
        self._close()
        await asyncio.Event().wait()  # until the end of the connection cancels this

    def _enter(self, stage: Stage) -> None:
        if stage is not Stage.QUEUED:  # which began with the dot
            self._began = self.account.clock.now()
        self._stage, self._fault = stage, ""

    def _close(self) -> None:
        if self._wire is not None:
            self._wire.close()

    def _record(self, status: int, reply: str = "") -> None:
        """Keep this step among what has arrived; `status` 0: it gets no reply."""
        now = self.account.clock.now()
        arrival = Arrival(
            at=self._began,
            method="SMTP",
            path=self._stage.verb,
            status=status,
            took_ms=round((now - self._began) * 1000),
            key=masked(self.key.token if self.key is not None else self.login),
            fault=self._fault,
            mail_ids=self.mail_ids,
        )
        said = reply.encode("utf-8", "replace")
        self.account.calls.append(
            CallSeen(
                at=arrival.at,
                method=arrival.method,
                path=arrival.path,
                status=status,
                took_ms=arrival.took_ms,
                asked=self._steps(),
                answer=said[:KEPT_BYTES],
                answer_bytes=len(said),
                fault=arrival.fault,
                mail_ids=arrival.mail_ids,
                recipients=self._sighting.recipients,
                subject=next(iter(self._sighting.subjects), ""),
            )
        )
        self.mail_ids = ()
        record(self.account, arrival)

    def _steps(self) -> RawHeaders:
        """What the client has said so far, in the words of SMTP."""
        steps = [("AUTH", self.login)] if self.login else []
        # aiosmtpd has begun another envelope by the time a mail is answered for.
        taken = [self.account.mails.get(each) for each in self.mail_ids]
        envelope = self.envelope
        sender = None if envelope is None else envelope.mail_from
        named: Sequence[str] = [] if envelope is None else envelope.rcpt_tos
        for mail in taken:
            if mail is not None and mail.handover is not None:
                sender, named = mail.handover.sender, mail.handover.recipients
        if sender is not None:
            steps.append(("MAIL FROM", sender))
            steps += [("RCPT TO", each) for each in named]
        return tuple((verb.encode(), said.encode("utf-8", "replace")) for verb, said in steps)
