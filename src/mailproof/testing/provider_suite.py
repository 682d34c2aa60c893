"""What every provider adapter must do, as cases that you run against yours and a server of yours.

Write a `World`: your adapter, pointed at a server that fails when it is asked to. Then, in pytest:

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
    async def test_it_keeps_what_the_port_promises(case: Case, world: World) -> None:
        await case(world)

A case raises `AssertionError`, which says what was expected and what came, or `SkipTest` for what
your provider does not know or your server cannot do. Each wants a fresh world that is well.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final
from unittest import SkipTest

import msgspec

from mailproof.diagnosis.evidence import Origin
from mailproof.diagnosis.failure import Failure
from mailproof.diagnosis.reasons import Next, Reason
from mailproof.providers.base import HEALTH_REASONS, Verdict
from mailproof.testing.provider_world import (
    DEADLINE_S,
    DOMAIN,
    OTHER_DOMAIN,
    SILENCE_S,
    Trouble,
    World,
    break_or_skip,
    changed,
    expect,
    failed,
    keeps_secret,
    needs_keys,
    needs_secret,
    reason_of,
    sample,
    send,
    sent,
)

__all__ = ["CASES", "DOMAIN", "OTHER_DOMAIN", "Case", "Trouble", "World", "sample"]

Case = Callable[[World], Awaitable[None]]

_SLACK_S: Final = 2.0  # what a busy machine may add to a deadline
_LARGE_BYTES: Final = 8 * 1024 * 1024  # more than the buffers on the way hold

# Of these the mail may be out; of the others it surely is not.
_OPEN: Final = (
    Trouble.HANGS,
    Trouble.BREAKS,
    Trouble.TAKES_AND_HANGS,
    Trouble.TAKES_AND_BREAKS,
    Trouble.TAKES_AND_ERRS,
    Trouble.GIBBERISH,
)
_TAKEN: Final = (Trouble.TAKES_AND_HANGS, Trouble.TAKES_AND_BREAKS, Trouble.TAKES_AND_ERRS)


async def an_envelope_is_part_of_the_hash(world: World) -> None:
    whole = world.provider.encode(sample())
    part = world.provider.encode(msgspec.structs.replace(sample(), settled=("ada@lovelace.test",)))
    expect(whole.hash != part.hash, "a mail for one has the hash of a mail for two")


async def the_same_mail_gives_the_same_bytes(world: World) -> None:
    first, again = world.provider.encode(sample()), world.provider.encode(sample())
    twin = world.with_secret(world.secret).encode(sample())
    expect(first == again == twin, "the same mail gave other bytes the second time")
    expect(first.hash != world.provider.encode(sample(2)).hash, "two mails have one hash")


async def the_bytes_are_those_of_the_first_release(world: World) -> None:
    found = world.provider.encode(sample()).hash.hex()
    expect(
        found == world.golden,
        f"the bytes of encoder 1 have changed, their hash is {found} now. Mails that are being "
        "sent would be refused: make it a new encoder version beside the old one",
    )


async def a_settled_recipient_is_in_no_bytes(world: World) -> None:
    mail = msgspec.structs.replace(sample(), settled=("Grace@hopper.test",))
    encoded = world.provider.encode(mail)
    # Where the bytes are one thing and whom they go to is another, the second counts.
    goes_to = " ".join(encoded.recipients).encode() or encoded.body
    expect(b"ada@lovelace.test" in goes_to, "somebody who is still open was left out")
    expect(b"grace@hopper.test" not in goes_to, "somebody who is settled would get it again")


async def an_encoder_that_is_not_known_is_refused(world: World) -> None:
    mail = msgspec.structs.replace(sample(), encoder=999)
    try:
        world.provider.encode(mail)
    except ValueError:
        return
    raise AssertionError(
        "encoder 999 gave bytes: a newer release's mail would change under its key"
    )


async def an_accepted_mail_has_an_id_and_arrives(world: World) -> None:
    accepted = sent(await send(world.provider, world.provider.encode(sample())))
    expect(bool(accepted.provider_message_id), "it was accepted, and has no id")
    expect(await world.arrived() == 1, f"{await world.arrived()} mails arrived instead of 1")


async def many_mails_at_once_all_arrive(world: World) -> None:
    mails = [world.provider.encode(sample(number)) for number in range(1, 21)]
    async with asyncio.TaskGroup() as group:
        calls = [
            group.create_task(send(world.provider, mail, key=f"many.{number}"))
            for number, mail in enumerate(mails)
        ]
    ids = {sent(call.result()).provider_message_id for call in calls}
    expect(len(ids) == len(mails), f"{len(mails)} mails have {len(ids)} ids")
    expect(await world.arrived() == len(mails), f"{await world.arrived()} of them arrived")


async def a_repeat_with_the_same_key_is_one_mail(world: World) -> None:
    needs_keys(world)
    mail = world.provider.encode(sample())
    ids = {sent(await send(world.provider, mail)).provider_message_id for _ in range(3)}
    expect(len(ids) == 1, f"one mail got the ids {sorted(ids)}")
    expect(await world.arrived() == 1, f"one key, and {await world.arrived()} mails arrived")
    sent(await send(world.provider, mail, key="another.0"))
    expect(await world.arrived() == 2, "another key must be another mail, or keys prove nothing")


async def another_payload_under_a_used_key_may_be_out(world: World) -> None:
    needs_keys(world)
    sent(await send(world.provider, world.provider.encode(sample())))
    failure = failed(await send(world.provider, world.provider.encode(sample(2))))
    expect(failure.ambiguous, f"{failure.reason}: an earlier call with this key was accepted")


async def a_refusal_is_definite_and_has_a_name(world: World) -> None:
    await break_or_skip(world, Trouble.REFUSES)
    failure = failed(await send(world.provider, world.provider.encode(sample())))
    expect(not failure.ambiguous, f"{failure.reason}: a refusal leaves nothing open")
    expect(failure.reason is not Reason.UNKNOWN, "a refusal with a cause was not understood")
    expect(failure.next is Next.END, f"{failure.reason}: it will be refused again")
    expect(failure.origin is Origin.PROVIDER, f"the {failure.origin} did not say it")


async def too_many_calls_end_no_mail(world: World) -> None:
    await break_or_skip(world, Trouble.SLOW_DOWN)
    failure = failed(await send(world.provider, world.provider.encode(sample())))
    expect(failure.reason is Reason.RATE_LIMITED, f"it was taken for {failure.reason}")
    expect(not failure.ambiguous, "a call that was turned away hands nothing over")


async def nobody_there_means_that_nothing_was_handed_over(world: World) -> None:
    await break_or_skip(world, Trouble.UNREACHABLE)
    failure = failed(await send(world.provider, world.provider.encode(sample())))
    expect(not failure.ambiguous, f"{failure.reason}: no connection, and yet it may be out?")
    expect(failure.origin is Origin.NETWORK, f"nobody was there, not the {failure.origin}")


async def half_a_request_means_that_nothing_was_handed_over(world: World) -> None:
    large = world.provider.encode(sample(text="x" * _LARGE_BYTES))
    await break_or_skip(world, Trouble.STOPS_READING)
    failure = failed(await send(world.provider, large, deadline_s=1.0))
    expect(not failure.ambiguous, f"{failure.reason}: most of the mail never left")
    await world.heal()
    expect(await world.arrived() == 0, "half a request arrived")


async def silence_after_the_whole_request_leaves_it_open(world: World) -> None:
    for trouble in _OPEN:
        if not await world.break_(trouble):
            continue
        result = await send(world.provider, world.provider.encode(sample()), deadline_s=SILENCE_S)
        failure = failed(result)
        expect(failure.ambiguous, f"{failure.reason} is definite, but the server {trouble}")
        await world.heal()


async def what_was_taken_in_silence_is_no_second_mail_when_repeated(world: World) -> None:
    needs_keys(world)
    for number, trouble in enumerate(_TAKEN, start=1):
        if not await world.break_(trouble):
            continue
        before = await world.arrived()
        mail, key = world.provider.encode(sample(number)), f"taken.{number}"
        failed(await send(world.provider, mail, key=key, deadline_s=SILENCE_S))
        await world.heal()
        sent(await send(world.provider, mail, key=key))
        more = await world.arrived() - before
        expect(more == 1, f"it {trouble}; repeated, it is {more} mails")


async def what_is_called_definite_never_arrived(world: World) -> None:
    for number, trouble in enumerate(Trouble, start=1):
        before = await world.arrived()
        if not await world.break_(trouble):
            continue
        mail = world.provider.encode(sample(number))
        result = await send(world.provider, mail, key=f"sure.{number}", deadline_s=SILENCE_S)
        await world.heal()
        if isinstance(result, Failure) and not result.ambiguous:
            expect(await world.arrived() == before, f"{result.reason} is definite, it arrived")


async def the_deadline_is_kept(world: World) -> None:
    loop = asyncio.get_running_loop()
    for trouble in (Trouble.HANGS, Trouble.TAKES_AND_HANGS, Trouble.STOPS_READING):
        if not await world.break_(trouble):
            continue
        began = loop.time()
        await send(world.provider, world.provider.encode(sample()), deadline_s=SILENCE_S)
        await world.provider.check(deadline_s=SILENCE_S)
        took_s = loop.time() - began
        expect(took_s < 2 * SILENCE_S + _SLACK_S, f"it {trouble}: two calls took {took_s:.1f} s")
        await world.heal()


async def a_call_that_is_cancelled_ends_as_cancelled(world: World) -> None:
    await break_or_skip(world, Trouble.HANGS)
    mail = world.provider.encode(sample())
    try:
        async with asyncio.timeout(SILENCE_S):
            result = await send(world.provider, mail, deadline_s=60.0)
    except TimeoutError:
        return
    raise AssertionError(f"its caller gave up, and it went on to {result!r}")


async def without_a_credential_nobody_is_called(world: World) -> None:
    needs_secret(world)
    for secret in ("", "  "):
        provider = world.with_secret(secret)
        failure = failed(await send(provider, provider.encode(sample())))
        expect(failure.reason is Reason.CREDENTIALS_MISSING, f"it is {failure.reason}")
        expect(failure.next is Next.HOLD, "the mail can go once there is a credential")
        expect(not failure.ambiguous, "nobody was called, so nobody has it")
        health = await provider.check(deadline_s=DEADLINE_S)
        expect(health.verdict is Verdict.BAD, f"without a credential it is {health.verdict}")
    expect(await world.arrived() == 0, "without a credential, a mail arrived")


async def a_wrong_credential_holds_the_mail_and_is_bad(world: World) -> None:
    needs_secret(world)
    provider = world.with_secret(changed(world.secret))
    failure = failed(await send(provider, provider.encode(sample())))
    expect(failure.reason is Reason.CREDENTIALS_INVALID, f"it is {failure.reason}")
    expect(failure.next is Next.HOLD and not failure.ambiguous, "the mail waits, surely here")
    health = await provider.check(deadline_s=DEADLINE_S)
    expect(health.verdict is Verdict.BAD, f"with a wrong credential it is {health.verdict}")
    expect(reason_of(health) is Reason.CREDENTIALS_INVALID, f"because of {reason_of(health)}")


async def a_provider_that_is_well_is_good(world: World) -> None:
    health = await world.provider.check(deadline_s=DEADLINE_S)
    expect(health.verdict is Verdict.GOOD, f"it is {health.verdict}, because {reason_of(health)}")
    expect(health.failure is None, f"it is good, and yet there is {reason_of(health)}")
    expect(await world.arrived() == 0, "to ask how it is, a mail was sent")


async def a_sender_that_may_not_send_is_bad_and_the_provider_is_not(world: World) -> None:
    health = await world.provider.check(deadline_s=DEADLINE_S)
    if not health.senders:
        raise SkipTest("this provider lists no senders")
    expect(health.verdict is Verdict.GOOD, f"one sender made all of it {health.verdict}")
    expect(health.senders.get(DOMAIN, ...) is None, f"{DOMAIN} may send, and is not good")
    failure = health.senders.get(OTHER_DOMAIN)
    reason = failure.reason if failure is not None else "nothing"
    expect(reason == Reason.SENDER_UNVERIFIED, f"{OTHER_DOMAIN} may not send: {reason} said so")


async def a_health_check_is_bad_only_for_what_concerns_every_mail(world: World) -> None:
    for trouble in Trouble:
        if not await world.break_(trouble):
            continue
        health = await world.provider.check(deadline_s=SILENCE_S)
        if health.verdict is Verdict.GOOD:
            expect(health.failure is None, f"it {trouble}: good, and {reason_of(health)}")
        else:
            counts = reason_of(health) in HEALTH_REASONS
            is_bad = health.verdict is Verdict.BAD
            expect(counts == is_bad, f"it {trouble}: {reason_of(health)} gave {health.verdict}")
        await world.heal()


async def after_every_trouble_it_sends_again(world: World) -> None:
    for number, trouble in enumerate(Trouble, start=1):
        if not await world.break_(trouble):
            continue
        mail = world.provider.encode(sample(number))
        await send(world.provider, mail, key=f"before.{number}", deadline_s=SILENCE_S)
        await world.heal()
        sent(await send(world.provider, mail, key=f"after.{number}"))


async def no_failure_holds_the_credential(world: World) -> None:
    needs_secret(world)
    for trouble in Trouble:
        if not await world.break_(trouble):
            continue
        mail = world.provider.encode(sample())
        result = await send(world.provider, mail, deadline_s=SILENCE_S)
        health = await world.provider.check(deadline_s=SILENCE_S)
        said = (result, health.failure, *health.senders.values())
        keeps_secret(world.secret, [each for each in said if isinstance(each, Failure)])
        expect(world.secret not in repr(health), f"it {trouble}, and health holds the secret")
        await world.heal()


async def the_fingerprint_tells_credentials_apart_and_reveals_none(world: World) -> None:
    needs_secret(world)
    mine = world.provider.fingerprint
    expect(mine == world.with_secret(world.secret).fingerprint, "one credential, two fingerprints")
    expect(mine != world.with_secret(changed(world.secret)).fingerprint, "two credentials, one")
    expect(world.secret not in mine, "the credential stands in its fingerprint")
    expect(world.secret not in repr(world.provider), "the credential stands in its repr")


async def the_sender_of_an_address_is_what_the_provider_verifies(world: World) -> None:
    verifies_addresses = world.provider.capabilities.verifies_addresses
    expected = f"hello@{DOMAIN}" if verifies_addresses else DOMAIN
    found = world.provider.sender_of(f"hello@{DOMAIN}")
    expect(found == expected, f"the sender is {found}, not {expected}")


CASES: Final[tuple[Case, ...]] = (
    an_envelope_is_part_of_the_hash,
    the_same_mail_gives_the_same_bytes,
    the_bytes_are_those_of_the_first_release,
    a_settled_recipient_is_in_no_bytes,
    an_encoder_that_is_not_known_is_refused,
    an_accepted_mail_has_an_id_and_arrives,
    many_mails_at_once_all_arrive,
    a_repeat_with_the_same_key_is_one_mail,
    another_payload_under_a_used_key_may_be_out,
    a_refusal_is_definite_and_has_a_name,
    too_many_calls_end_no_mail,
    nobody_there_means_that_nothing_was_handed_over,
    half_a_request_means_that_nothing_was_handed_over,
    silence_after_the_whole_request_leaves_it_open,
    what_was_taken_in_silence_is_no_second_mail_when_repeated,
    what_is_called_definite_never_arrived,
    the_deadline_is_kept,
    a_call_that_is_cancelled_ends_as_cancelled,
    without_a_credential_nobody_is_called,
    a_wrong_credential_holds_the_mail_and_is_bad,
    a_provider_that_is_well_is_good,
    a_sender_that_may_not_send_is_bad_and_the_provider_is_not,
    a_health_check_is_bad_only_for_what_concerns_every_mail,
    after_every_trouble_it_sends_again,
    no_failure_holds_the_credential,
    the_fingerprint_tells_credentials_apart_and_reveals_none,
    the_sender_of_an_address_is_what_the_provider_verifies,
)
