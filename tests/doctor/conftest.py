"""The world that each test of the doctor breaks in its own way."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.doctor.world import World, healthy_world


@pytest_asyncio.fixture
async def world() -> AsyncIterator[World]:
    async with healthy_world() as made:
        yield made
