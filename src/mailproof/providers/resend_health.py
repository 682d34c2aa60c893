"""How Resend is: what its list of domains says of the key, the account and each sender.

`GET /domains` sends nothing and is answered to full-access keys only. A key that may only send is
told so: that proves that Resend knows it, and nothing more.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from mailproof.diagnosis.evidence import Context, Evidence, HttpAnswer, Origin, Raised
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import FACTS, Reason
from mailproof.mail.address import Address
from mailproof.mail.invalid import InvalidInput
from mailproof.providers.base import HEALTH_REASONS, Health, Verdict
from mailproof.providers.diagnose import diagnose

__all__ = ["PROVIDER", "health", "next_page", "unwell", "webhook"]

PROVIDER: Final = "resend"

# resend.com/docs/dashboard/domains. `partially_verified` may lack what receiving needs alone, and
# `temporary_failure` may send for 72 hours more; neither closes a sender, a live mail will tell.
_GOOD: Final = frozenset({"verified"})
_BAD: Final = frozenset({"not_started", "pending", "failed", "partially_failed"})

# resend.com/docs/api-reference/rate-limit. The quota headers count what is used, not what is left.
_FACTS: Final[Mapping[str, str]] = {
    "ratelimit-limit": "rate_limit",
    "ratelimit-remaining": "rate_left",
    "x-resend-daily-quota": "used_today",
    "x-resend-monthly-quota": "used_this_month",
}

# Only free accounts have a daily quota (resend.com/docs/knowledge-base/account-quotas-and-limits).
_FREE_PLAN: Final = {"limit_today": "100", "limit_this_month": "3000"}


class _Capabilities(msgspec.Struct, frozen=True):
    sending: str = "enabled"


class _Domain(msgspec.Struct, frozen=True):
    name: str
    id: str = ""
    status: str = ""
    capabilities: _Capabilities = _Capabilities()


class _Listing(msgspec.Struct, frozen=True):
    data: tuple[_Domain, ...]
    has_more: bool = False


class _Hook(msgspec.Struct, frozen=True):
    endpoint: str = ""
    status: str = ""
    events: tuple[str, ...] | None = None


class _Hooks(msgspec.Struct, frozen=True):
    data: tuple[_Hook, ...]


# Without these, ends of mails stay unknown.
_EVENTS: Final = (
    "email.delivered",
    "email.bounced",
    "email.complained",
    "email.failed",
    "email.suppressed",
)

_hooks_of: Final = msgspec.json.Decoder(_Hooks).decode
_listing_of: Final = msgspec.json.Decoder(_Listing).decode


def health(pages: Sequence[HttpAnswer | Raised]) -> Health:
    """Judge the pages of the list, in their order; the first one decides on key and account.

    What a later page could not tell is left out, and `facts` say so: it makes nothing worse.
    """
    first = pages[0]
    if _read(first) is None:
        return unwell(diagnose(Evidence(first, PROVIDER)), _facts(pages))
    domains: list[_Domain] = []
    facts = {"permission": "full_access", **_facts(pages)}
    for page in pages:
        listing = _read(page)
        if listing is None:
            facts["domains_unread"] = str(diagnose(Evidence(page, PROVIDER)).reason)
            break
        domains += listing.data
    facts["domains"] = f"{len(domains)} and more" if _is_cut(pages) else str(len(domains))
    return Health(
        verdict=Verdict.GOOD,
        senders={
            _as_sender(domain.name): None if domain.status in _GOOD else _unverified(domain)
            for domain in domains
            if domain.status in _GOOD | _BAD and domain.capabilities.sending == "enabled"
        },
        facts=facts,
    )


def unwell(failure: Failure, facts: Mapping[str, str]) -> Health:
    """What a failed question says: bad, for a reason that concerns every mail, or nothing."""
    if failure.reason is Reason.CREDENTIALS_RESTRICTED:
        facts = {"permission": "sending_access", **facts}
    bad = failure.reason in HEALTH_REASONS
    verdict = Verdict.BAD if bad else Verdict.CANNOT_TELL
    return Health(verdict=verdict, failure=failure, facts=facts)


def next_page(answer: HttpAnswer | Raised) -> str:
    """The id after which the list goes on; empty: it ends here, or could not be read."""
    listing = _read(answer)
    return listing.data[-1].id if listing is not None and listing.has_more and listing.data else ""


def webhook(answer: HttpAnswer | Raised, url: str) -> str:
    """How the webhook stands that Resend keeps for `url`, by its answer to `GET /webhooks`.

    `enabled`, `disabled`, `missing`, `lacks: email.bounced …`, or `cannot tell`.
    """
    if not isinstance(answer, HttpAnswer) or answer.status != 200:
        return "cannot tell"
    try:
        hooks = _hooks_of(answer.body).data
    except (msgspec.DecodeError, RecursionError):
        return "cannot tell"
    ours = [hook for hook in hooks if hook.endpoint.rstrip("/") == url.rstrip("/")]
    if not ours:
        return "missing"
    working = [hook for hook in ours if hook.status != "disabled"]
    if not working:
        return "disabled"
    # None of them named is all of them.
    lacking = [
        event
        for event in _EVENTS
        if not any(not hook.events or event in hook.events for hook in working)
    ]
    return f"lacks: {' '.join(lacking)}" if lacking else "enabled"


def _read(answer: HttpAnswer | Raised) -> _Listing | None:
    if not isinstance(answer, HttpAnswer) or answer.status != 200:
        return None
    try:
        return _listing_of(answer.body)
    except (msgspec.DecodeError, RecursionError):
        return None  # no list, whatever it is: it will be diagnosed as it came


def _is_cut(pages: Sequence[HttpAnswer | Raised]) -> bool:
    return _read(pages[-1]) is None or next_page(pages[-1]) != ""


def _facts(pages: Sequence[HttpAnswer | Raised]) -> dict[str, str]:
    """What the headers tell; the last answer knows best."""
    facts = {
        name: page.headers[header]
        for page in pages
        if isinstance(page, HttpAnswer)
        for header, name in _FACTS.items()
        if header in page.headers
    }
    return facts | _FREE_PLAN if "used_today" in facts else facts


def _as_sender(domain: str) -> str:
    """As From addresses have it: small letters, and no `xn--` where there are others."""
    try:
        return Address.parse(f"a@{domain}", where="domain").domain
    except InvalidInput:
        return domain.lower()


def _unverified(domain: _Domain) -> Failure:
    """What a mail from there would be refused with. The evidence is its entry in the list."""
    reason = Reason.SENDER_UNVERIFIED
    entry = {"name": domain.name, "status": domain.status}
    return Failure(
        reason=reason,
        origin=Origin.PROVIDER,
        next=FACTS[reason].next,
        closes=FACTS[reason].closes,
        retry_after_s=None,
        ambiguous=False,
        guide=(f"{PROVIDER}.{reason}", str(reason)),
        evidence=Evidence(HttpAnswer(200, {}, entry), PROVIDER, Context(f"@{domain.name}")),
    )
