"""Cases of mail that sets out to a provider without keys, and of nodes that die then."""

from typing import Final

from mailproof.mail.lifecycle import State
from mailproof.store.mails.begin import begin
from mailproof.store.mails.duties import recover_leases
from mailproof.store.mails.record import hand_back
from mailproof.store.shapes import Claimed, Routing
from mailproof.testing.store_suite.outcomes import sent
from mailproof.testing.store_suite.world import ONE, World, expect

__all__ = ["CASES"]

_KEYLESS: Final = Routing(order=("first",), key_ttl_ms={"first": None})


async def what_had_begun_when_its_node_died_is_unconfirmed(world: World) -> None:
    mail = await _keyless(world)
    expect(await _begin(world, mail) == [True], "it could not begin under its own lease")
    await _recover(world)
    expect(await world.state(mail.id) is State.UNCONFIRMED, "a repeat could double it")
    types = [event.type for event in await world.events(mail.id)]
    expect(types[-3:-1] == ["attempt.started", "email.lease_lost"], f"it is told as {types}")


async def what_had_not_begun_goes_again_as_if_nothing_had_been(world: World) -> None:
    mail = await _keyless(world)
    await _recover(world)
    expect(await world.state(mail.id) is State.QUEUED, "it was not sent, and does not go")
    last = (await world.events(mail.id))[-1]
    expect(last.data.get("why") == "not_begun", f"it is told as {last!r}")
    expect("outcome" not in last.data, f"nothing is unknown, and it is told as {last!r}")
    (again,) = await world.going()
    expect(again.unknown_since is None and again.epoch == mail.epoch, f"it goes as {again!r}")
    expect(again.lease_no > mail.lease_no + 1, "the dead node's number would still fit")
    (done,) = await world.record(sent(again, world.now))
    expect(done.state is State.SENT, f"it ended as {done.state}")


async def who_began_under_an_earlier_lease_has_not_begun_under_this_one(world: World) -> None:
    mail = await _keyless(world)
    await _begin(world, mail)
    await world.database.write(hand_back, [(mail.id, mail.lease_no)])
    (again,) = await world.going()
    expect(again.lease_no > mail.lease_no, "two claims under one number")
    await _recover(world)
    expect(await world.state(mail.id) is State.QUEUED, "an earlier beginning was counted")


async def who_lost_its_lease_may_not_begin(world: World) -> None:
    stale = await _keyless(world)
    await _recover(world)
    (fresh,) = await world.going()
    expect(await _begin(world, stale, fresh) == [False, True], "both began, or neither")
    (done,) = await world.record(sent(fresh, world.now))
    expect(done.state is State.SENT, f"it ended as {done.state}")
    expect(await _begin(world, fresh) == [False], "it began although it had ended")


async def to_begin_twice_is_to_begin(world: World) -> None:
    mail = await _keyless(world)
    expect(await _begin(world, mail, mail) == [True, True], "twice in one flush is too often")
    expect(await _begin(world, mail) == [True], "a lost answer to a COMMIT cannot be repeated")


async def a_provider_with_keys_is_asked_again_begun_or_not(world: World) -> None:
    await world.start({"first": "f1"}, ONE)
    mail = await world.sending()
    await _recover(world)
    expect(await world.state(mail.id) is State.DEFERRED, "its key makes a repeat harmless")


async def a_provider_that_is_gone_may_have_known_no_keys(world: World) -> None:
    mail = await _keyless(world)
    await world.start({"second": "f2"}, Routing(order=("second",), key_ttl_ms={"second": 1_000}))
    await _recover(world)
    expect(await world.state(mail.id) is State.UNCONFIRMED, "nobody knows, and it goes on")


async def _keyless(world: World) -> Claimed:
    await world.start({"first": "f1"}, _KEYLESS)
    return await world.sending()


async def _begin(world: World, *mails: Claimed) -> list[bool]:
    return await world.database.write(begin, [(mail.id, mail.lease_no) for mail in mails])


async def _recover(world: World) -> None:
    count = await world.database.write(recover_leases, 100, world.routing, dead=["n1"])
    expect(count == 1, f"{count} leases were recovered")


CASES: Final = (
    what_had_begun_when_its_node_died_is_unconfirmed,
    what_had_not_begun_goes_again_as_if_nothing_had_been,
    who_began_under_an_earlier_lease_has_not_begun_under_this_one,
    who_lost_its_lease_may_not_begin,
    to_begin_twice_is_to_begin,
    a_provider_with_keys_is_asked_again_begun_or_not,
    a_provider_that_is_gone_may_have_known_no_keys,
)
