"""The pytest fixture `mailproof_sandbox`; pytest finds it by itself once Mailproof is installed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mailproof.testing.sandbox import Sandbox

__all__ = ["mailproof_sandbox"]


@pytest.fixture
def mailproof_sandbox() -> "Iterator[Sandbox]":
    """A local Resend for one test: set its `env` in your application, then look at its `mails`."""
    # Imported here, because pytest loads this file in every run of everyone who has Mailproof.
    from mailproof.testing.sandbox import Sandbox

    with Sandbox() as sandbox:
        yield sandbox
