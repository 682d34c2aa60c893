"""What stands around the app: the file it is configured by, proxies, certificates, the clock."""

from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from mailproof.diagnosis.evidence import HttpAnswer
from mailproof.diagnosis.reasons import Severity
from mailproof.doctor.asking import ApiSeen, without_login
from mailproof.doctor.finding import Noted, failed, fine, warned
from mailproof.doctor.settings import Settings
from mailproof.providers.http import proxy_for

__all__ = ["check_certificates", "check_clock", "check_env_file", "check_proxies", "check_quotes"]

_PROXIES: Final = ("HTTPS_PROXY", "HTTP_PROXY")
_CERTIFICATES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")

# Signed requests (SES) are refused beyond five minutes; webhook signatures likewise. Below one
# minute the difference may be the network's.
_SKEW_BREAKS_S: Final = 300
_SKEW_WARNS_S: Final = 60


def check_env_file(settings: Settings) -> Iterator[Noted]:
    """Is the file read by all loaders as it was meant?"""
    check, file = "env_file", settings.file
    if not file:
        return
    found = [fine(check, "env_file.ok", {"file": file, "count": str(len(settings.values))})]
    flaws: list[Noted] = []
    if settings.utf16:
        flaws.append(failed(check, "env_file.utf16", {"file": file}))
    flaws += [
        warned(check, "env_file.strange_line", {"file": file, "line": str(line)})
        for line in settings.strange_lines[:3]
    ]
    for name, (first, last) in settings.doubled.items():
        facts = {"file": file, "name": name, "first": str(first), "last": str(last)}
        flaws.append(warned(check, "env_file.doubled", facts, severity=Severity.ERROR))
    for name in settings.contradicted:
        facts = {"file": file, "name": name}
        flaws.append(
            warned(
                check,
                "env_file.contradicted",
                facts,
                severity=Severity.ERROR,
                command=f'test -n "${name}" && echo "{name} is set in this shell"',
            )
        )
    yield from flaws or found


def check_quotes(settings: Settings) -> Iterator[Noted]:
    """Quotes in a URL are tolerated here, and break it for the app; `keys` looks for its own."""
    urls = (
        ("api.base_url", settings.base_url),
        ("smtp.url", settings.smtp_url),
        ("database", settings.database_url),
    )
    for check, setting in urls:
        if setting is not None and setting.quoted:
            facts = {"name": setting.name, "origin": setting.where}
            mark = setting.value.strip()[0]
            evidence = f"{setting.name}={mark}…{mark}"
            yield failed(check, "setting.quoted", facts, evidence=evidence)


def check_proxies(environ: Mapping[str, str], url: str) -> Iterator[Noted]:
    """A proxy is no fault, but whoever looks for the cause of a blocked call must know of it.

    `url` is where calls go: a proxy for other places is not told of, only one that is none.
    """
    check = "environment.proxy"
    taken = _taken(environ, url)
    for name in _PROXIES:
        value = (environ.get(name.lower()) or environ.get(name) or "").strip()
        if not value:
            continue
        scheme, shown = _shown_proxy(value)
        facts = {"name": name, "proxy": shown, "url": without_login(url)}
        evidence = f"{name}={shown}"
        if scheme.startswith("socks"):
            if name == taken:
                yield failed(check, "proxy.socks", facts, evidence=evidence)
        elif scheme not in {"http", "https"}:
            yield failed(check, "proxy.malformed", facts, evidence=evidence)
        elif name == taken:
            yield fine(check, "proxy.set", facts, evidence=evidence)


def _taken(environ: Mapping[str, str], url: str) -> str:
    """Which of the variables counts for this URL; empty: none."""
    try:
        name, _ = proxy_for(url, environ) or ("", "")
    except ValueError:
        return ""
    return name.upper()


def _shown_proxy(value: str) -> tuple[str, str]:
    """Its scheme, empty when it is no proxy, and the proxy without a login."""
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "", "…"
    host = parts.hostname or ""
    return parts.scheme if host else "", f"{parts.scheme}://{host}{port}"


def check_certificates(environ: Mapping[str, str]) -> Iterator[Noted]:
    """A certificate file that does not exist breaks each TLS call, with a misleading error."""
    for name in _CERTIFICATES:
        value = environ.get(name, "").strip()
        if value and not Path(value).exists():
            facts = {"name": name, "path": value}
            evidence = f"{name}={value}"
            yield failed(
                "environment.certificates", "certificates.no_file", facts, evidence=evidence
            )


def check_clock(api: ApiSeen | None, greeting: str, *, now_s: float) -> Iterator[Noted]:
    """Compare our clock with the `Date` of an answer, else with the date of an SMTP greeting.

    `now_s` is seconds since the epoch.
    """
    check = "environment.clock"
    answers = api.answers if api is not None else ()
    headers = [answer.headers for answer in answers if isinstance(answer, HttpAnswer)]
    for date in (*(each.get("date", "") for each in headers), greeting):
        try:
            skew_s = now_s - parsedate_to_datetime(date).timestamp()
        except ValueError:
            continue
        facts = {"skew": f"{abs(skew_s):.0f}"}
        evidence = f"Date: {date}"
        key = "clock.ahead" if skew_s > 0 else "clock.behind"
        if abs(skew_s) >= _SKEW_WARNS_S:
            # Resend itself does not look at our clock; what is signed with it does.
            severity = Severity.ERROR if abs(skew_s) >= _SKEW_BREAKS_S else Severity.WARNING
            yield warned(check, key, facts, severity=severity, evidence=evidence, command="date -u")
        else:
            yield fine(check, "clock.ok", facts, evidence=evidence)
        return
