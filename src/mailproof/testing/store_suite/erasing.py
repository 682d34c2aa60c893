"""Cases of what mails said: it is erased in time, and never while somebody may need it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from mailproof.mail.fate import Fate
from mailproof.mail.lifecycle import State
from mailproof.store.mails.claim import contents
from mailproof.store.mails.desk import Answer, cancel, retry
from mailproof.store.mails.duties import end_pinned_to_removed, expire, sweep
from mailproof.store.mails.feedback import receive
from mailproof.store.records.inbox import Told
from mailproof.store.records.suppressions import Cause, add
from mailproof.testing.store_suite.outcomes import judged, sent
from mailproof.testing.store_suite.world import DAY_MS, ONE, World, expect

__all__ = ["CASES"]

_LIFE_S: Final = 60


async def what_a_critical_mail_says_goes_when_nothing_more_can_come_of_it(world: World) -> None:
    for critical in (False, True):
        for final in (False, True):
            email_id = await _sent(world, critical=critical, final=final)
            kept = await _is_kept(world, email_id)
            expect(kept != (critical and final), f"critical {critical}, final {final}: kept {kept}")


async def what_a_provider_says_of_its_end_erases_what_a_critical_mail_said(world: World) -> None:
    for fate in (Fate.DELIVERED, Fate.BOUNCED, Fate.COMPLAINED, Fate.SUPPRESSED):
        for critical in (False, True):
            email_id = await _sent(world, critical=critical)
            await _told(world, fate, email_id)
            kept = await _is_kept(world, email_id)
            expect(kept is not critical, f"{fate}, critical {critical}: kept {kept}")


async def each_end_has_its_time(world: World) -> None:
    for way, state in _WAYS.items():
        for critical in (False, True):
            mail: dict[str, Any] = {
                "critical": critical,
                "expires_at": world.now + _LIFE_S * 1000,
            }
            email_id = await way(world, mail)
            expect(await world.state(email_id) is state, f"{way.__name__}: no {state}")
            await _sweep(world)
            may_go_again = state in {State.FAILED, State.CANCELED}
            kept = await _is_kept(world, email_id)
            expect(kept is (may_go_again or not critical), f"{way.__name__}: kept {kept}")
            world.advance(_LIFE_S)
            await _sweep(world)
            kept = await _is_kept(world, email_id)
            expect(kept is not critical, f"{way.__name__}: kept {kept} when its time was over")


async def what_is_sent_again_by_hand_is_kept_as_long_as_it_lives(world: World) -> None:
    email_id = await _failed(world, {"expires_at": world.now + _LIFE_S * 1000})
    (moved,) = await world.database.write(
        retry, [email_id], actor="cli:ada", lifetime_ms=lambda _: DAY_MS
    )
    expect(moved.answer is Answer.DONE, f"a failed mail was not sent again: {moved}")
    world.advance(2 * _LIFE_S)
    await _sweep(world)
    expect(await _is_kept(world, email_id), "a mail that waits lost what it says")


async def _superseded(world: World, mail: Mapping[str, Any]) -> str:
    key = b"k" * 16
    (older,) = await world.take(world.mail(supersede_key=key, **mail))
    await world.take(world.mail(supersede_key=key, **mail))
    return older


async def _superseded_at_once(world: World, mail: Mapping[str, Any]) -> str:
    key = b"o" * 16
    older, _ = await world.take(*(world.mail(supersede_key=key, **mail) for _ in range(2)))
    return older


async def _suppressed(world: World, mail: Mapping[str, Any]) -> str:
    new = world.mail(**mail)
    lookup = new.recipients[0].lookup
    await world.database.write(
        add,
        address="ada@example.com",
        lookup=lookup,
        cause=Cause.COMPLAINT,
        actor="",
        email_id=None,
    )
    return (await world.take(new))[0]


async def _expired(world: World, mail: Mapping[str, Any]) -> str:
    (email_id,) = await world.take(world.mail(**mail))
    world.advance(_LIFE_S)
    await world.database.write(expire, 100, world.routing)
    return email_id


async def _met_expired(world: World, mail: Mapping[str, Any]) -> str:
    (email_id,) = await world.take(world.mail(**mail))
    world.advance(_LIFE_S)
    await world.claim()
    return email_id


async def _canceled(world: World, mail: Mapping[str, Any]) -> str:
    (email_id,) = await world.take(world.mail(**mail))
    await world.database.write(cancel, [email_id], actor="cli:ada")
    return email_id


async def _refused(world: World, mail: Mapping[str, Any]) -> str:
    strict = {"on_hold": "refuse", "wait_until": world.now + 5_000}
    (email_id,) = await world.take(world.mail(**strict, **mail))
    for provider in ("first", "second"):
        await world.close(provider)
    await world.claim()
    for provider in ("first", "second"):
        await world.open(provider)
    return email_id


async def _failed(world: World, mail: Mapping[str, Any]) -> str:
    claimed = await world.sending(**mail)
    await world.record(judged(claimed, world.now))
    return claimed.id


async def _told_to_have_failed(world: World, mail: Mapping[str, Any]) -> str:
    email_id = await _sent(world, **mail)
    await _told(world, Fate.FAILED, email_id)
    return email_id


async def _pinned_to_nobody(world: World, mail: Mapping[str, Any]) -> str:
    both = world.routing
    (email_id,) = await world.take(world.mail(pin="second", **mail))
    await world.start({"first": "f1"}, ONE)
    await world.database.write(end_pinned_to_removed, 100, ONE)
    await world.start({"first": "f1", "second": "f2"}, both)
    return email_id


_WAYS: Final[Mapping[Callable[[World, Mapping[str, Any]], Awaitable[str]], State]] = {
    _superseded: State.SUPERSEDED,
    _superseded_at_once: State.SUPERSEDED,
    _suppressed: State.SUPPRESSED,
    _expired: State.EXPIRED,
    _met_expired: State.EXPIRED,
    _canceled: State.CANCELED,
    _refused: State.CANCELED,
    _failed: State.FAILED,
    _told_to_have_failed: State.FAILED,
    _pinned_to_nobody: State.FAILED,
}


async def _sent(world: World, *, final: bool = False, **mail: Any) -> str:
    claimed = await world.sending(**mail)
    await world.record(msgspec.structs.replace(sent(claimed, world.now), final=final))
    return claimed.id


async def _told(world: World, fate: Fate, email_id: str) -> None:
    told = Told(
        provider="first",
        event_id=f"{email_id}:{fate}",
        fate=fate,
        at=world.now,
        email_id=email_id,
        provider_message_id=f"pm-{email_id}",
    )
    await world.database.write(receive, [told])


async def _is_kept(world: World, email_id: str) -> bool:
    return bool(await world.database.read(contents, [email_id]))


async def _sweep(world: World) -> None:
    await world.database.write(sweep, 100, contents_ms=7 * DAY_MS)


CASES: Final = (
    what_a_critical_mail_says_goes_when_nothing_more_can_come_of_it,
    what_a_provider_says_of_its_end_erases_what_a_critical_mail_said,
    each_end_has_its_time,
    what_is_sent_again_by_hand_is_kept_as_long_as_it_lives,
)
