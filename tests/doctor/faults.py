"""How a fault is seeded: small changes to a world that works, to be put together in a table."""

from collections.abc import Callable
from typing import Any

import msgspec

from mailproof.doctor.finding import Status
from tests.doctor.resend_server import DOMAIN, SENDING_ONLY, Answer, refusal
from tests.doctor.world import DKIM, NOW_S, World


class Fault(msgspec.Struct, frozen=True):
    """A sentence that names the fault, how to seed it, and what the doctor must say."""

    name: str
    seed: Callable[[World], Any]
    key: str
    status: Status = Status.FAILED


def env(**values: str | None) -> Callable[[World], None]:
    """Change the environment; None takes a name out of it."""

    def seed(world: World) -> None:
        for name, value in values.items():
            world.env.pop(name, None)
            if value is not None:
                world.env[name] = value

    return seed


def key_at_resend(key: str) -> Callable[[World], None]:
    """A key for Resend itself; the URL is broken on purpose, so that nobody is called."""
    return env(RESEND_API_KEY=key, RESEND_BASE_URL="https://api.resend.com/emails")


def says(answer: Answer) -> Callable[[World], None]:
    """The same answer to everything."""

    def seed(world: World) -> None:
        world.resend.everything = answer

    return seed


def refuse(name: str, status: int, message: str) -> Callable[[World], None]:
    """A sending-only key whose mails are refused like this."""

    def seed(world: World) -> None:
        world.resend.listing = SENDING_ONLY
        world.resend.sending = refusal(status, name, message)

    return seed


def domains(**states: str) -> Callable[[World], None]:
    """What the account has: `acme_test="verified"`."""

    def seed(world: World) -> None:
        world.resend.domains.clear()
        for name, state in states.items():
            world.resend.add_domain(name.replace("_", "."), state)

    return seed


def text(name: str, *values: str) -> Callable[[World], None]:
    """Replace the TXT records of a name; without values there is none."""

    def seed(world: World) -> None:
        full = f"{name}.{DOMAIN}".lstrip(".")
        world.zone.drop(full, "TXT")
        if values:
            world.zone.text(full, *values)

    return seed


def return_path(*targets: str) -> Callable[[World], None]:
    def seed(world: World) -> None:
        world.zone.drop(f"send.{DOMAIN}", "MX")
        if targets:
            world.zone.put(f"send.{DOMAIN}", "MX", *(f"10 {target}." for target in targets))

    return seed


def everything(*seeds: Callable[[World], Any]) -> Callable[[World], None]:
    def seed(world: World) -> None:
        for each in seeds:
            each(world)

    return seed


def sending_only(world: World) -> None:
    world.resend.listing = SENDING_ONLY


def quota(**used: str) -> Callable[[World], None]:
    def seed(world: World) -> None:
        world.resend.headers |= {f"x-resend-{name}-quota": value for name, value in used.items()}

    return seed


def too_many_lookups(world: World) -> None:
    for number in range(11):
        world.zone.text(f"spf{number}.host.test", "v=spf1 ip4:192.0.2.1 -all")
    includes = " ".join(f"include:spf{number}.host.test" for number in range(11))
    world.zone.text(f"send.{DOMAIN}", f"v=spf1 include:amazonses.com {includes} ~all")


def doubled_domain(world: World) -> None:
    world.zone.drop(f"resend._domainkey.{DOMAIN}")
    world.zone.text(f"resend._domainkey.{DOMAIN}.{DOMAIN}", DKIM)


def clock_off(seconds: float) -> Callable[[World], None]:
    def seed(world: World) -> None:
        world.now_s = NOW_S + seconds

    return seed
