"""The table of reasons, told again: who changes what follows from one, changes it twice."""

import pytest

from mailproof.diagnosis.reasons import FACTS, Next, Reason

# next · closes · could another provider deliver it · loudness · what the reader does · tries
TOLD = """
credentials_missing         hold   provider    yes       CRITICAL  none             -
credentials_invalid         hold   provider    yes       CRITICAL  none             -
credentials_restricted      hold   provider    yes       CRITICAL  none             -
account_suspended           hold   provider    yes       CRITICAL  none             -
sandbox_restricted          hold   sender      yes       ERROR     none             -
quota_exceeded              hold   provider    yes       ERROR     wait             -
rate_limited                retry  rate        critical  WARNING   none             -
sender_unverified           hold   sender      yes       CRITICAL  none             -
sender_unauthenticated      retry  -           no        ERROR     contact_support  5
sender_blocked              retry  -           yes       ERROR     contact_support  5
relay_denied                hold   provider    yes       CRITICAL  none             -
configuration_invalid       hold   provider    yes       CRITICAL  none             -
clock_skew                  hold   provider    yes       CRITICAL  none             -
sender_invalid              end    -           no        ERROR     contact_support  -
recipient_invalid           end    -           no        WARNING   check_address    -
mailbox_not_found           end    -           no        WARNING   check_address    -
recipient_domain_not_found  end    -           no        WARNING   check_address    -
mailbox_disabled            end    -           no        WARNING   check_address    -
mailbox_full                retry  -           no        WARNING   check_address    5
recipient_suppressed        end    -           no        WARNING   contact_support  -
recipient_refused           end    -           no        WARNING   contact_support  -
complained                  end    -           no        WARNING   none             -
greylisted                  retry  -           no        INFO      wait             -
receiver_unavailable        retry  -           no        INFO      wait             -
message_invalid             end    -           no        ERROR     contact_support  -
message_too_large           end    -           no        ERROR     contact_support  -
attachment_rejected         end    -           no        ERROR     contact_support  -
content_rejected            end    -           no        ERROR     contact_support  -
template_invalid            end    -           no        ERROR     contact_support  -
idempotency_conflict        end    -           no        ERROR     none             -
in_progress                 retry  -           no        INFO      none             -
provider_unavailable        retry  provider/5  definite  WARNING   none             -
blocked_by_intermediary     retry  provider/2  yes       ERROR     none             -
dns_failure                 retry  provider/3  yes       WARNING   none             -
connection_failed           retry  provider/3  definite  WARNING   none             -
tls_failure                 hold   provider    yes       ERROR     none             -
timed_out                   retry  provider/5  definite  WARNING   none             -
connection_lost             retry  provider/5  no        WARNING   none             -
unknown                     retry  -           yes       ERROR     contact_support  3
"""
ROWS = [line.split() for line in TOLD.strip().splitlines()]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_follows_from_a_reason_is_what_was_promised(row: list[str]) -> None:
    facts = FACTS[Reason(row[0])]
    follows = [
        facts.next,
        str(facts.closes or "-"),
        facts.failover,
        facts.severity,
        facts.reader,
        str(facts.tries or "-"),
    ]
    assert [str(each) for each in follows] == row[1:]


def test_no_reason_is_left_out() -> None:
    assert [row[0] for row in ROWS] == list(FACTS) == list(Reason)


def test_whoever_holds_closes_something_at_once() -> None:
    holding = [facts for facts in FACTS.values() if facts.next is Next.HOLD]
    assert all(facts.closes and facts.closes.at_once for facts in holding)


def test_only_a_retry_has_a_number_of_tries() -> None:
    assert all(facts.next is Next.RETRY for facts in FACTS.values() if facts.tries)
