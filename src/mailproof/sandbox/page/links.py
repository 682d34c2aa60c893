"""What stands in a mail: its links, and the pictures that it brings along."""

import base64
import binascii
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

from mailproof.sandbox.messages.message import Attachment, Message

__all__ = ["LINKS_MAX", "links_of", "with_pictures"]

LINKS_MAX: Final = 20
# RFC 3986 section 2 says which characters a URL is made of; those that end a sentence end it too.
_URL: Final = re.compile(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_ENDS: Final = ".,;:!?'\")]"
# Characters of pictures in one page: a mail may show a large one a thousand times.
_PICTURES_MAX: Final = 64 * 1024 * 1024
_CID: Final = re.compile(r"cid:([^\"'\s)>]+)", re.IGNORECASE)
# What a browser draws and cannot run; an SVG can hold a script.
_PICTURES: Final = frozenset({"image/gif", "image/jpeg", "image/png", "image/webp"})


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"a", "area"}:
            self.found += [value for name, value in attrs if name == "href" and value]


def links_of(message: Message) -> tuple[str, ...]:
    """Each http and https link once, in the order of the mail; those of the text where there is no
    HTML. At most `LINKS_MAX`."""
    if message.html:
        anchors = _Anchors()
        # No tag is whole behind the last ">"; looking for one there takes the square of its length.
        anchors.feed(message.html[: message.html.rfind(">") + 1])
        found = [each.strip() for each in anchors.found]
    else:
        found = list(_in_text(message.text))
    webby = (each for each in found if each.lower().startswith(("http://", "https://")))
    return tuple(dict.fromkeys(webby))[:LINKS_MAX]


def _in_text(text: str) -> Iterator[str]:
    for match in _URL.finditer(text):
        yield match.group().rstrip(_ENDS)


def with_pictures(message: Message) -> str:
    """The HTML with the pictures that it shows by `cid:` (RFC 2392) put into it, each time that it
    shows one; but no more of them than a page can hold."""
    pictures = {each.content_id: each for each in message.attachments if each.content_id}
    left = _PICTURES_MAX

    def drawn(match: re.Match[str]) -> str:
        nonlocal left
        picture = pictures.get(match[1])
        if picture is None or len(picture.content) > left:
            return match[0]
        url = _data_url(picture)
        left -= len(url)
        return url or match[0]

    return _CID.sub(drawn, message.html)


def _data_url(picture: Attachment) -> str:
    kind = picture.content_type.partition(";")[0].strip().lower() or _kind_by_name(picture.filename)
    if kind not in _PICTURES:
        return ""
    try:
        content = base64.b64decode(picture.content, validate=True)
    except (binascii.Error, ValueError):  # shown as it came, which is not at all
        return ""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}" if content else ""


def _kind_by_name(filename: str) -> str:
    ending = filename.rpartition(".")[2].lower()
    return {"jpg": "image/jpeg"}.get(ending, f"image/{ending}")
