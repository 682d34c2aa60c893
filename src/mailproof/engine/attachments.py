"""Attachments given as URLs: fetched when the mail is accepted, so that what is held cannot spoil.

Whoever asks learns at once that a URL gives nothing, and the file is what it was at that moment.
"""

import asyncio
from collections.abc import Sequence
from typing import Final

import msgspec

from mailproof.mail.attachment import Attachment
from mailproof.mail.invalid import InvalidInput
from mailproof.mail.message import SIZE_MAX, Email
from mailproof.providers.fetch import Fetch, Fetched, NotFetched

__all__ = ["fetched", "has_urls"]

_DEADLINE_S: Final = 3.0
# What the limit of a mail counts is base64: four bytes for three.
_RAW_MAX: Final = SIZE_MAX // 4 * 3
# Servers that know nothing better say these; the file's name tells more.
_NO_TYPES: Final = frozenset({"", "application/octet-stream", "binary/octet-stream"})


def has_urls(emails: Sequence[Email]) -> bool:
    """Is there something to fetch?"""
    return any(each.path for email in emails for each in email.attachments)


async def fetched(emails: Sequence[Email], fetch: Fetch) -> tuple[Email, ...]:
    """The same mails with the files in place of their URLs, all fetched at once.

    Raises `InvalidInput` (`invalid_attachment`) with the path of the first that cannot be had.
    """
    wanted = [
        (number, index, each)
        for number, email in enumerate(emails)
        for index, each in enumerate(email.attachments)
        if each.path
    ]
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(fetch(each.path, limit_bytes=_RAW_MAX, deadline_s=_DEADLINE_S))
            for _, _, each in wanted
        ]
    files: dict[tuple[int, int], Attachment] = {}
    for (number, index, each), task in zip(wanted, tasks, strict=True):
        where = f"attachments[{index}].path"
        result = task.result()
        if isinstance(result, NotFetched):
            where = where if len(emails) == 1 else f"[{number}].{where}"
            raise InvalidInput(where, result.problem, result.fix, name="invalid_attachment")
        files[number, index] = _with_content(each, result)
    return tuple(_with_files(email, number, files) for number, email in enumerate(emails))


def _with_content(given: Attachment, got: Fetched) -> Attachment:
    content_type = given.content_type
    if not content_type and got.content_type not in _NO_TYPES:
        content_type = got.content_type
    return msgspec.structs.replace(given, content=got.content, path="", content_type=content_type)


def _with_files(email: Email, number: int, files: dict[tuple[int, int], Attachment]) -> Email:
    """Raises `InvalidInput`: together they are more than a mail may have."""
    return msgspec.structs.replace(
        email,
        attachments=tuple(
            files.get((number, index), each) for index, each in enumerate(email.attachments)
        ),
    )
