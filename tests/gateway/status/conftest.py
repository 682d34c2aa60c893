"""A gateway on a clock that stands still, readable from outside, with readers' tokens for it."""

from collections.abc import Iterator

import pytest

from tests.gateway.status.reading import Readers


@pytest.fixture(scope="module")
def readers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readers]:
    with Readers(tmp_path_factory.mktemp("status")) as made:
        yield made


@pytest.fixture
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Readers]:
    """With nothing in its database."""
    with Readers(tmp_path_factory.mktemp("status")) as made:
        yield made
