"""Look everywhere at once, then judge: from the settings to a list of what was found."""

import asyncio
import time
import traceback
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import dns.resolver
import msgspec

from mailproof.diagnosis.reasons import Severity
from mailproof.doctor import api, database, environment, keys, login, ports, sender, tls
from mailproof.doctor import dns as domain_dns
from mailproof.doctor.asking import ApiSeen, ask, base_url_of, is_resend
from mailproof.doctor.domain import check_domain, custom_return_path, region
from mailproof.doctor.finding import Noted, Status, unclear
from mailproof.doctor.resolving import DnsSeen, look_up
from mailproof.doctor.settings import Settings
from mailproof.doctor.smtp_url import check_smtp_url, read_smtp_url
from mailproof.doctor.threads import AbandonableThreads

__all__ = ["Limits", "Options", "examine", "run"]

Seen = TypeVar("Seen")


class Limits(msgspec.Struct, frozen=True):
    """Seconds. `call_s`: one HTTP call, and Resend is asked at most two in a row; a healthy answer
    takes under a second. `whole_s` ends every look, however it hangs: ten are promised, and the
    program needs a moment to start and to write."""

    call_s: float = 3.5
    dns_s: float = 5.0
    port_s: float = 4.0
    database_s: float = 5.0
    whole_s: float = 8.5


class Options(msgspec.Struct, frozen=True):
    """`test_to`: send one real mail there. `nameserver`: ask this DNS server, not the system's."""

    test_to: str = ""
    nameserver: tuple[str, int] | None = None
    smtp_ports: tuple[int, ...] = ports.SMTP_PORTS
    limits: Limits = Limits()


class Everything(msgspec.Struct, frozen=True, kw_only=True):
    """All that was seen. None: there was nothing to look at, or the look did not end (`late`)."""

    settings: Settings
    environ: Mapping[str, str]
    options: Options
    now_s: float
    key: keys.Key
    sender: sender.Sender | None
    api: ApiSeen | None
    dns: DnsSeen | None
    smtp: ports.SmtpSeen | None
    database: database.DatabaseSeen | None
    notes: tuple[Noted, ...] = ()


def run(
    settings: Settings,
    environ: Mapping[str, str],
    options: Options = Options(),  # noqa: B008 - frozen
) -> list[Noted]:
    """Examine, in an event loop of its own; see `examine`."""

    async def within_loop() -> list[Noted]:
        asyncio.get_running_loop().set_default_executor(AbandonableThreads())
        return await examine(settings, environ, options, now_s=time.time())

    return asyncio.run(within_loop())


async def examine(
    settings: Settings, environ: Mapping[str, str], options: Options, *, now_s: float
) -> list[Noted]:
    """Everything that can be found out about these settings, the worst first.

    Ends within `options.limits.whole_s` seconds, whatever hangs; what hung is a finding. `now_s`
    is the time, in seconds since the epoch.
    """
    return sorted(judge(await look(settings, environ, options, now_s=now_s)), key=_rank)


async def look(
    settings: Settings, environ: Mapping[str, str], options: Options, *, now_s: float
) -> Everything:
    """Start every look there is reason for, and wait for all of them, but not for ever."""
    key, from_ = keys.read_key(settings.api_key), sender.read_sender(settings.sender)
    smtp_url = read_smtp_url(settings.smtp_url)
    database_url = database.read_database_url(settings.database_url)
    limits, notes = options.limits, list[Noted]()

    async def bounded(area: str, work: Coroutine[Any, Any, Seen]) -> Seen | None:
        try:
            async with asyncio.timeout(limits.whole_s):
                return await work
        except TimeoutError:
            facts = {"seconds": f"{limits.whole_s:g}"}
            notes.append(unclear(area, "look.late", facts, severity=Severity.ERROR))
        except dns.resolver.NoResolverConfiguration as error:
            notes.append(unclear(area, "look.no_nameserver", evidence=str(error)))
        except Exception as error:  # noqa: BLE001 - not swallowed: see `judge`
            notes.append(_bug(area, error))
        return None

    async with asyncio.TaskGroup() as group:
        asked = looked = reached = opened = None
        if (base_url := _askable(settings)) is not None:
            call_s = limits.call_s
            work = ask(base_url, key, from_, environ, test_to=options.test_to, deadline_s=call_s)
            asked = group.create_task(bounded("api.reach", work))
        if from_ is not None and not from_.is_testing and not from_.is_public:
            query = look_up(from_.domain, options.nameserver, deadline_s=limits.dns_s)
            looked = group.create_task(bounded("dns.domain", query))
        if smtp_url is not None and settings.smtp_url is not None:
            text = settings.smtp_url.value.strip().strip("\"'")
            way = ports.reach(smtp_url, text, options.smtp_ports, deadline_s=limits.port_s)
            reached = group.create_task(bounded("smtp.port", way))
        if database_url is not None:
            opening = database.open_database(database_url, deadline_s=limits.database_s)
            opened = group.create_task(bounded("database", opening))
    return Everything(
        settings=settings,
        environ=environ,
        options=options,
        now_s=now_s,
        key=key,
        sender=from_,
        api=asked.result() if asked else None,
        dns=looked.result() if looked else None,
        smtp=reached.result() if reached else None,
        database=opened.result() if opened else None,
        notes=tuple(notes),
    )


def judge(seen: Everything) -> Iterator[Noted]:
    """Put every check to what was seen. One that breaks is a finding and hides no other."""
    yield from seen.notes
    for check in CHECKS:
        try:
            yield from tuple(check(seen))
        except Exception as error:  # noqa: BLE001 - not swallowed: it becomes a finding that says so
            yield _bug(check.__name__.strip("_"), error)


def _bug(area: str, error: Exception) -> Noted:
    """What broke and in which line of ours. Not the message: a secret may stand in it."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [each for each in frames if "mailproof" in each.filename] or frames
    place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else "?"
    evidence = f"{type(error).__name__}, {area}, {place}"
    return unclear("doctor", "look.bug", severity=Severity.ERROR, evidence=evidence)


def _askable(settings: Settings) -> str | None:
    """The base URL, when the app uses Resend at all and the URL can be called."""
    if settings.api_key is None and settings.smtp_url is not None:
        return None
    notes = tuple(api.check_base_url(settings))
    callable_ = all(note.status is not Status.FAILED for note in notes)
    return base_url_of(settings.base_url) if callable_ else None


def _settings(seen: Everything) -> Iterable[Noted]:
    yield from environment.check_env_file(seen.settings)
    yield from environment.check_quotes(seen.settings)
    own_server = not is_resend(base_url_of(seen.settings.base_url))
    yield from keys.check_key(seen.settings, own_server=own_server)
    yield from sender.check_sender(seen.settings)


def _base_url(seen: Everything) -> Iterable[Noted]:
    return api.check_base_url(seen.settings)


def _resend(seen: Everything) -> Iterable[Noted]:
    if seen.api is None:
        return
    yield from api.check_reach(seen.api)
    if any(note.status is Status.FAILED for note in api.check_reach(seen.api)):
        return  # who was not reached has said nothing about key, domain or quota
    yield from api.check_access(seen.api)
    yield from api.check_quota(seen.api)
    yield from api.check_rate(seen.api)


def _domain(seen: Everything) -> Iterable[Noted]:
    if seen.api is not None:
        yield from check_domain(seen.api, seen.sender, seen.dns)


def _test_mail(seen: Everything) -> Iterable[Noted]:
    late = any(note.check == "api.reach" for note in seen.notes)
    if seen.options.test_to and not late:
        yield from api.check_test_mail(seen.api, seen.options.test_to)


def _dns(seen: Everything) -> Iterable[Noted]:
    if seen.dns is None:
        return
    yield from domain_dns.check_answers(seen.dns)
    if seen.dns.silent:
        return
    by_resend = seen.settings.api_key is not None
    yield from domain_dns.check_domain_exists(seen.dns)
    yield from domain_dns.check_spf(seen.dns, by_resend=by_resend)
    if by_resend:
        path = custom_return_path(seen.api)
        told = seen.api is not None and seen.api.domains is not None
        yield from domain_dns.check_return_path_spf(seen.dns, custom_return_path=path, told=told)
        where = region(seen.api, seen.dns.domain)
        yield from domain_dns.check_return_path(
            seen.dns, region=where, custom_return_path=path, told=told
        )
        yield from domain_dns.check_dkim(seen.dns)
    yield from domain_dns.check_dmarc(seen.dns)


def _smtp(seen: Everything) -> Iterable[Noted]:
    yield from check_smtp_url(seen.settings)
    if seen.smtp is not None:
        yield from ports.check_ports(seen.smtp)
        yield from tls.check_tls(seen.smtp, now_s=seen.now_s)
        yield from login.check_login(seen.smtp)
        yield from login.check_size(seen.smtp)


def _database(seen: Everything) -> Iterable[Noted]:
    late = any(note.check == database.CHECK for note in seen.notes)
    if not late:
        yield from database.check_database(seen.settings, seen.database)


def _environment(seen: Everything) -> Iterable[Noted]:
    base_url = base_url_of(seen.settings.base_url)
    yield from environment.check_proxies(seen.environ, base_url)
    yield from environment.check_certificates(seen.environ)
    greeting = tls.greeted_at(seen.smtp) if seen.smtp is not None else ""
    yield from environment.check_clock(seen.api, greeting, now_s=seen.now_s)


# In the order in which a mail depends on them.
CHECKS: Final[Sequence[Callable[[Everything], Iterable[Noted]]]] = (
    _settings,
    _base_url,
    _resend,
    _domain,
    _test_mail,
    _dns,
    _smtp,
    _database,
    _environment,
)

# What was skipped is no worse than what is well: those keep the order of the checks.
_STATUS_RANK: Final = {status: rank for rank, status in enumerate(Status)} | {
    Status.SKIPPED: len(Status),
    Status.OK: len(Status),
}
_SEVERITY_RANK: Final = {severity: -rank for rank, severity in enumerate(Severity)}


def _rank(note: Noted) -> tuple[int, int]:
    return _STATUS_RANK[note.status], _SEVERITY_RANK[note.severity]
