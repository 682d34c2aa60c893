"""Every recorded failure gets its reason, and every rule is earned by a recorded failure."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mailproof.diagnosis.classify import GENERAL, tables_for_page
from mailproof.diagnosis.evidence import Evidence
from mailproof.diagnosis.reading.symptoms import read
from mailproof.diagnosis.rules import Rule, Table, first_fit
from mailproof.providers.diagnose import diagnose
from mailproof.providers.rules import TABLES, tables_for

CASES = [
    json.loads(line)
    for file in sorted(Path(__file__).parent.glob("cases/*.jsonl"))
    for line in file.read_text("utf-8").splitlines()
]


def evidence(case: dict[str, Any]) -> Evidence:
    shape = {
        "seen": {"channel": case["channel"], **case["input"]},
        "provider": case["provider"],
        "context": case.get("context", {}),
    }
    return msgspec.convert(shape, Evidence)


def every_table() -> list[Table]:
    """Each table once, although most stand behind several providers."""
    known = [table for tables in TABLES.values() for table in tables]
    return list({id(t): t for t in (*known, *tables_for("nobody"), *GENERAL)}.values())


def fitting(case: dict[str, Any]) -> Rule | None:
    seen = read(evidence(case))
    found = first_fit(asked(case["provider"], seen.page), seen)
    return found and found[1]


def asked(provider: str, page: bool) -> Sequence[Table]:  # noqa: FBT001 - a column of the case
    own = tables_for(provider)
    return (*(tables_for_page(own) if page else own), *GENERAL)


def named(table: Table, rules: Sequence[Rule]) -> Iterator[Any]:
    for number, rule in enumerate(rules):
        yield pytest.param(rule, id=f"{table.name}-{number}-{rule.reason}")


RULES = [each for table in every_table() for each in named(table, table.rules)]
EARNED = {id(rule) for case in CASES if (rule := fitting(case)) is not None}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_a_recorded_failure_gets_its_reason(case: dict[str, Any]) -> None:
    failure, expected = diagnose(evidence(case)), case["expected"]
    assert failure.reason == expected["reason"], case.get("why")
    assert failure.retryable == expected["retryable"]
    if "retry_after_s" in expected:
        assert failure.retry_after_s == pytest.approx(expected["retry_after_s"], abs=1)
    if "ambiguous" in expected:
        assert failure.ambiguous == expected["ambiguous"]


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_earned_by_a_recorded_failure(rule: Rule) -> None:
    assert id(rule) in EARNED, f"no case needs this row: {rule.source}, {rule.text or rule.reply}"


def test_ids_are_unique_across_all_files() -> None:
    ids = [case["id"] for case in CASES]
    assert len(ids) == len(set(ids))
