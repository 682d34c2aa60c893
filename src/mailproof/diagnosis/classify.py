"""From evidence to failure: ask the tables, then keep the promises that hold for every failure."""

from collections.abc import Mapping, Sequence
from typing import Final

from mailproof.diagnosis.evidence import Evidence, Origin
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.general import (
    bounces,
    error_classes,
    http,
    intermediary,
    smtp,
    smtp_languages,
    smtp_words,
    transport,
)
from mailproof.diagnosis.reading import delay
from mailproof.diagnosis.reading.symptoms import Symptoms, read
from mailproof.diagnosis.reasons import FACTS, Closes, Next, Reason
from mailproof.diagnosis.rules import Rule, Table, first_fit, rule

__all__ = ["GENERAL", "classify", "tables_for_page"]

# Behind every provider's own table, from exact to general.
GENERAL: Final[tuple[Table, ...]] = (
    *smtp_languages.TABLES,
    *smtp_words.STRONG,
    bounces.HINTS,
    *smtp.TABLES,
    intermediary.TABLE,
    transport.TABLE,
    bounces.TABLE,
    http.TABLE,
    error_classes.TABLE,
)

# The same words mean something else when the recipient's server says them: it judges a mail that
# somebody handed it, and knows nothing of our account.
AT_A_RECEIVER: Final[Mapping[Reason, Reason]] = {
    Reason.RELAY_DENIED: Reason.RECIPIENT_REFUSED,
    Reason.CREDENTIALS_MISSING: Reason.RECIPIENT_REFUSED,
    Reason.CREDENTIALS_INVALID: Reason.RECIPIENT_REFUSED,
    Reason.CREDENTIALS_RESTRICTED: Reason.RECIPIENT_REFUSED,
    Reason.CONFIGURATION_INVALID: Reason.RECEIVER_UNAVAILABLE,
    Reason.DNS_FAILURE: Reason.RECEIVER_UNAVAILABLE,
    Reason.TLS_FAILURE: Reason.RECEIVER_UNAVAILABLE,
    Reason.CONNECTION_FAILED: Reason.RECEIVER_UNAVAILABLE,
    Reason.CONNECTION_LOST: Reason.RECEIVER_UNAVAILABLE,
    Reason.TIMED_OUT: Reason.RECEIVER_UNAVAILABLE,
    Reason.PROVIDER_UNAVAILABLE: Reason.RECEIVER_UNAVAILABLE,
}

# Nobody answered, or somebody who is not the provider: the way there is at fault.
_ON_THE_WAY: Final = frozenset(
    {
        Reason.BLOCKED_BY_INTERMEDIARY,
        Reason.DNS_FAILURE,
        Reason.CONNECTION_FAILED,
        Reason.CONNECTION_LOST,
        Reason.TLS_FAILURE,
        Reason.TIMED_OUT,
    }
)

# Whether the provider has the mail hangs on when these happened.
_BY_PHASE: Final = frozenset({Reason.CONNECTION_FAILED, Reason.CONNECTION_LOST, Reason.TIMED_OUT})

# These come after the provider may have had the request.
_GATEWAY_STATUS: Final = frozenset({502, 504, 520, 524})

_NOBODY_KNOWS: Final = rule(Reason.UNKNOWN, "no rule fits; the evidence is kept whole")
_NO_TABLE: Final = Table("", ())


def classify(evidence: Evidence, tables: Sequence[Table] = ()) -> Failure:
    """Name what went wrong. `tables`: the provider's own rules, asked before the general ones.

    Pure and total: any bytes a provider can send lead to a legal `Failure`, never an exception.
    """
    seen = read(evidence)
    asked = tables_for_page(tables) if seen.page else tables
    table, fit = first_fit((*asked, *GENERAL), seen) or (_NO_TABLE, _NOBODY_KNOWS)
    origin = fit.says or seen.origin
    if origin is Origin.PROVIDER and fit.reason in _ON_THE_WAY:
        origin = Origin.NETWORK
    reason = fit.reason
    if origin is Origin.RECEIVER:
        reason = AT_A_RECEIVER.get(reason, reason)
    next_, closes = _reach(reason, fit, origin)
    if reason is Reason.CONTENT_REJECTED and 400 <= seen.code < 500:
        next_ = Next.RETRY  # a filter that answers with 4xx may judge otherwise later
    return Failure(
        reason=reason,
        origin=origin,
        next=next_,
        closes=closes,
        retry_after_s=_retry_after(fit, seen, next_),
        ambiguous=_ambiguous(reason, fit, seen),
        guide=_guide(reason, fit, table, seen),
        evidence=evidence,
    )


def tables_for_page(tables: Sequence[Table]) -> Sequence[Table]:
    """No mail API answers with a page: whoever sent one speaks for itself, and is asked first."""
    return (intermediary.TABLE, *tables)


def _reach(reason: Reason, fit: Rule, origin: Origin) -> tuple[Next, Closes | None]:
    facts = FACTS[reason]
    next_ = fit.next or facts.next
    if origin is Origin.RECEIVER:
        # A stranger's server can never stop our mail: what would hold at our provider waits here.
        return (Next.RETRY if next_ is Next.HOLD else next_), None
    closes = fit.closes or facts.closes
    if next_ is Next.HOLD and (closes is None or not closes.at_once):
        closes = Closes("sender" if closes and closes.what == "sender" else "provider")
    return next_, (None if next_ is Next.END else closes)


def _retry_after(fit: Rule, seen: Symptoms, next_: Next) -> float | None:
    if next_ is Next.END:
        return None
    if fit.retry_after_s is not None:
        return fit.retry_after_s
    return delay.named(seen, of_a_rate=fit.reason is not Reason.QUOTA_EXCEEDED)


def _ambiguous(reason: Reason, fit: Rule, seen: Symptoms) -> bool:
    """May the provider have the mail? Where the phase is not known, it may."""
    if seen.code:  # an SMTP reply is an answer
        return bool(fit.ambiguous)
    if reason in _BY_PHASE:
        if seen.written is None:
            return fit.ambiguous is not False
        # What was observed beats what a rule infers from the words.
        return seen.written
    if fit.ambiguous is not None:
        return fit.ambiguous
    if reason is Reason.PROVIDER_UNAVAILABLE:
        if seen.status or fit.name:  # a status, or an error name of the provider's, is an answer
            return seen.status in _GATEWAY_STATUS
        return seen.written is not False
    return False


def _guide(reason: Reason, fit: Rule, table: Table, seen: Symptoms) -> tuple[str, ...]:
    exact = (f"{table.name}.{fit.guide}",) if fit.guide else ()
    return (*exact, f"{seen.provider}.{reason}", str(reason))
