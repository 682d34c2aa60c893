"""`/metrics` as `serve` shows it: what is in the database is what is counted."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mailproof.clock import SystemClock
from mailproof.mail.purposes import PURPOSES
from mailproof.record.metrics.counting import Known
from mailproof.record.metrics.following import Counting
from mailproof.store.mails.desk import cancel
from tests.whole.house import House, ask

KNOWN = Known(purposes=frozenset(PURPOSES), providers=frozenset({"resend"}))


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with House(tmp_path) as served:
        yield served


def scraped(house: House) -> dict[str, Counter[tuple[str, ...]]]:
    """By name and the values of labels, in the order of their names."""
    found: dict[str, Counter[tuple[str, ...]]] = {}
    for family in text_string_to_metric_families(house.admin("/metrics").raw.decode()):
        for sample in family.samples:
            labels = tuple(sample.labels[name] for name in sorted(sample.labels))
            found.setdefault(sample.name, Counter())[labels] = int(sample.value)
    return found


def count_all(house: House) -> None:
    """Now, and not with the next tick; whichever of the two is quicker counts."""
    house.run(Counting(house.database, KNOWN, SystemClock(), lambda: True).catch_up())
    house.log.until(lambda: _is_counted(house), "all events are counted")


def _is_counted(house: House) -> bool:
    (last,), *_ = house.rows("SELECT max(id) FROM events")
    return house.rows("SELECT position FROM cursors WHERE name = 'metrics'") == [(last,)]


def test_what_is_counted_is_what_happened(house: House) -> None:
    for purpose in ("registration", "otp", ""):
        headers = {"mailproof-purpose": purpose} if purpose else None
        assert house.send(headers=headers).state == "sent"
    house.ask("POST", "/emails", {"from": "1"}, key="re_123456789")
    later = house.send(scheduled_at="in 30 minutes").json["id"]
    house.run(house.database.write(cancel, [later], actor="cli:ada"))
    count_all(house)
    found = scraped(house)
    told = Counter(name for (name,) in house.rows("SELECT type FROM events"))
    events = {name: n for (name,), n in found["mailproof_events_total"].items() if n}
    # An alert may have opened since the page was made.
    assert {name: n for name, n in told.items() if not name.startswith("alert.")} == {
        name: n for name, n in events.items() if not name.startswith("alert.")
    }
    assert +found["mailproof_emails_accepted_total"] == {
        ("registration",): 1,
        ("otp",): 1,
        ("none",): 2,
    }
    moves = +found["mailproof_emails_total"]
    assert moves["none", "canceled"] == moves["none", "scheduled"] == 1
    assert moves["registration", "sent"] == moves["otp", "sent"] == moves["none", "sent"] == 1
    assert found["mailproof_attempts_total"] == {("accepted", "resend", "none"): 3}
    assert found["mailproof_accept_to_sent_seconds_count"] == {
        ("registration",): 1,
        ("otp",): 1,
        ("none",): 1,
    }
    assert found["mailproof_refusals_total"][("placeholder",)] == 1


def test_a_hold_is_seen_in_what_waits_and_in_the_route(house: House) -> None:
    house.provider_key = "re_wrong_wrong_wrong_wrong"
    house.send(headers={"mailproof-purpose": "otp"})
    count_all(house)
    found = scraped(house)
    assert found["mailproof_emails_waiting"]["otp", "held"] == 1
    assert found["mailproof_route_open"]["resend", "*"] == 0
    (closed,) = found["mailproof_route_closed_seconds"]
    assert closed == ("resend", "credentials_invalid", "*")
    assert sum(found["mailproof_held_total"].values()) >= 1


def test_apps_and_strangers_cannot_read_it(house: House) -> None:
    assert ask(house.url, "GET", "/metrics", key=house.key).status == 404
    assert house.admin("/metrics").status == 200
