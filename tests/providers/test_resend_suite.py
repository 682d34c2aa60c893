"""The Resend adapter against the public suite; and the suite against adapters that are wrong."""

import inspect
from collections.abc import AsyncIterator

import pytest

from mailproof.testing import provider_suite
from mailproof.testing.provider_suite import CASES, Case
from tests.providers.resend_world import ResendWorld, resend_world
from tests.providers.wrong_adapters import WRONG


@pytest.fixture
async def world() -> AsyncIterator[ResendWorld]:
    async with resend_world() as made:
        yield made


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_the_resend_adapter_keeps_what_the_port_promises(
    case: Case, world: ResendWorld
) -> None:
    await case(world)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
async def test_each_case_fails_for_an_adapter_that_breaks_its_promise(case: Case) -> None:
    async with resend_world(WRONG[case]) as world:
        with pytest.raises(AssertionError):
            await case(world)


def test_no_case_of_the_suite_is_forgotten() -> None:
    written = {
        value
        for name, value in vars(provider_suite).items()
        if inspect.iscoroutinefunction(value) and value.__module__ == provider_suite.__name__
    }
    assert written == set(CASES)
