"""The pytest fixture `mailproof_sandbox`; pytest finds it by itself once Mailproof is installed."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from mailproof.testing.sandbox import Sandbox

__all__ = ["mailproof_sandbox"]


@pytest.fixture
def mailproof_sandbox() -> "Iterator[Sandbox]":
    """A local Resend for one test, over HTTP and SMTP: set its `env`, then look at its `mails`."""
    # Imported here, because pytest loads this file in every run of everyone who has Mailproof.
    from mailproof.testing.sandbox import Sandbox

    with Sandbox(smtp_port=0) as sandbox:
        yield sandbox
