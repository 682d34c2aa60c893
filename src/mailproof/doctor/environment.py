"""What stands around the app: the file it is configured by, proxies, certificates, the clock."""

from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from mailproof.diagnosis.evidence import HttpAnswer
from mailproof.diagnosis.reasons import Severity
from mailproof.doctor.asking import ApiSeen
from mailproof.doctor.finding import Noted, failed, fine, warned
from mailproof.doctor.settings import Settings

__all__ = ["check_certificates", "check_clock", "check_env_file", "check_proxies"]

_PROXIES: Final = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
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


def check_proxies(environ: Mapping[str, str]) -> Iterator[Noted]:
    """A proxy is no fault, but whoever looks for the cause of a blocked call must know of it."""
    for name in _PROXIES:
        value = (environ.get(name) or environ.get(name.lower()) or "").strip()
        if not value:
            continue
        try:
            parts = urlsplit(value if "://" in value else f"http://{value}")
            shown = f"{parts.scheme}://{parts.hostname or ''}:{parts.port or ''}".rstrip(":")
            usable = bool(parts.hostname) and parts.scheme in {"http", "https", "socks5", "socks5h"}
        except ValueError:
            shown, usable = "…", False
        facts = {"name": name, "proxy": shown}
        if usable:
            yield fine("environment.proxy", "proxy.set", facts, evidence=f"{name}={shown}")
        else:
            yield failed("environment.proxy", "proxy.malformed", facts, evidence=f"{name}={shown}")


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


def check_clock(api: ApiSeen, *, now_s: float) -> Iterator[Noted]:
    """Compare our clock with the `Date` of an answer; `now_s` is seconds since the epoch."""
    check = "environment.clock"
    for answer in api.answers:
        date = answer.headers.get("date", "") if isinstance(answer, HttpAnswer) else ""
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
