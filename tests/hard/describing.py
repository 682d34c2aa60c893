"""Requests made of the published description, right ones and wrong ones, and what must hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import CheckFunction, not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from mailproof.config.settings import Rate, Secret, Settings
from tests.whole.canaries import HOOK_SECRET
from tests.whole.house import QUICK, House

__all__ = ["CHECKS", "Operation", "ask", "described", "open_house", "operations"]

CHECKS: Final[list[CheckFunction]] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    allow_header_conformance,
]
DEADLINE_S: Final = 10.0

# What the description can say only in words.
_NAMES: Final = st.text(st.characters(exclude_categories=["C", "Z"], exclude_characters='<>@"'))
_LOCAL: Final = st.from_regex(r"[a-z0-9][a-z0-9+._-]{0,20}[a-z0-9]", fullmatch=True).filter(
    lambda text: ".." not in text
)
_MAILBOXES: Final = st.builds(
    lambda name, local, domain: f"{name} <{local}@{domain}>" if name else f"{local}@{domain}",
    _NAMES.map(lambda name: name[:40]),
    _LOCAL,
    st.sampled_from(["acme.test", "kunde.test", "例え.jp", "sub.example.co.uk"]),
)
_TIMES: Final = st.builds(
    "in {} {}".format, st.integers(1, 29), st.sampled_from(["days", "minutes"])
)
FORMATS: Final = {
    "mailbox": _MAILBOXES,
    "schedule": _TIMES,
    # Nothing is fetched from there, and that is answered at once.
    "uri": st.just("http://127.0.0.1:9/file.pdf"),
}


def described(house: House) -> Any:
    """The description as the house publishes it."""
    for name, strategy in FORMATS.items():
        schemathesis.openapi.format(name, strategy)
    return schemathesis.openapi.from_url(f"{house.url}/openapi.json")


Operation = Any


def operations(schema: Any) -> list[Operation]:
    return [each.ok() for each in schema.get_all_operations() if isinstance(each, Ok)]


def ask(house: House, case: Case[Any]) -> Any:
    """One request, with the house's key, and all that must hold of its answer."""
    headers = {"authorization": f"Bearer {house.key}"}
    answer = case.call(base_url=house.url, headers=headers, timeout=DEADLINE_S)
    case.validate_response(answer, checks=CHECKS, headers=headers)
    return answer


@contextmanager
def open_house(folder: Path) -> Iterator[House]:
    """All of it, with the sandbox behind, which takes what comes as fast as it comes."""

    def adjust(settings: Settings) -> Settings:
        (provider,) = settings.providers
        hook = Secret("literal", lambda: HOOK_SECRET)
        provider = msgspec.structs.replace(provider, webhook_secrets=(hook,))
        return msgspec.structs.replace(
            settings, providers=(provider,), public_url="https://mail.acme.test"
        )

    delivery = msgspec.structs.replace(QUICK, wait_s=0.2)
    with House(folder, delivery=delivery, rate=Rate(10_000, 1.0), adjust=adjust) as house:
        yield house
