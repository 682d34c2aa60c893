"""A sandbox in a thread of its own, with a handle for tests."""

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Final, Self, TypeVar

import msgspec

from mailproof.sandbox.account import Account, Arrival, Fact
from mailproof.sandbox.clock import Clock, SystemClock
from mailproof.sandbox.domains import DomainStatus
from mailproof.sandbox.events.postman import Delivery
from mailproof.sandbox.faults.fault import Fault, read_fault
from mailproof.sandbox.messages.message import Attachment, Handover, Mail
from mailproof.sandbox.nameserver import listen_dns
from mailproof.sandbox.server import SandboxServer, listen, url_of
from mailproof.sandbox.settings import Settings
from mailproof.sandbox.smtp.certificates import AUTHORITY
from mailproof.sandbox.smtp.listener import SmtpPort, Tls, smtp_url

__all__ = ["ReceivedMail", "Sandbox"]

_START_MAX_S: Final = 10.0
_ANSWER_MAX_S: Final = 10.0
_ASK_EVERY_S: Final = 0.1
Result = TypeVar("Result")


class ReceivedMail(msgspec.Struct, frozen=True, rename={"sender": "from"}):
    """One accepted mail as it was when you asked. `attempts`: how many requests carried it.

    `handover`: how it came over SMTP, with every byte; None for one that came over HTTP.
    """

    id: str
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    reply_to: tuple[str, ...]
    subject: str
    html: str
    text: str
    headers: Mapping[str, str]
    tags: Mapping[str, str]
    attachments: tuple[Attachment, ...]
    last_event: str
    idempotency_key: str | None
    attempts: int
    handover: Handover | None = None


class Sandbox:
    """Resend on your own machine, from `start` to `stop` or as a context manager.

    It runs in a thread, so that blocking code and asyncio can both be tested with it. Without
    `settings` it has no request limit; everything else is as `mailproof sandbox` has it. With a
    `dns_port` (0: a free one) it also answers DNS for its domains; with an `smtp_port` it takes
    mail over SMTP, in the clear or by STARTTLS, with an `smtps_port` over TLS at once.
    """

    def __init__(  # noqa: PLR0913 - one parameter per port
        self,
        settings: Settings | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        dns_port: int | None = None,
        smtp_port: int | None = None,
        smtps_port: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings or Settings(rate_per_s=0)
        self._address = (host, port)
        self._account = Account(self._settings, clock or SystemClock())
        self._account.listeners.append(self._heard)
        self._changed = threading.Condition()
        self._changes = 0
        self._dns_port = dns_port
        self._smtp_ports: Mapping[Tls, int | None] = {"starttls": smtp_port, "implicit": smtps_port}
        self._smtp: tuple[SmtpPort, ...] = ()
        self._names: socket.socket | None = None
        self._server: SandboxServer | None = None
        self._thread: threading.Thread | None = None
        # Whether it has started, and how it ended: set once by its thread.
        self._started: Future[None] = Future()
        self._ended: Future[None] = Future()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.url = ""

    def start(self) -> Self:
        """Listen and serve, once. Raises `OSError`: the port is taken."""
        if self._thread is not None:
            raise RuntimeError("This sandbox was started before; make a new one.")
        with contextlib.ExitStack() as opened:
            listener = opened.enter_context(listen(*self._address))
            if self._dns_port is not None:
                self._names = opened.enter_context(listen_dns(self._address[0], self._dns_port))
            self._smtp = tuple(
                SmtpPort(opened.enter_context(listen(self._address[0], port)), tls)
                for tls, port in self._smtp_ports.items()
                if port is not None
            )
            opened.pop_all()  # they are the server's now
        self.url = url_of(listener)
        self._server = SandboxServer(
            self._account, self._is_ready, names=self._names, smtp=self._smtp
        )
        # A daemon, so that a script which forgets to stop it can end.
        self._thread = threading.Thread(
            target=self._serve,
            args=(self._server, listener),
            name="mailproof-sandbox",
            daemon=True,
        )
        self._thread.start()
        self._started.result(_START_MAX_S)
        return self

    def _serve(self, server: SandboxServer, listener: socket.socket) -> None:
        try:
            server.serve_forever(listener)
        except BaseException as death:  # noqa: BLE001 - `start` or `stop` raises it
            if not self._started.done():
                self._started.set_exception(death)
            self._ended.set_exception(death)
        else:
            self._ended.set_result(None)

    def stop(self) -> None:
        """End it; raises what it died of, if it did."""
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join()
        self._ended.result()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await asyncio.to_thread(self.stop)

    @property
    def api_key(self) -> str:
        """A key that may do everything."""
        return next(iter(self._account.keys))

    @property
    def env(self) -> dict[str, str]:
        """What the official SDKs read (Node: RESEND_BASE_URL, Python: RESEND_API_URL).

        With SMTP, SMTP_URL too.
        """
        by_smtp = {"SMTP_URL": self._smtp_urls()[0]} if self._smtp else {}
        return {
            "RESEND_API_KEY": self.api_key,
            "RESEND_BASE_URL": self.url,
            "RESEND_API_URL": self.url,
            **by_smtp,
        }

    @property
    def smtp_url(self) -> str:
        """`smtp://resend:KEY@127.0.0.1:PORT`, for the first key; `smtps://` if that alone is there.

        Raises `LookupError`: it was made without such a port, or has not started.
        """
        if not self._smtp:
            raise LookupError(
                "This sandbox takes no SMTP; make it with `Sandbox(smtp_port=0)` and start it."
            )
        return self._smtp_urls()[0]

    @property
    def smtps_url(self) -> str:
        """The same where TLS begins at once. Raises `LookupError` without an `smtps_port`."""
        for url in self._smtp_urls():
            if url.startswith("smtps:"):
                return url
        raise LookupError(
            "This sandbox takes no SMTP over TLS; make it with `Sandbox(smtps_port=0)`."
        )

    @property
    def smtp_authority(self) -> Path:
        """The file to trust (`cafile`) for the certificates that it shows over SMTP."""
        return AUTHORITY

    def _smtp_urls(self) -> list[str]:
        return [smtp_url(port, self.api_key) for port in self._smtp]

    @property
    def nameserver(self) -> tuple[str, int]:
        """Host and port that answer DNS for the sandbox's domains, as `doctor --nameserver` asks.

        Raises `LookupError`: it was made without a `dns_port`, or has not started.
        """
        if self._names is None:
            raise LookupError(
                "This sandbox answers no DNS; make it with `Sandbox(dns_port=0)` and start it."
            )
        host, port = self._names.getsockname()[:2]
        return host, port

    @property
    def mails(self) -> list[ReceivedMail]:
        """Every accepted mail, the first first."""
        return self._call(
            lambda account: [
                _received(mail, account.clock.now()) for mail in account.mails.values()
            ]
        )

    @property
    def requests(self) -> list[Arrival]:
        """The last requests, the refused and the unanswered included."""
        return self._call(lambda account: list(account.arrivals))

    @property
    def deliveries(self) -> list[Delivery]:
        """The last tries to post a webhook."""
        return self._call(lambda account: list(account.postman.deliveries))

    def fail(self, fault: str | Fault) -> Fault:
        """Let requests fail from now on: `503,count=2`, `hang-after,to=*@slow.test`.

        Raises `UnknownFault`, whose text says what there is.
        """
        wanted = read_fault(fault) if isinstance(fault, str) else fault
        return self._call(lambda account: account.faults.add(wanted))

    def heal(self) -> None:
        """Take back all that `fail` added."""
        self._call(lambda account: account.faults.clear())

    def verify_domain(self, name: str) -> None:
        """Let mail from this domain go, as if its DNS records had been found."""
        self.set_domain(name, DomainStatus.VERIFIED)

    def set_domain(self, name: str, status: DomainStatus) -> None:
        """Put a domain, new or known, in this state."""

        def change(account: Account) -> None:
            domain = account.domain_by_name(name) or account.add_domain(name)
            account.set_domain_status(domain, status)

        self._call(change)

    def add_webhook(self, url: str, events: tuple[str, ...] = ()) -> str:
        """Post events (all, or those named) to `url`; returns the secret they are signed with."""
        return self._call(lambda account: account.add_endpoint(url, events).secret)

    def forget(self) -> None:
        """Drop what arrived, the idempotency keys and the used quota."""
        self._call(lambda account: account.forget_mail())

    def wait_for(self, count: int = 1, *, timeout_s: float = 5.0) -> list[ReceivedMail]:
        """Wait until so many mails were accepted, and return them all.

        Raises `TimeoutError`, which tells what came instead.
        """
        self.wait_until(lambda: len(self.mails) >= count, timeout_s=timeout_s)
        return self.mails

    async def arrived(self, count: int = 1, *, timeout_s: float = 5.0) -> list[ReceivedMail]:
        """`wait_for`, for asyncio."""
        return await asyncio.to_thread(self.wait_for, count, timeout_s=timeout_s)

    def wait_until(self, done: Callable[[], bool], *, timeout_s: float = 5.0) -> None:
        """Wait until `done()`, asked again after each mail, request and posted webhook.

        And every now and then, as time alone makes a `last_event` of another.
        """
        deadline = time.monotonic() + timeout_s
        while True:
            seen = self._changes
            # Not under the lock: `done` may ask the server, which takes the lock to tell us.
            if done():
                return
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                break
            with self._changed:
                self._changed.wait_for(lambda: self._changes != seen, min(left_s, _ASK_EVERY_S))  # noqa: B023
        came = ", ".join(
            f"{one.method} {one.path} -> {one.status or 'no answer'}" for one in self.requests
        )
        raise TimeoutError(
            f"Not within {timeout_s:g} s; {len(self._account.mails)} mails were accepted. "
            f"Requests: {came or 'none'}."
        )

    def _is_ready(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._started.set_result(None)

    def _heard(self, fact: Fact) -> None:
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def _call(self, do: Callable[[Account], Result]) -> Result:
        """Do it in the server's thread, whose state it is; before the start there is no other."""
        if self._loop is None or self._loop.is_closed():
            return do(self._account)

        async def there() -> Result:
            return do(self._account)

        return asyncio.run_coroutine_threadsafe(there(), self._loop).result(_ANSWER_MAX_S)


def _received(mail: Mail, now: float) -> ReceivedMail:
    message = mail.message
    return ReceivedMail(
        id=mail.id,
        sender=message.sender,
        to=message.to,
        cc=message.cc,
        bcc=message.bcc,
        reply_to=message.reply_to,
        subject=message.subject,
        html=message.html,
        text=message.text,
        headers=message.headers,
        tags=message.tags,
        attachments=message.attachments,
        last_event=mail.last_event(now),
        idempotency_key=mail.idempotency_key,
        attempts=len(mail.attempts),
        handover=mail.handover,
    )
