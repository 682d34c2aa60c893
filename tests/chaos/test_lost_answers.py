"""The store fails once, at every call, and the process goes on: nothing lost, none doubled."""

from pathlib import Path
from typing import Final

import pytest

from tests.chaos.power import AnswerLostAt, UnavailableAt, UnreadableAt
from tests.chaos.scenarios import SCENARIOS, Scenario
from tests.chaos.walk import interrupted_everywhere

# What is sent is read by the transaction that claims it: mail that just goes asks no more.
ASKS_NOTHING: Final = {"one mail that goes", "three in one request"}
BY_NAME: Final = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda each: each.name)


@BY_NAME
async def test_a_mail_survives_that_the_answer_to_any_commit_is_lost(
    scenario: Scenario, tmp_path: Path
) -> None:
    assert await interrupted_everywhere(tmp_path / "mailproof.db", scenario, AnswerLostAt) > 5


@BY_NAME
async def test_a_mail_survives_that_any_transaction_finds_no_store(
    scenario: Scenario, tmp_path: Path
) -> None:
    assert await interrupted_everywhere(tmp_path / "mailproof.db", scenario, UnavailableAt) > 5


@BY_NAME
async def test_a_mail_survives_that_any_question_finds_no_store(
    scenario: Scenario, tmp_path: Path
) -> None:
    questions = await interrupted_everywhere(tmp_path / "mailproof.db", scenario, UnreadableAt) - 1
    assert questions > 0 or scenario.name in ASKS_NOTHING
