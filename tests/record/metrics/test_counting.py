"""Which counters rise by a page of events, and that no label is a stranger's word."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.diagnosis.reasons import Reason
from mailproof.mail.events import OF_STATE, EventType
from mailproof.mail.lifecycle import State
from mailproof.record.metrics.catalog import AGES_S, FAMILIES, NONE, OTHER
from mailproof.record.metrics.counting import AGES, BUCKET, SUM_MS, Known, counted, le
from mailproof.store.records.totals import Group

KNOWN = Known(purposes=frozenset({"otp", "bulk"}), providers=frozenset({"resend"}))


def group(type_: str, count: int = 1, **given: Any) -> Group:
    empty = dict.fromkeys(
        ("purpose", "provider", "reason", "attempt_provider", "attempt_outcome", "attempt_reason"),
        "",
    )
    return Group(**{"type": type_, "count": count, "ages": "[]", "last_id": 1, **empty, **given})


def rises(*groups: Group) -> Counter[tuple[str, tuple[str, ...]]]:
    """By name and values of labels."""
    found: Counter[tuple[str, tuple[str, ...]]] = Counter()
    for each in counted(groups, KNOWN):
        found[each.name, tuple(each.labels[name] for name in sorted(each.labels))] += each.value
    return found


def test_accepted_mail_counts_for_its_purpose_and_as_no_move() -> None:
    assert rises(group("email.accepted", 3, purpose="otp")) == {
        ("mailproof_events_total", ("email.accepted",)): 3,
        ("mailproof_emails_accepted_total", ("otp",)): 3,
    }


@pytest.mark.parametrize("state", State)
def test_a_move_into_each_state_counts_for_state_and_purpose(state: State) -> None:
    found = rises(group(OF_STATE[state].value, 2, purpose="bulk"))
    assert found["mailproof_emails_total", ("bulk", state.value)] == 2


@pytest.mark.parametrize(
    ("event", "named", "name", "label"),
    [
        ("email.held", {"reason": "sender_unverified"}, "held", "sender_unverified"),
        ("email.expired", {"reason": "rate_limited"}, "expired", "rate_limited"),
        ("email.expired", {}, "expired", NONE),
        ("email.unconfirmed", {"provider": "resend"}, "unconfirmed", "resend"),
    ],
)
def test_what_must_not_happen_often_counts_by_its_cause(
    event: str, named: dict[str, str], name: str, label: str
) -> None:
    assert rises(group(event, 1, **named))[f"mailproof_{name}_total", (label,)] == 1


def test_an_attempt_counts_by_provider_outcome_and_reason() -> None:
    refused = group(
        "email.held",
        4,
        reason="sender_unverified",
        attempt_provider="resend",
        attempt_outcome="refused",
        attempt_reason="credentials_invalid",
    )
    accepted = group("email.sent", attempt_provider="resend", attempt_outcome="accepted")
    attempts = {
        labels: count
        for (name, labels), count in rises(refused, accepted).items()
        if name == "mailproof_attempts_total"
    }
    assert attempts == {
        ("refused", "resend", "credentials_invalid"): 4,
        ("accepted", "resend", NONE): 1,
    }


def test_an_event_of_no_mail_counts_as_itself_alone() -> None:
    assert rises(group("route.closed")) == {("mailproof_events_total", ("route.closed",)): 1}


def test_names_that_nobody_knows_are_other_and_no_name_is_none() -> None:
    strange = group(
        "email.vanished",
        purpose="from-an-old-configuration",
        attempt_provider="removed",
        attempt_outcome="refused",
        attempt_reason="made_up",
    )
    assert rises(strange) == {
        ("mailproof_events_total", (OTHER,)): 1,
        ("mailproof_attempts_total", ("refused", OTHER, OTHER)): 1,
    }
    assert rises(group("email.sent"))["mailproof_emails_total", (NONE, "sent")] == 1


def test_ages_fall_into_the_bucket_whose_end_they_do_not_pass() -> None:
    found = rises(group("email.sent", 4, purpose="otp", ages="[100, 101, 250, 9000000]"))
    buckets = {labels[0]: n for (name, labels), n in found.items() if name == AGES + BUCKET}
    assert buckets == {"0.1": 1, "0.25": 2, "+Inf": 1}
    assert found[AGES + SUM_MS, ("otp",)] == 9_000_451


def test_a_node_whose_clock_is_behind_counts_no_negative_age() -> None:
    found = rises(group("email.sent", ages="[-5]"))
    assert found[AGES + BUCKET, ("0.1", NONE)] == 1
    assert found[AGES + SUM_MS, (NONE,)] == 0


@given(st.floats(min_value=0, max_value=1e9))
def test_every_age_has_one_bucket(seconds: float) -> None:
    ends = [*map(str, AGES_S), "+Inf"]
    place = ends.index(le(seconds))
    assert seconds <= float(ends[place])
    assert place == 0 or seconds > float(ends[place - 1])


NAMES = st.text(max_size=20)


@given(
    st.builds(
        group,
        st.sampled_from([event.value for event in EventType]) | NAMES,
        purpose=NAMES,
        provider=NAMES,
        reason=NAMES,
        attempt_provider=NAMES,
        attempt_outcome=NAMES,
        attempt_reason=NAMES,
    )
)
def test_no_label_is_a_word_of_a_stranger(strange: Group) -> None:
    allowed = {NONE, OTHER, *KNOWN.purposes, *KNOWN.providers, "accepted", "refused", "unknown"}
    allowed |= {event.value for event in EventType} | {state.value for state in State}
    allowed |= {reason.value for reason in Reason}
    for each in counted([strange], KNOWN):
        assert set(each.labels.values()) <= allowed
        assert tuple(sorted(each.labels)) == tuple(sorted(FAMILIES[each.name].labels))
