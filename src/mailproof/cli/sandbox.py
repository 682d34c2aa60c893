"""`mailproof sandbox`: a local Resend that fails on demand."""

import contextlib
import errno
import ipaddress
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

import click
import msgspec

from mailproof.diagnosis.guidance import pick_language
from mailproof.sandbox.account import Account
from mailproof.sandbox.clock import SystemClock
from mailproof.sandbox.domains import DomainStatus, is_domain_name
from mailproof.sandbox.faults.fault import read_fault
from mailproof.sandbox.faults.table import FAULTS
from mailproof.sandbox.log import line_writer
from mailproof.sandbox.messages.addresses import read_mailbox
from mailproof.sandbox.nameserver import listen_dns
from mailproof.sandbox.server import SandboxServer, listen, url_of
from mailproof.sandbox.settings import DEFAULT_DOMAIN, DEFAULT_KEY, GivenKey, Settings, Switches
from mailproof.sandbox.smtp.certificates import AUTHORITY
from mailproof.sandbox.smtp.listener import SmtpPort, Tls, smtp_url
from mailproof.sandbox.words import EXPOSED, NAMESERVER, SMTP, STOPPED, welcome

__all__ = ["sandbox"]

Socket = TypeVar("Socket")

# What may stand behind a key, and what it means.
_KEY_KINDS: Final[Mapping[str, Callable[[str], GivenKey]]] = {
    "": GivenKey,
    "full": GivenKey,
    "sending": lambda token: GivenKey(token, permission="sending_access"),
    "suspended": lambda token: GivenKey(token, state="suspended"),
    "inactive": lambda token: GivenKey(token, state="inactive"),
}


_OPTIONS: Final = {"domains": "--domain", "quotas": "--quota", "switches": "--switch"}


class _Parsed(click.ParamType[Any]):
    """An option whose text is read by a function; what that raises becomes a usage error."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name = name
        self._read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return self._read(value)
        except ValueError as problem:
            self.fail(str(problem), param, ctx)


def _key(text: str) -> GivenKey:
    token, _, kind = text.partition(":")
    if not token or kind not in _KEY_KINDS:
        raise ValueError(
            f"{text!r} is no key. Write TOKEN or TOKEN:{{sending,suspended,inactive}}."
        )
    return _KEY_KINDS[kind](token)


def _domain(text: str) -> tuple[str, DomainStatus]:
    name, _, state = text.partition(":")
    if not is_domain_name(name):
        raise ValueError(f"{name!r} is no domain. Write acme.test or acme.test:pending.")
    try:
        return name, DomainStatus(state or "verified")
    except ValueError as error:
        states = ", ".join(DomainStatus)
        raise ValueError(f"{state!r} is no state of a domain. There are: {states}.") from error


def _owner(text: str) -> str:
    mailbox = read_mailbox(text)
    if mailbox is None or mailbox.name:
        raise ValueError(f"{text!r} is no address. Write you@acme.test.")
    return text


def _login(text: str) -> tuple[str, str]:
    login, colon, password = text.partition(":")
    if not login or not colon or not password:
        raise ValueError("Write LOGIN:PASSWORD, such as hello@acme.test:secret.")
    return login, password


def _quota(text: str) -> tuple[str, int]:
    period, _, number = text.partition("=")
    if period not in {"daily", "monthly"} or not number.isdecimal():
        raise ValueError(f"{text!r} is no quota. Write daily=100 or monthly=3000.")
    return period, int(number)


def _webhook(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ValueError(f"{text!r} is no URL. Write http://127.0.0.1:3000/webhooks.")
    return text


def _switch(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        switches = msgspec.convert({name: value}, Switches, strict=False)
    except msgspec.ValidationError as error:
        known = ", ".join(Switches.__struct_fields__)
        raise ValueError(f"{text!r}: {error}. Switches are {known}.") from error
    return name, getattr(switches, name)


def _each_once(option: str, names: Iterable[str]) -> None:
    """Of two values for one thing, none may win in silence. Raises `UsageError`."""
    for name, times in Counter(names).items():
        if times > 1:
            raise click.UsageError(f"{option} is given {times} times for {name}.")


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    default=8025,
    show_default=True,
    type=click.IntRange(0, 65_535),
    help="0 takes a free one and prints it.",
)
@click.option(
    "--dns-port",
    type=click.IntRange(0, 65_535),
    help="Answer DNS (UDP) for its domains there too, for `mailproof doctor --nameserver`.",
)
@click.option(
    "--smtp-port",
    type=click.IntRange(0, 65_535),
    help="Take mail over SMTP there too, in the clear or by STARTTLS; 0 takes a free one.",
)
@click.option(
    "--smtps-port",
    type=click.IntRange(0, 65_535),
    help="The same where TLS begins at once.",
)
@click.option(
    "--smtp-login",
    type=_Parsed("LOGIN:PASSWORD", _login),
    help="Take this login over SMTP, for any sender. Keys are passwords of any login anyway.",
)
@click.option(
    "--scan-host",
    "scan_hosts",
    multiple=True,
    metavar="NAME",
    help="Let the page open links to this host too, as a mail scanner would.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    type=_Parsed("TOKEN[:KIND]", _key),
    help=f"An API key, with :sending, :suspended or :inactive. Default: {DEFAULT_KEY}.",
)
@click.option(
    "--domain",
    "domains",
    multiple=True,
    type=_Parsed("NAME[:STATE]", _domain),
    help=f"A sending domain and its state, verified if none is given. Default: {DEFAULT_DOMAIN}.",
)
@click.option(
    "--owner",
    default="owner@acme.test",
    show_default=True,
    type=_Parsed("ADDRESS", _owner),
    help="Your own address, the only one that onboarding@resend.dev may write to.",
)
@click.option(
    "--fault",
    "faults",
    multiple=True,
    type=_Parsed("NAME[,OPTION=VALUE]", read_fault),
    help="What goes wrong from the start, such as 503,count=2 or hang-after,to=*@slow.test.",
)
@click.option("--list-faults", is_flag=True, help="Print what can go wrong, and exit.")
@click.option(
    "--webhook",
    "webhooks",
    multiple=True,
    type=_Parsed("URL", _webhook),
    help="Post events there; the secret that signs them is printed.",
)
@click.option(
    "--rate",
    default=5,
    show_default=True,
    type=click.IntRange(0),
    help="Requests per second; 0 is no limit.",
)
@click.option(
    "--quota",
    "quotas",
    multiple=True,
    type=_Parsed("PERIOD=NUMBER", _quota),
    help="Mails per period: daily=100, monthly=3000. Default: monthly=50000.",
)
@click.option(
    "--switch",
    "switches",
    multiple=True,
    type=_Parsed("NAME=VALUE", _switch),
    help="How to behave where nobody knows what Resend does; docs/sandbox.md lists them.",
)
@click.option(
    "--lang", type=click.Choice(["en", "zh"]), help="Default: MAILPROOF_LANGUAGE, else the locale."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object once it is ready.")
def sandbox(  # noqa: PLR0913 - one parameter per option
    *,
    host: str,
    port: int,
    dns_port: int | None,
    smtp_port: int | None,
    smtps_port: int | None,
    list_faults: bool,
    lang: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Run a local Resend that behaves as the real one does, and fails on demand.

    Accepts mail and keeps it to itself; /inbox shows it. Prints the variables to set for your app.
    Each request is a line on standard error. Ends with 0 on Ctrl-C, with 1 when the port is taken.
    --key, --domain, --fault and --webhook may be repeated.
    """
    if list_faults:
        for name, kind in FAULTS.items():
            reason = f" -> {kind.reason}" if kind.reason else ""
            click.echo(f"{name:<32}{kind.what}{reason}")
        return
    account = Account(_settings(given), SystemClock())
    account.listeners.append(line_writer())
    language = pick_language(lang, os.environ)
    listener = _listen(listen, host, port, "--port")
    names = None if dns_port is None else _listen(listen_dns, host, dns_port, "--dns-port")
    asked: tuple[tuple[Tls, int | None], ...] = (("starttls", smtp_port), ("implicit", smtps_port))
    smtp = [
        SmtpPort(_listen(listen, host, each, f"--smtp{'s' * (tls == 'implicit')}-port"), tls)
        for tls, each in asked
        if each is not None
    ]
    dns = "" if names is None else "{}:{}".format(*names.getsockname()[:2])
    opened = _Opened(url_of(listener), listener.getsockname()[0], dns, smtp)
    server = SandboxServer(
        account,
        lambda: _announce(account, opened, language, as_json=as_json),
        names=names,
        smtp=smtp,
    )
    # uvicorn has shut down by the time it hands on the Ctrl-C that made it do so.
    with contextlib.suppress(KeyboardInterrupt):
        server.serve_forever(listener)
    sys.stderr.write(STOPPED[language].format(count=len(account.mails)))


def _listen(open_socket: Callable[[str, int], Socket], host: str, port: int, option: str) -> Socket:
    try:
        return open_socket(host, port)
    except OSError as error:
        # socket.create_server adds the address to the text; we have said it already.
        why = (error.strerror or str(error)).partition(" (while")[0]
        fix = f"Take another with {option}, or {option} 0 for a free one."
        if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
            fix = "With --host, name an address of this machine, such as 127.0.0.1."
        raise click.ClickException(f"{host}:{port} cannot be listened on: {why}. {fix}") from error


class _Opened(msgspec.Struct, frozen=True):
    """Where it listens: `host` is an address, `dns` empty where it answers none."""

    url: str
    host: str
    dns: str
    smtp: Sequence[SmtpPort]

    def environment(self, account: Account) -> dict[str, str]:
        """What an app is to be started with."""
        key = next(iter(account.keys))
        login, password = account.settings.smtp_login or ("resend", key)
        urls = [smtp_url(port, password, login) for port in self.smtp]
        return {
            "RESEND_API_KEY": key,
            "RESEND_BASE_URL": self.url,
            "RESEND_API_URL": self.url,
            **dict(zip(("SMTP_URL", "SMTPS_URL"), urls, strict=False)),
        }


def _settings(given: Mapping[str, Any]) -> Settings:
    _each_once("--key", (key.token for key in given["keys"]))
    for option in ("domains", "quotas", "switches"):
        _each_once(_OPTIONS[option], (name for name, _ in given[option]))
    quotas = dict(cast(Sequence[tuple[str, int]], given["quotas"]))
    defaults = Settings()
    return Settings(
        keys=given["keys"] or defaults.keys,
        domains=given["domains"] or defaults.domains,
        owner=given["owner"],
        rate_per_s=given["rate"],
        daily_quota=quotas.get("daily", defaults.daily_quota),
        monthly_quota=quotas.get("monthly", defaults.monthly_quota),
        webhooks=given["webhooks"],
        faults=given["faults"],
        smtp_login=given["smtp_login"],
        scan_hosts=tuple(name.lower().rstrip(".") for name in given["scan_hosts"]),
        switches=Switches(**dict(given["switches"])),
    )


def _announce(account: Account, opened: _Opened, language: str, *, as_json: bool) -> None:
    env = opened.environment(account)
    secrets = {endpoint.url: endpoint.secret for endpoint in account.endpoints.values()}
    domains = {domain.name: domain.status.value for domain in account.domains.values()}
    if as_json:
        facts = {"url": opened.url, "env": env, "domains": domains, "webhook_secrets": secrets}
        facts |= {"nameserver": opened.dns} if opened.dns else {}
        facts |= {"smtp_authority": str(AUTHORITY)} if opened.smtp else {}
        click.echo(msgspec.json.encode({**facts, "pid": os.getpid()}))
    else:
        click.echo("\n".join(f"{name}={value}" for name, value in env.items()))
        for endpoint, secret in secrets.items():
            click.echo(f"# {endpoint} is signed with {secret}")
        named = [f"{name} ({status})" for name, status in domains.items()]
        told = welcome(language, opened.url, list(account.keys), named)
        sys.stderr.write(f"\n{told}\n")
        if opened.dns:
            sys.stderr.write(NAMESERVER[language].format(dns=opened.dns))
        if opened.smtp:
            sys.stderr.write(SMTP[language].format(authority=AUTHORITY))
    if not ipaddress.ip_address(opened.host.partition("%")[0]).is_loopback:
        sys.stderr.write(EXPOSED[language].format(host=opened.host))
    sys.stdout.flush()
    sys.stderr.flush()
