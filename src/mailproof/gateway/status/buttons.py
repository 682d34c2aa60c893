"""What a reader can do about it: the buttons below what is said, two at most."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from mailproof.diagnosis.guidance import Language
from mailproof.gateway.status.wording import words

__all__ = ["Button", "buttons_of"]

Act = Literal["again", "address", "support"]

# Where nothing stands, there is nothing to do: the mail goes by itself, or a newer one does.
_OFFERED: Final[Mapping[str, Act]] = {
    "sent": "again",
    "delivered": "again",
    "unreachable": "address",
    "not_sent": "support",
    "stopped": "support",
    "expired": "again",
    "canceled": "again",
    "nothing": "again",
    "sent_if_known": "again",
    "ended": "again",
}
# There, it is the one thing to do.
_FIRST: Final = frozenset({"expired", "canceled", "ended"})


class Button(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`act`: `again` asks the app for another mail, `address` for another address, `support` leads
    to `href`. Only the app can do the first two, so a page of ours has the last one alone.

    `label_in`: while it must still be waited, with `{time}`; `label_failed`: the app could not be
    asked. `domain`: the one to use. `primary`: the thing to do now.
    """

    act: Act
    label: str
    label_in: str = ""
    label_failed: str = ""
    domain: str = ""
    href: str = ""
    primary: bool = False


def buttons_of(
    state: str, language: Language, *, kind: str = "", domain: str = "", support: str = ""
) -> tuple[Button, ...]:
    """`kind`: what is in the mail, `link` or `code`; `domain`: the one that was probably meant;
    `support`: the URL of the operator's choice, empty: none."""
    said = words(language)["buttons"]
    match _OFFERED.get(state):
        case "again":
            what = kind if state == "expired" and f"{kind}_in" in said else "again"
            again = Button(
                act="again",
                label=said[what],
                label_in=said[f"{what}_in"],
                label_failed=said["failed"],
                primary=state in _FIRST,
            )
            return (again,)
        case "address":
            other = Button(act="address", label=said["other"], primary=not domain)
            if not domain:
                return (other,)
            label = said["use"].format(domain=domain)
            return (Button(act="address", label=label, domain=domain, primary=True), other)
        case "support" if support:
            scheme, _, rest = support.partition(":")
            label = rest.partition("?")[0] if scheme == "mailto" else said["support"]
            return (Button(act="support", label=label, href=support),)
        case _:
            return ()
