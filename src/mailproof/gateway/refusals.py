"""What we refuse is not lost either: gathered for a second, merged, logged and handed on."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog

from mailproof.diagnosis.guidance.language import OperatorLanguage
from mailproof.diagnosis.placeholder import is_placeholder
from mailproof.diagnosis.redaction.display_names import masked
from mailproof.diagnosis.redaction.redact import redact_text
from mailproof.gateway.exchange import Refused, Request, writable
from mailproof.mail.address import Address
from mailproof.mail.invalid import InvalidInput
from mailproof.store.base import CommitUnknown, StoreError
from mailproof.store.records.refusals import OTHERS, NewRefusal, RefusalKind

__all__ = ["Note", "Refusals", "message_of", "recipient_of", "sender_of"]

Note = Callable[[Sequence[NewRefusal]], Awaitable[None]]

_EVERY_S: Final = 1.0
# A kind that goes on is logged again so often, with how many there were.
_LOG_AGAIN_S: Final = 60.0
# Kinds of one minute; what comes beyond them is counted together, or a scanner could fill the log.
_KINDS_MAX: Final = 100
_SHOWN_MAX: Final = 40
_ADDRESS_MAX: Final = 200
_OF_A_RECIPIENT: Final = re.compile(r"(?:^|\.)(?:to|cc|bcc|reply_to)(?:\[\d+\])?$")
_QUOTED: Final = re.compile(r"'[^']+'|\"[^\"]+\"")
_PLACE: Final = re.compile(r"\[(\d{1,9})\]")

_log: structlog.typing.FilteringBoundLogger = structlog.get_logger("mailproof.gateway")

# `NAME=value` would be readable too, but not in the log, which redacts what follows a key's name.
_WORDS: Final[Mapping[str, Mapping[OperatorLanguage, str]]] = {
    "key": {
        "en": "RESEND_API_KEY is `{value}` in the app's environment, which is a placeholder: make "
        "a key with `mailproof keys create NAME` and put it there.",
        "zh": "应用环境变量里的 RESEND_API_KEY 是 `{value}`，这是占位符：用 "
        "`mailproof keys create NAME` 生成一个密钥，填到那里。",
    },
    "from": {
        "en": "RESEND_FROM is `{value}` in the app's environment, which is a placeholder: put an "
        "address of your verified domain there, alone or in `<…>` behind a name.",
        "zh": "应用环境变量里的 RESEND_FROM 是 `{value}`，这是占位符：请填上你已验证域名的地址，"
        "只写地址，或者名称后面跟 `<地址>`。",
    },
    "once_valid": {
        "en": "The app still uses a key that was revoked: make a new one with `mailproof keys "
        "create NAME`, replace it there and restart the app.",
        "zh": "应用还在使用已吊销的密钥：用 `mailproof keys create NAME` 生成新的密钥，"
        "替换后重启应用。",
    },
}

_Key = tuple[str, str, str, str, str]


class _Gathered(msgspec.Struct):
    first: NewRefusal
    last: NewRefusal
    count: int


class _Told(msgspec.Struct):
    """`at`: when it was logged last; `missed`: how many came since."""

    at: float
    missed: int


class Refusals:
    """`note` writes them down. `now_ms`: UTC in milliseconds; `monotonic`: seconds."""

    def __init__(
        self,
        note: Note,
        language: OperatorLanguage,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._note = note
        self._language = language
        self._monotonic = monotonic
        self._gathered: dict[_Key, _Gathered] = {}
        self._told: dict[_Key, _Told] = {}
        self._first = asyncio.Event()

    def add(self, new: NewRefusal, request: Request, refused: Refused) -> None:
        """Take note of one. The first of its kind in a minute is logged and handed on at once."""
        now = self._monotonic()
        key = (new.kind.value, new.app, new.key_fingerprint, new.name, new.path)
        told = self._told.get(key)
        if told is None and len(self._told) >= _KINDS_MAX:
            self._forget(now)
            if len(self._told) >= _KINDS_MAX:
                key = (new.kind.value, "", "", OTHERS, "")
                new = msgspec.structs.replace(
                    new, app="", key_fingerprint="", name=OTHERS, path="", message=""
                )
                told = self._told.get(key)
        self._gather(key, new)
        if told is not None and now - told.at < _LOG_AGAIN_S:
            told.missed += 1
            return
        count = 1 if told is None else told.missed + 1
        self._told[key] = _Told(now, 0)
        self._tell(new, request, refused, count)
        self._first.set()

    async def run(self) -> None:
        """Hand on what was gathered, each second and when something new comes, until canceled."""
        while True:
            try:
                async with asyncio.timeout(_EVERY_S):
                    await self._first.wait()
            except TimeoutError:
                if not self._gathered:
                    continue
            await self.flush()

    async def flush(self) -> None:
        """What cannot be written now is kept, merged with what comes until it can."""
        self._first.clear()
        taken, self._gathered = self._gathered, {}
        if not taken:
            return
        # The structs are shared, so that a count of thousands is a list and no more.
        refusals = [
            new for each in taken.values() for new in (each.first, *[each.last] * (each.count - 1))
        ]
        try:
            await self._note(refusals)
        except CommitUnknown as error:
            # Once more would count them twice, and a count may be lost before it may be wrong.
            _log.warning("refusals.lost", count=len(refusals), error=str(error))
        except StoreError as error:
            _log.warning("refusals.kept", count=len(refusals), error=str(error))
            for key, each in taken.items():
                self._keep(key, each)
        except Exception as error:  # noqa: BLE001 - what a stranger sent must never stop the gateway
            _log.critical("refusals.lost", count=len(refusals), exc_info=error)

    def _gather(self, key: _Key, new: NewRefusal) -> None:
        if (each := self._gathered.get(key)) is None:
            self._gathered[key] = _Gathered(new, new, 1)
        else:
            each.last = new
            each.count += 1

    def _keep(self, key: _Key, each: _Gathered) -> None:
        if (newer := self._gathered.get(key)) is not None:
            newer.first = each.first
            newer.count += each.count
        else:
            self._gathered[key] = each

    def _forget(self, now: float) -> None:
        self._told = {key: told for key, told in self._told.items() if now - told.at < _LOG_AGAIN_S}

    def _tell(self, new: NewRefusal, request: Request, refused: Refused, count: int) -> None:
        fix = self._fix(new, request, refused)
        facts: dict[str, Any] = {
            "kind": new.kind.value,
            "app": new.app,
            "client": new.client,
            "user_agent": request.user_agent,
            "path": new.path,
            "name": new.name,
            "status": new.status,
            "where": refused.where,
            "error": refused.detail,
            "purpose": new.purpose,
            "recipient": new.recipient,
            "count": count,
            "fix": fix,
        }
        present = {name: value for name, value in facts.items() if value != ""}
        if fix or refused.detail:
            _log.error("application.refused", **present)
        elif new.kind is RefusalKind.NO_KEY:
            _log.info("application.refused", **present)
        else:
            _log.warning("application.refused", **present)

    def _fix(self, new: NewRefusal, request: Request, refused: Refused) -> str:
        """What a human must change; empty where it is not sure that one must."""
        if new.kind is RefusalKind.PLACEHOLDER:
            return _WORDS["key"][self._language].format(value=request.token[:_SHOWN_MAX])
        if new.kind is RefusalKind.ONCE_VALID:
            return _WORDS["once_valid"][self._language]
        if refused.where.rpartition(".")[2] == "from":
            sender = sender_of(request.body, refused.where)
            if sender and is_placeholder(sender):
                return _WORDS["from"][self._language].format(value=sender[:_SHOWN_MAX])
        return ""


def recipient_of(body: bytes, where: str = "") -> str:
    """The first recipient of the mail that `where` lies in, masked; empty: there is none."""
    to = _mail_at(body, where).get("to")
    if isinstance(to, list):
        to = to[0] if to else ""
    if not isinstance(to, str) or not to.strip():
        return ""
    try:
        Address.parse(to, where="to")
    except InvalidInput:  # it may be a person all the same
        return masked(writable(to.strip()))
    return redact_text(writable(to[:_ADDRESS_MAX]))


def message_of(refused: Refused) -> str:
    """The answer's message as it may be kept: what is no address may be a person all the same."""
    if not _OF_A_RECIPIENT.search(refused.where):
        return refused.message
    return _QUOTED.sub(lambda found: f"'{masked(found[0][1:-1])}'", refused.message)


def sender_of(body: bytes, where: str = "") -> str:
    """From as it was given in the mail that `where` lies in; empty: there is none."""
    sender = _mail_at(body, where).get("from")
    return writable(sender.strip()) if isinstance(sender, str) else ""


def _mail_at(body: bytes, where: str) -> Mapping[str, Any]:
    try:
        tree = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return {}
    if isinstance(tree, list):
        place = _PLACE.match(where)
        index = int(place[1]) if place else 0
        tree = tree[index] if index < len(tree) else {}
    return tree if isinstance(tree, dict) else {}
