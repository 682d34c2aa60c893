"""Fields that hold what people wrote to each other, or who they are: what their values become.

A mail's content says nothing about why it failed, and everything about two people; of it only the
length stays. A field such as `text` or `body` is content in a mail (a mapping with a sender and a
subject or recipients) and an answer everywhere else, so the mapping around it decides.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import Enum
from typing import Final

__all__ = ["ATTRIBUTES", "Private", "is_mail", "is_mailbox", "length_of", "role_of"]


class Private(Enum):
    """What a field holds. All but `MAILBOX` and `NAME` hold it at any depth below."""

    SECRET = "secret"  # noqa: S105 - a role, no password
    CONTENT = "content"
    VARIABLES = "variables"  # what is filled into a template: names, links, amounts
    PHONE = "phone"
    NAME = "name"
    MAILBOX = "mailbox"


def _spelled(*names: str) -> Iterator[str]:
    """`html body` as htmlbody (for HtmlBody too), html_body and html-body."""
    for name in names:
        yield from (name.replace(" ", joint) for joint in ("", "_", "-"))


_CONTENT: Final = _spelled(
    *("html", "html body", "text body", "html content", "text content", "plain content"),
    *("html part", "text part", "html message", "text message", "body html", "body text"),
    *("body plain", "body mime", "body calendar", "amp html", "stripped html", "stripped text"),
    *("stripped signature", "raw message", "raw email", "mime message", "attachment"),
    *("attachments", "inlined attachments"),
)
_VARIABLES: Final = _spelled(
    *("template data", "dynamic template data", "template model", "template variables"),
    *("replacement template data", "replacement tags", "substitutions", "substitution data"),
    *("merge vars", "global merge vars", "personalization", "recipient variables"),
)
_NAMES: Final = _spelled(
    *("first name", "last name", "full name", "given name", "family name", "display name"),
    *("contact name", "customer name", "recipient name", "sender name", "from name", "to name"),
)
_MAILBOXES: Final = _spelled(
    *("from", "to", "cc", "bcc", "reply to", "reply to addresses", "sender", "recipient"),
    *("recipients", "email", "source", "destination", "destinations", "from address"),
    *("from email", "from email address", "to address", "to addresses", "cc addresses"),
    *("bcc addresses", "return path", "mail from", "rcpt to"),
)
_PHONES: Final = _spelled("phone", "phone number", "mobile", "mobile phone", "telephone", "tel")

# Content if they stand in a mail.
_IN_A_MAIL: Final = frozenset(
    "subject text body content contents plain raw data amp alternatives".split()
)
_SENDERS: Final = frozenset(
    _spelled("from", "sender", "from email", "from email address", "source")
)
_OTHERS_IN_A_MAIL: Final = frozenset(
    _spelled("to", "cc", "bcc", "subject", "recipients", "destination", "destinations")
) | {"personalizations", "toaddresses"}
# Notifications carry the mail's content beside its description.
_DESCRIPTION: Final = "mail"


_LENGTH: Final = re.compile(r"\[\d{1,12} characters?\]")
# `{"html": "required"}` is what a provider says about the field.
_COMPLAINT: Final = re.compile(
    r"(?i)(?=.{1,80}\Z)(?:the [\w. -]{1,40} )?(?:is |are |was )?"
    r"(?:required|missing|invalid|empty|not allowed|must (?:be|not|have)|may not|can(?:no|')t be)\b"
)

# What tells about an attachment and is none of its content.
ATTRIBUTES: Final = frozenset(
    _spelled(
        *("type", "content type", "mime type", "file name", "name", "disposition", "charset"),
        *("content disposition", "encoding", "content id", "cid", "content length", "size"),
    )
)
_ADDRESSES: Final = frozenset("email address mail emailaddress mailaddress".split())
_OF_A_MAILBOX: Final = _ADDRESSES | {"name", "type", "mailboxhash"}
# Below these stands what is wrong with a field, under the field's name.
_COMPLAINTS: Final = frozenset(_spelled("errors", "error messages", "field errors", "violations"))


def is_mail(fields: Iterable[object]) -> bool:
    """Is this the mapping of a mail, as an application gives it or a provider hands it back?"""
    low = {str(name).lower() for name in fields}
    if not low.isdisjoint(_SENDERS):
        return not low.isdisjoint(_OTHERS_IN_A_MAIL)
    return _DESCRIPTION in low


def is_mailbox(fields: Iterable[object]) -> bool:
    """Is this `{"email": …, "name": …}` and nothing else, so that its name is a person's?"""
    low = {str(name).lower() for name in fields}
    return low <= _OF_A_MAILBOX and not low.isdisjoint(_ADDRESSES)


Check = Callable[[Iterable[object]], bool]
_ROLES: Final[Mapping[str, tuple[Private, Check | None]]] = {
    **dict.fromkeys(_MAILBOXES, (Private.MAILBOX, None)),
    **dict.fromkeys(_NAMES, (Private.NAME, None)),
    "name": (Private.NAME, is_mailbox),
    **dict.fromkeys(_PHONES, (Private.PHONE, None)),
    **dict.fromkeys(_VARIABLES, (Private.VARIABLES, None)),
    **dict.fromkeys(_CONTENT, (Private.CONTENT, None)),
    **dict.fromkeys(_IN_A_MAIL, (Private.CONTENT, is_mail)),
}


def role_of(name: str, around: Iterable[object], under: str) -> Private | None:
    """What the field `name` holds, if it is somebody's own.

    `around`: the names of the fields beside it; `under`: the field in which they stand.
    """
    found = _ROLES.get(name.lower())
    if found is None:
        return None
    role, only_in = found
    if only_in is not None and not only_in(around):
        return None
    if under.lower() in _COMPLAINTS:
        return None
    return role


def length_of(value: str) -> str:
    """What is shown in place of content; a complaint about it stays, and so does a length."""
    if not value or _LENGTH.fullmatch(value) or _COMPLAINT.match(value):
        return value
    return "[1 character]" if len(value) == 1 else f"[{len(value)} characters]"
