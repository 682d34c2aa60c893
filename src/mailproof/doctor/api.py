"""Judge what Resend answered: is it reached, does it know the key, is there quota left?"""

import shlex
from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from mailproof.diagnosis.evidence import HttpAnswer
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason, Severity
from mailproof.doctor.asking import (
    RESEND,
    Answer,
    ApiSeen,
    accepted,
    base_url_of,
    is_loopback,
    json_of,
    shown,
    without_login,
)
from mailproof.doctor.finding import Noted, failed, fine, skipped, unclear, warned
from mailproof.doctor.settings import Settings

__all__ = [
    "check_access",
    "check_base_url",
    "check_quota",
    "check_rate",
    "check_reach",
    "check_test_mail",
]

R: Final = Reason

# Who refuses the key or the account refuses every mail, whatever it says about the sender.
_ACCESS: Final = frozenset(
    {R.CREDENTIALS_MISSING, R.CREDENTIALS_INVALID, R.CREDENTIALS_RESTRICTED, R.ACCOUNT_SUSPENDED}
)
# What a mail without a recipient is refused with when everything before it was right.
_AS_INTENDED: Final = frozenset({R.MESSAGE_INVALID, R.RECIPIENT_INVALID})
# Nobody answered, or somebody between us and Resend, or Resend could not.
_NOT_REACHED: Final = frozenset(
    {
        R.BLOCKED_BY_INTERMEDIARY,
        R.DNS_FAILURE,
        R.CONNECTION_FAILED,
        R.CONNECTION_LOST,
        R.TLS_FAILURE,
        R.TIMED_OUT,
        R.PROVIDER_UNAVAILABLE,
        R.CONFIGURATION_INVALID,
    }
)
# What only a key that is known is told.
_KNOWS_KEY: Final = frozenset({R.QUOTA_EXCEEDED})

# Free accounts: 100 mails in 24 hours, 3,000 a month (Resend, "Account quotas and limits").
FREE_PER_DAY: Final = 100
FREE_PER_MONTH: Final = 3_000
_NEARLY: Final = 0.8


def check_base_url(settings: Settings) -> Iterator[Noted]:
    """What is wrong with the base URL that no server has to tell."""
    check, setting = "api.base_url", settings.base_url
    if setting is None or not setting.value.strip():
        return
    url = base_url_of(setting)
    shown_url = without_login(url)
    facts = {"name": setting.name, "origin": setting.where, "url": shown_url}
    evidence = f"{setting.name}={shown_url}"
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        _ = parts.port
    except ValueError:
        yield failed(check, "base_url.malformed", facts, evidence=evidence)
        return
    if parts.scheme not in {"http", "https"} or not host:
        yield failed(check, "base_url.no_scheme", facts, evidence=evidence)
    elif host in {"resend.com", "www.resend.com", "app.resend.com"}:
        yield failed(check, "base_url.website", facts, evidence=evidence)
    elif parts.path.rstrip("/").endswith(("/emails", "/domains")):
        yield failed(check, "base_url.with_path", facts, evidence=evidence)
    elif parts.scheme == "http" and not is_loopback(url):
        yield warned(check, "base_url.in_clear", facts, severity=Severity.ERROR, evidence=evidence)
    else:
        yield fine(check, "base_url.ok", facts, evidence=evidence)


def check_reach(api: ApiSeen) -> Iterator[Noted]:
    """Did Resend itself answer, or something in between, or nobody?"""
    check = "api.reach"
    facts = {"url": without_login(api.base_url)}
    command = _curl(api)
    spoke = [each for each in api.answers if _speaks_resend(each)]
    if any(not _is_not_found(each) for each in spoke):
        yield fine(check, "reach.ok", facts, evidence=_first_line(spoke), command=command)
        return
    # The send question stands for the app's own call, so its failure is the one that counts.
    answer = next((each for each in (api.probe, api.listing) if each is not None), None)
    if answer is None:
        return
    failure = api.failure(answer)
    facts |= {"seen": shown(answer)}
    if _is_edge_1010(answer):
        yield failed(check, "reach.user_agent", facts, evidence=shown(answer), command=command)
    elif _answered(answer) and failure.reason not in _NOT_REACHED:
        yield failed(check, "reach.not_resend", facts, evidence=shown(answer), command=command)
    else:
        wrong_url = isinstance(answer, HttpAnswer) and failure.reason is R.CONFIGURATION_INVALID
        key = "reach.wrong_url" if wrong_url else "reach.failed"
        yield _explained(check, key, failure, facts, shown(answer), command)


def check_access(api: ApiSeen) -> Iterator[Noted]:
    """Does Resend know the key, and may it send?"""
    check, command = "api.key", _curl(api)
    if not api.with_key:
        yield skipped(check, "access.no_key")
        return
    for answer in (api.probe, api.listing):
        if answer is None or not _speaks_resend(answer):
            continue
        if isinstance(answer, HttpAnswer) and answer.status < 300:
            continue
        failure = api.failure(answer)
        may_only_send = answer is api.listing and failure.reason is R.CREDENTIALS_RESTRICTED
        if failure.reason in _ACCESS and not may_only_send:
            yield _explained(check, "access.refused", failure, {}, shown(answer), command)
            return
    if api.probe is not None and accepted(api.probe):
        url = {"url": without_login(api.base_url)}
        yield warned(check, "access.takes_anything", url, evidence=shown(api.probe))
    elif api.domains is not None:
        yield fine(check, "access.full", evidence=_line(api.listing), command=command)
    elif api.listing is not None and _is_restricted(api, api.listing):
        yield fine(check, "access.sending_only", evidence=_line(api.listing), command=command)
    elif api.probe is not None and _is_as_intended(api, api.probe):
        yield fine(check, "access.may_send", evidence=shown(api.probe), command=command)
    elif api.probe is not None and api.failure(api.probe).reason in _KNOWS_KEY:
        yield fine(check, "access.known", evidence=shown(api.probe), command=command)
    else:
        yield unclear(check, "access.unclear", evidence=_line(api.probe), command=command)


def check_quota(api: ApiSeen) -> Iterator[Noted]:
    """How much of the plan is used up: the headers count mails sent, not mails left."""
    check = "api.quota"
    for answer in api.answers:
        failure = api.failure(answer) if not _is_success(answer) else None
        if failure is not None and failure.reason is R.QUOTA_EXCEEDED:
            yield _explained(check, "quota.exceeded", failure, {}, shown(answer), _curl(api))
            return
    headers = _headers(api)
    day, month = headers.get("x-resend-daily-quota", ""), headers.get("x-resend-monthly-quota", "")
    evidence = ", ".join(
        f"{name}: {headers[name]}" for name in sorted(headers) if name.startswith("x-resend-")
    )
    if day.isdigit() and int(day) >= FREE_PER_DAY * _NEARLY:
        facts = {"used": day, "limit": str(FREE_PER_DAY)}
        yield warned(
            check,
            "quota.day",
            facts,
            severity=Severity.ERROR,
            evidence=evidence,
            command=_curl(api),
        )
    # Only free accounts have a daily limit, so only with its header is the monthly one known.
    elif day.isdigit() and month.isdigit() and int(month) >= FREE_PER_MONTH * _NEARLY:
        facts = {"used": month, "limit": str(FREE_PER_MONTH)}
        yield warned(
            check,
            "quota.month",
            facts,
            severity=Severity.ERROR,
            evidence=evidence,
            command=_curl(api),
        )
    elif day.isdigit():
        yield fine(check, "quota.free", {"day": day, "month": month or "?"}, evidence=evidence)
    elif month.isdigit():
        yield fine(check, "quota.used", {"month": month}, evidence=evidence)


def check_rate(api: ApiSeen) -> Iterator[Noted]:
    """How many requests a second the account may make, and whether others use them up."""
    check, headers = "api.rate", _headers(api)
    limit = headers.get("ratelimit-limit", "")
    for answer in api.answers:
        if not _is_success(answer) and api.failure(answer).reason is R.RATE_LIMITED:
            failure = api.failure(answer)
            yield warned(
                check,
                "rate.limited",
                {"limit": limit or "?"},
                evidence=shown(answer),
                command=_curl(api),
                failure=failure,
            )
            return
    if limit:
        evidence = ", ".join(
            f"{name}: {headers[name]}" for name in sorted(headers) if name.startswith("ratelimit-")
        )
        yield fine(check, "rate.ok", {"limit": limit}, evidence=evidence)


def check_test_mail(api: ApiSeen | None, address: str) -> Iterator[Noted]:
    """What became of the mail that `--send-test` asked for."""
    check, facts = "api.test_mail", {"address": address}
    if api is None or api.test is None:
        yield unclear(check, "test_mail.not_sent", facts)
    elif accepted(api.test):
        facts |= {"id": str(json_of(api.test)["id"])}
        yield fine(check, "test_mail.accepted", facts, evidence=shown(api.test))
    else:
        failure = api.failure(api.test)
        key = "test_mail.uncertain" if failure.ambiguous else "test_mail.refused"
        yield _explained(check, key, failure, facts, shown(api.test), _curl(api))


def _explained(  # noqa: PLR0913 - the columns of a finding
    check: str, key: str, failure: Failure, facts: dict[str, str], evidence: str, command: str
) -> Noted:
    return failed(
        check,
        key,
        facts | {"reason": str(failure.reason)},
        severity=failure.severity,
        evidence=evidence,
        command=command,
        failure=failure,
    )


def _speaks_resend(answer: Answer) -> bool:
    """Resend's answers are JSON objects: a list with `data`, an `id`, or `name` and `message`."""
    if not isinstance(answer, HttpAnswer) or answer.status >= 500:
        return False
    body = json_of(answer)
    if answer.status < 300:
        return isinstance(body.get("data"), list) or isinstance(body.get("id"), str)
    return isinstance(body.get("message"), str) and ("name" in body or "statusCode" in body)


def _answered(answer: Answer) -> bool:
    """Did somebody say something, be it no HTTP?"""
    return isinstance(answer, HttpAnswer) or answer.type.endswith("ClientResponseError")


def _is_not_found(answer: Answer) -> bool:
    return isinstance(answer, HttpAnswer) and answer.status in {404, 405}


def _is_edge_1010(answer: Answer) -> bool:
    """Cloudflare in front of Resend bans the client by its signature: usually no User-Agent."""
    return (
        isinstance(answer, HttpAnswer)
        and answer.status == 403
        and "1010" in str(answer.body)[:2_000]
        and not json_of(answer)
    )


def _is_success(answer: Answer) -> bool:
    return isinstance(answer, HttpAnswer) and answer.status < 300


def _is_restricted(api: ApiSeen, answer: Answer) -> bool:
    return not _is_success(answer) and api.failure(answer).reason is R.CREDENTIALS_RESTRICTED


def _is_as_intended(api: ApiSeen, answer: Answer) -> bool:
    return not _is_success(answer) and api.failure(answer).reason in (
        _AS_INTENDED | {R.SENDER_UNVERIFIED, R.SENDER_INVALID, R.SANDBOX_RESTRICTED}
    )


def _headers(api: ApiSeen) -> dict[str, str]:
    merged: dict[str, str] = {}
    for answer in api.answers:
        if isinstance(answer, HttpAnswer):
            merged |= answer.headers
    return merged


def _line(answer: Answer | None) -> str:
    if isinstance(answer, HttpAnswer) and answer.status < 300:
        return f"HTTP {answer.status}"  # a list of somebody's domains is no evidence of a fault
    return shown(answer) if answer is not None else ""


def _first_line(answers: list[Answer]) -> str:
    return _line(answers[0]) if answers else ""


def _curl(api: ApiSeen) -> str:
    url = RESEND if api.base_url == RESEND else without_login(api.base_url)
    return f'curl -sS -i {shlex.quote(f"{url}/domains")} -H "Authorization: Bearer $RESEND_API_KEY"'
