"""One sandbox for each test, unlimited, and the Node SDKs only where they are installed."""

from collections.abc import Iterator

import pytest

from mailproof.testing import Sandbox
from tests.sandbox.receiver import Receiver
from tests.sdk.node import CURRENT, OLD


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(autouse=True, scope="session")
def installed() -> None:
    missing = [sdk.name for sdk in (CURRENT, OLD) if not (sdk / "node_modules" / "resend").exists()]
    if missing:
        pytest.fail(
            f"The Node SDKs are not installed ({', '.join(missing)}). Run `make test`, or in each "
            "folder `npm ci`, before these tests."
        )


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver
