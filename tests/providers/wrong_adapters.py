"""Adapters that break one promise each, so that every case of the suite is seen to fail."""

import asyncio
import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from mailproof.diagnosis.evidence import Evidence, HttpAnswer
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Reason
from mailproof.providers.base import Encoded, Health, Outgoing, Sent, Verdict
from mailproof.providers.resend import Resend
from mailproof.testing import provider_suite as suite
from mailproof.testing.provider_suite import Case
from tests.providers.resend_world import KEY

__all__ = ["WRONG", "Wrong"]

_numbers = itertools.count()


class Wrong:
    """The Resend adapter, one promise poorer; each subclass overrides what it gets wrong."""

    def __init__(self, right: Resend, with_key: Callable[[str], Resend]) -> None:
        self.right = right
        self.with_key = with_key
        self.name = right.name
        self.capabilities = right.capabilities

    @property
    def fingerprint(self) -> str:
        return self.right.fingerprint

    def sender_of(self, mailbox: str) -> str:
        return self.right.sender_of(mailbox)

    def encode(self, mail: Outgoing) -> Encoded:
        return self.right.encode(mail)

    async def send(self, encoded: Encoded, *, key: str, deadline_s: float) -> Sent | Failure:
        return await self.right.send(encoded, key=key, deadline_s=deadline_s)

    async def check(self, *, deadline_s: float) -> Health:
        return await self.right.check(deadline_s=deadline_s)


class Counts(Wrong):
    def encode(self, mail: Outgoing) -> Encoded:
        body = self.right.encode(mail).body + b" " * next(_numbers)
        return Encoded(body, str(len(body)).encode())


class Respells(Wrong):
    def encode(self, mail: Outgoing) -> Encoded:
        body = self.right.encode(mail).body
        return Encoded(body, body[:32])


class HashesNothing(Wrong):
    def encode(self, mail: Outgoing) -> Encoded:
        return Encoded(self.right.encode(mail).body, b"h" * 32)


class IgnoresSettled(Wrong):
    def encode(self, mail: Outgoing) -> Encoded:
        return self.right.encode(msgspec.structs.replace(mail, settled=()))


class KnowsEveryEncoder(Wrong):
    def encode(self, mail: Outgoing) -> Encoded:
        return self.right.encode(msgspec.structs.replace(mail, encoder=1))


class SendsNothing(Wrong):
    async def send(self, encoded: Encoded, *, key: str, deadline_s: float) -> Sent | Failure:
        return Sent(f"id-{next(_numbers)}")


class MakesUpKeys(Wrong):
    async def send(self, encoded: Encoded, *, key: str, deadline_s: float) -> Sent | Failure:
        return await self.right.send(encoded, key=f"{next(_numbers)}", deadline_s=deadline_s)


class Altered(Wrong):
    """Tells its failures otherwise."""

    changes: Mapping[str, Any] = {}

    async def send(self, encoded: Encoded, *, key: str, deadline_s: float) -> Sent | Failure:
        result = await self.right.send(encoded, key=key, deadline_s=deadline_s)
        if isinstance(result, Failure):
            return msgspec.structs.replace(result, **self.changes)
        return result


class AlwaysSure(Altered):
    changes = {"ambiguous": False}  # noqa: RUF012 - read only


class NeverSure(Altered):
    changes = {"ambiguous": True}  # noqa: RUF012


class KnowsNoReason(Altered):
    changes = {"reason": Reason.UNKNOWN}  # noqa: RUF012


class Tells(Altered):
    changes = {"evidence": Evidence(HttpAnswer(400, {}, f"bad key {KEY}"))}  # noqa: RUF012


class Dawdles(Wrong):
    async def send(self, encoded: Encoded, *, key: str, deadline_s: float) -> Sent | Failure:
        return await self.right.send(encoded, key=key, deadline_s=deadline_s + 2.6)


class CannotBeCancelled(Wrong):
    async def send(self, encoded: Encoded, *, key: str, deadline_s: float) -> Sent | Failure:
        try:
            return await self.right.send(encoded, key=key, deadline_s=deadline_s)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            assert task is not None
            task.uncancel()
            return Sent("never mind")


class UsesAnotherKey(Wrong):
    async def send(self, encoded: Encoded, *, key: str, deadline_s: float) -> Sent | Failure:
        return await self.with_key(KEY).send(encoded, key=key, deadline_s=deadline_s)


class Resents(Wrong):
    def __init__(self, right: Resend, with_key: Callable[[str], Resend]) -> None:
        super().__init__(right, with_key)
        self._first: Failure | None = None

    async def send(self, encoded: Encoded, *, key: str, deadline_s: float) -> Sent | Failure:
        if self._first is not None:
            return self._first
        result = await self.right.send(encoded, key=key, deadline_s=deadline_s)
        if isinstance(result, Failure):
            self._first = result
        return result


class ChecksBySending(Wrong):
    async def check(self, *, deadline_s: float) -> Health:
        await self.send(self.encode(suite.sample()), key="probe", deadline_s=deadline_s)
        return await self.right.check(deadline_s=deadline_s)


class TrustsEverySender(Wrong):
    async def check(self, *, deadline_s: float) -> Health:
        health = await self.right.check(deadline_s=deadline_s)
        return msgspec.structs.replace(health, senders=dict.fromkeys(health.senders))


class Panics(Wrong):
    async def check(self, *, deadline_s: float) -> Health:
        health = await self.right.check(deadline_s=deadline_s)
        good = health.verdict is Verdict.GOOD
        return health if good else msgspec.structs.replace(health, verdict=Verdict.BAD)


class ShowsItsKey(Wrong):
    @property
    def fingerprint(self) -> str:
        return f"{KEY}-{self.right.fingerprint}"


class VerifiesAddresses(Wrong):
    def sender_of(self, mailbox: str) -> str:
        return mailbox


WRONG: Final[Mapping[Case, type[Wrong]]] = {
    suite.an_envelope_is_part_of_the_hash: HashesNothing,
    suite.the_same_mail_gives_the_same_bytes: Counts,
    suite.the_bytes_are_those_of_the_first_release: Respells,
    suite.a_settled_recipient_is_in_no_bytes: IgnoresSettled,
    suite.an_encoder_that_is_not_known_is_refused: KnowsEveryEncoder,
    suite.an_accepted_mail_has_an_id_and_arrives: SendsNothing,
    suite.many_mails_at_once_all_arrive: SendsNothing,
    suite.a_repeat_with_the_same_key_is_one_mail: MakesUpKeys,
    suite.another_payload_under_a_used_key_may_be_out: AlwaysSure,
    suite.a_refusal_is_definite_and_has_a_name: NeverSure,
    suite.too_many_calls_end_no_mail: KnowsNoReason,
    suite.nobody_there_means_that_nothing_was_handed_over: NeverSure,
    suite.half_a_request_means_that_nothing_was_handed_over: NeverSure,
    suite.silence_after_the_whole_request_leaves_it_open: AlwaysSure,
    suite.what_was_taken_in_silence_is_no_second_mail_when_repeated: MakesUpKeys,
    suite.what_is_called_definite_never_arrived: AlwaysSure,
    suite.the_deadline_is_kept: Dawdles,
    suite.a_call_that_is_cancelled_ends_as_cancelled: CannotBeCancelled,
    suite.without_a_credential_nobody_is_called: UsesAnotherKey,
    suite.a_wrong_credential_holds_the_mail_and_is_bad: UsesAnotherKey,
    suite.a_provider_that_is_well_is_good: ChecksBySending,
    suite.a_sender_that_may_not_send_is_bad_and_the_provider_is_not: TrustsEverySender,
    suite.a_health_check_is_bad_only_for_what_concerns_every_mail: Panics,
    suite.after_every_trouble_it_sends_again: Resents,
    suite.no_failure_holds_the_credential: Tells,
    suite.the_fingerprint_tells_credentials_apart_and_reveals_none: ShowsItsKey,
    suite.the_sender_of_an_address_is_what_the_provider_verifies: VerifiesAddresses,
}
