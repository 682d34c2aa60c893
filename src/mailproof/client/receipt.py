"""What a sender gets back: where the mail stands, and what to tell the person who waits for it."""

from typing import Final

import msgspec

from mailproof.diagnosis.guidance import Language
from mailproof.diagnosis.report import Report
from mailproof.gateway.status.telling import tell
from mailproof.mail.lifecycle import State
from mailproof.store.mails.status import Standing

__all__ = ["Receipt"]

# With the provider: this is what "check your email" may be said after.
_SENT: Final = frozenset({State.SENT, State.DELIVERED, State.SANDBOXED})
# Nothing is in its way.
_ON_ITS_WAY: Final = frozenset({State.SCHEDULED, State.QUEUED, State.SENDING})
# Between two sentences; Chinese and Japanese have none.
_GAP: Final = {"zh": "", "ja": ""}


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted mail as it stood at answer time: it is on disk, and ends in a state that says
    what happened.

    `reason` and `failure`: why it is held, deferred or failed, None where nothing is wrong.
    `status_url`: where its reader may follow it for a day; None where readers cannot reach the
    gateway (no `public_url`). `id` is empty only for a mail that failed at once, at a gateway
    without a `public_url`.
    """

    id: str
    state: State
    reason: str | None = None
    failure: Report | None = None
    status_url: str | None = None

    @property
    def ok(self) -> bool:
        """It was sent, or is on its way with nothing against it. Not ok: held, deferred, unknown,
        or ended; then `guidance` says what to tell the reader, `failure.fix` the operator."""
        return self.is_sent or self.state in _ON_ITS_WAY

    @property
    def is_sent(self) -> bool:
        """The provider has it: "check your email" is true."""
        return self.state in _SENT

    def guidance(self, language: Language = "en") -> str:
        """One or two sentences for the person who waits: what it means, and what to do now."""
        told = tell(Standing(state=self.state, reason=self.reason), language)
        return _GAP.get(language, " ").join(part for part in (told.text, told.action) if part)
