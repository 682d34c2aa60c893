"""The markup of a mail, taken apart: what can be read in it, and how it was written.

Whatever is covered is covered over all texts at once, because a code may be spread over several
tags: `<td>4</td><td>8</td>…`.
"""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Final

from mailproof.console.pages.masking import DOT, SEAM, mask, mask_evenly, shorten

__all__ = ["BLOCKS", "Texts", "mask_markup", "words_of_markup"]

BLOCKS: Final = frozenset(
    "address article aside blockquote caption center dd div dl dt fieldset figcaption figure footer"
    " h1 h2 h3 h4 h5 h6 header hr li main nav ol p pre section table tbody td tfoot th thead tr ul"
    " br col colgroup body".split()
)
# What is in these is not read by anybody.
_UNREAD: Final = frozenset({"style", "script"})
_VALUE: Final = re.compile(r"""([\w:-]+)(\s*=\s*)("[^"]*"|'[^']*'|[^\s>"']+)""")
_LEADS: Final = frozenset(
    "href src srcset action formaction background poster data cite longdesc usemap ping".split()
)
# What people may read that is no text.
_READ: Final = frozenset({"alt", "title", "value", "placeholder", "content", "aria-label"})
# `<![if !mso]>`, and what begins like it: Python's parser refuses those that it does not know.
_MARKED: Final = re.compile(r"<!\[[^>]*>?")
_HOST_ALONE: Final = re.compile(r"(?i)https?://[a-z0-9.-]+/?")


class Texts(HTMLParser):
    """Pieces of markup in order, and the texts among them, which are put in at the end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._texts: list[tuple[int, int, str]] = []  # its piece, its place in the words, itself
        self._words: list[str] = []
        self._length = 0

    def feed(self, data: str) -> None:
        """Take markup in, all of it at once."""
        whole, end, rest = _MARKED.sub("", data).rpartition(">")
        # Behind the last ">" no tag is whole, and Python's parser would look for its end at each
        # "<" anew: half a minute for 150,000 characters.
        super().feed(f"{whole}{end}{rest.replace('<', '&lt;')}")

    @property
    def words(self) -> str:
        """All that can be read; blocks stand on lines of their own."""
        return "".join(self._words)

    def say(self, text: str) -> None:
        """A text follows here."""
        self._texts.append((len(self.pieces), self._length, text))
        self.pieces.append("")
        self._add(text)

    def overhear(self, text: str) -> None:
        """A text that stands elsewhere, and may hold a code: a line of its own."""
        self._add(f"\n{text}\n")

    def pass_tag(self, tag: str) -> None:
        """A tag stands here: after that of a block, what follows is read as a line of its own."""
        self._add("\n" if tag in BLOCKS else SEAM)

    def put_texts(self, codes: frozenset[str] | None) -> None:
        """Put the texts in their places; `codes` None: nothing is covered."""
        covered = None if codes is None else mask_evenly(self.words, codes)
        for piece, place, text in self._texts:
            said = text if covered is None else shorten(covered[place : place + len(text)])
            self.pieces[piece] = self.written(said)

    def written(self, text: str) -> str:
        """A text as it stands in what is made of the markup."""
        return text

    def _add(self, text: str) -> None:
        self._words.append(text)
        self._length += len(text)


def words_of_markup(source: str) -> str:
    """What can be read in it."""
    return _taken_apart(source, frozenset()).words


def mask_markup(source: str, codes: frozenset[str]) -> str:
    """The markup nearly as it was written, with links and codes covered; comments are left out."""
    source_ = _taken_apart(source, codes)
    source_.put_texts(codes)
    return "".join(source_.pieces)


def _taken_apart(source: str, codes: frozenset[str]) -> "_Source":
    parser = _Source(codes)
    parser.feed(source)
    parser.close()
    return parser


class _Source(Texts):
    def __init__(self, codes: frozenset[str]) -> None:
        super().__init__()
        self._codes = codes
        self._unread = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unread = tag in _UNREAD
        self.pass_tag(tag)
        for name, value in attrs:
            if name in _READ and value:
                self.overhear(value)
        told = self.get_starttag_text() or f"<{tag}>"
        self.pieces.append(_VALUE.sub(self._covered, told))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self._unread = False

    def handle_endtag(self, tag: str) -> None:
        self._unread = False
        self.pass_tag(tag)
        self.pieces.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if self._unread:
            self.pieces.append(mask(data, self._codes))
        else:
            self.say(data)

    def handle_comment(self, data: str) -> None:
        self.pieces.append("<!-- … -->")

    def handle_decl(self, decl: str) -> None:
        self.pieces.append(f"<!{decl}>")

    def _covered(self, found: re.Match[str]) -> str:
        name, sign, value = found.groups()
        quote = value[0] if value[0] in "\"'" else ""
        bare = unescape(value[1:-1] if quote else value)
        told = mask(bare, self._codes)
        if name.lower() in _LEADS and told == bare and bare not in ("", "#"):
            # Without a host that could be shown: all of it may be the secret.
            told = bare if _HOST_ALONE.fullmatch(bare) else DOT * 3
        return f"{name}{sign}{quote}{told}{quote}" if told != bare else found[0]
