"""What a mail looks like, drawn so that it can do nothing: for a frame of its own.

Nothing of the mail's markup is passed on but tags and attributes that only lay out text. No script,
no form, no link that leads anywhere, nothing that is loaded. In the masked drawing links and codes
are covered in the bytes, not by style.
"""

import re
from collections.abc import Mapping
from html import escape
from typing import Any, Final

import msgspec

from mailproof.console.pages.markup import BLOCKS, Texts, words_of_markup
from mailproof.console.pages.masking import codes_in, mask

__all__ = ["CSP", "SHOWN_MAX", "Letter", "draw", "letter_of"]

# `sandbox` without a word: no scripts, no forms, an origin of its own, and it leads nowhere.
CSP: Final = (
    b"sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    b"base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

# Characters of a text, and of its markup. Mail programs show less: Gmail cuts at 102 kB.
SHOWN_MAX: Final = 150_000
_SEARCHED_MAX: Final = 3 * SHOWN_MAX

_INLINE: Final = frozenset(
    "a abbr b bdi bdo big cite code del dfn em font i ins kbd label mark q rp rt ruby s samp small"
    " span strike strong sub sup time tt u var wbr button legend".split()
)
_VOID: Final = frozenset({"br", "hr", "wbr", "col"})
# Drawn as something else: it would do something, or belongs to a whole page.
_AS: Final[Mapping[str, str]] = {"a": "span", "button": "span", "label": "span", "body": "div"}
# What is in these is not text for the reader.
_SILENT: Final = frozenset(
    "applet audio canvas datalist embed iframe map math meter noembed noframes noscript object"
    " progress script select svg template textarea title video".split()
)
# Of these there is nothing to be closed.
_SILENT_VOID: Final = frozenset({"embed"})
_ATTRIBUTES: Final = frozenset(
    "style align valign width height bgcolor color border cellpadding cellspacing colspan rowspan"
    " dir lang class face size".split()
)
# What a style would load, or compute.
_LOADS: Final = re.compile(
    r"(?i)(?:url|image-set|src)\s*\((?:\s*(?:\"[^\"]*\"|'[^']*')\s*|[^)]*)\)?"
    r"|@import[^;]*;?|expression\s*\("
)
# What is read as it is meant, or is no text.
_NO_TEXT: Final = frozenset({"subject", "text", "html", "attachments", "from", "to", "cc", "bcc"})
_DATA_IMAGE: Final = re.compile(r"(?i)data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=\s]+")
_PAGE: Final = """<!doctype html>
<html lang="{lang}"><head><meta charset="utf-8"><title>{title}</title><style>
html {{ color-scheme: light; }}
body {{ margin: 24px; background: #fff; color: #13201a; font: 14px/1.5 system-ui, sans-serif; \
overflow-wrap: anywhere; }}
pre.mailproof-text {{ white-space: pre-wrap; font: inherit; margin: 0; }}
.mailproof-subject {{ font-weight: 600; border-bottom: 1px solid #e2e6e3; margin: 0 0 16px; \
padding-bottom: 12px; }}
.mailproof-link {{ color: #4d5a54; font: 12px/1.4 ui-monospace, monospace; }}
.mailproof-image {{ display: inline-block; border: 1px dashed #828c87; color: #4d5a54; \
font-size: 12px; padding: 2px 6px; }}
</style></head><body>{body}</body></html>
"""


class Letter(msgspec.Struct, frozen=True):
    """What a mail says to its reader. `codes`: those in it, wherever they stand. `cut`: it says
    more than is shown."""

    subject: str
    text: str
    html: str
    codes: frozenset[str]
    cut: bool = False


def letter_of(content: Mapping[str, Any], *, expected: bool) -> Letter:
    """From the mail in Resend's JSON. `expected`: such a mail is likely to hold a code.

    Takes some 3 ms for each 1,000 characters, at most `SHOWN_MAX` of text and of markup: not for
    the event loop.
    """
    subject, whole_text, whole_html = (
        value if isinstance(value := content.get(name), str) else ""
        for name in ("subject", "text", "html")
    )
    text, html = whole_text[:SHOWN_MAX], whole_html[:SHOWN_MAX]
    rest = {name: value for name, value in content.items() if name not in _NO_TEXT}
    values = msgspec.json.encode(rest).decode()
    seen = "\n\n".join((subject, text, words_of_markup(html), values))
    cut = (text, html) != (whole_text, whole_html)
    return Letter(subject, text, html, codes_in(seen[:_SEARCHED_MAX], expected=expected), cut)


def draw(letter: Letter, *, masked: bool, lang: str, title: str) -> bytes:
    """A whole page with the mail's markup, or its text if it has no other.

    Not `masked`: where each link leads stands before it, and pictures that came along are shown.
    """
    if letter.html:
        drawing = _Drawing(letter.codes if masked else None)
        drawing.feed(letter.html)
        drawing.close()
        body = drawing.drawn()
    else:
        text = mask(letter.text, letter.codes) if masked else letter.text
        body = f'<pre class="mailproof-text">{escape(text)}</pre>'
    if not masked:
        body = f'<p class="mailproof-subject">{escape(letter.subject)}</p>{body}'
    return _PAGE.format(lang=lang, title=escape(title), body=body).encode()


class _Drawing(Texts):
    """The markup with nothing but what may stay. `codes` None: nothing is covered."""

    def __init__(self, codes: frozenset[str] | None) -> None:
        super().__init__()
        self._codes = codes
        self._open: list[tuple[str, str]] = []  # as written, and as drawn
        self._silent: list[str] = []
        self._style = False

    def drawn(self) -> str:
        """Every tag that it opens it closes."""
        self.put_texts(self._codes)
        return "".join([*self.pieces, *(f"</{drawn}>" for _, drawn in reversed(self._open))])

    def written(self, text: str) -> str:
        return escape(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._silent or tag in _SILENT:
            if tag in _SILENT - _SILENT_VOID:
                self._silent.append(tag)
        elif tag == "style":
            self._style = True
        elif tag == "img":
            self._picture(dict(attrs))
        elif tag in BLOCKS or tag in _INLINE:
            self._open_tag(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        # `<svg/>` has nothing in it; any other tag that closes itself does so to nobody's eyes.
        if tag not in _SILENT:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._silent:
            if tag in self._silent:
                del self._silent[self._silent.index(tag) :]
            return
        if tag == "style":
            self._style = False
            return
        self.pass_tag(tag)
        if all(written != tag for written, _ in self._open):
            return
        while self._open:
            written, drawn = self._open.pop()
            self.pieces.append(f"</{drawn}>")
            if written == tag:
                return

    def handle_data(self, data: str) -> None:
        if self._silent:
            return
        if self._style:
            # Browsers end it at `</style x>` too, which Python's parser takes for a part of it.
            said = self._covered(_LOADS.sub("none", data.replace("<!--", ""))).replace("<", "")
            self.pieces.append(f"<style>{said}</style>")
        else:
            self.say(data)

    def _open_tag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.pass_tag(tag)
        drawn = _AS.get(tag, tag)
        kept = {
            name: self._covered(_LOADS.sub("none", value))
            for name, value in attrs
            if name in _ATTRIBUTES and value is not None
        }
        told = "".join(f' {name}="{escape(value)}"' for name, value in kept.items())
        self.pieces.append(f"<{drawn}{told}>")
        if tag not in _VOID:
            self._open.append((tag, drawn))
        href = dict(attrs).get("href")
        if tag == "a" and href and self._codes is None:
            self.pieces.append(f'<span class="mailproof-link">[{escape(href)}]</span> ')

    def _covered(self, value: str) -> str:
        return value if self._codes is None else mask(value, self._codes)

    def _picture(self, attrs: dict[str, str | None]) -> None:
        source, said = attrs.get("src") or "", attrs.get("alt") or ""
        told = escape(self._covered(said))
        if self._codes is None and _DATA_IMAGE.fullmatch(source):
            self.pieces.append(f'<img src="{escape(source)}" alt="{told}">')
        elif told.strip():
            self.pieces.append(f'<span class="mailproof-image">{told}</span>')
