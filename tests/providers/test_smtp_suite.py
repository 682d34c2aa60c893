"""The SMTP adapter against the public suite."""

import asyncio
import sys
from collections.abc import AsyncIterator
from unittest import SkipTest

import pytest

from mailproof.testing.provider_suite import CASES, Case
from tests.providers.smtp_world import SmtpWorld, smtp_world

# SMTP has no idempotency keys, and no list of senders.
NOT_FOR_SMTP = {
    "a_repeat_with_the_same_key_is_one_mail",
    "another_payload_under_a_used_key_may_be_out",
    "what_was_taken_in_silence_is_no_second_mail_when_repeated",
    "a_sender_that_may_not_send_is_bad_and_the_provider_is_not",
}


@pytest.fixture
async def world() -> AsyncIterator[SmtpWorld]:
    async with smtp_world() as made:
        yield made


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_the_smtp_adapter_keeps_what_the_port_promises(case: Case, world: SmtpWorld) -> None:
    if case.__name__ in NOT_FOR_SMTP:
        with pytest.raises(SkipTest):
            await case(world)
    else:
        await case(world)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no uvloop")
@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.__name__ not in NOT_FOR_SMTP],
    ids=lambda case: case.__name__,
)
def test_it_keeps_them_on_the_loop_that_serve_runs_on(case: Case) -> None:
    import uvloop

    async def keep() -> None:
        async with smtp_world() as world:
            await case(world)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(keep())
