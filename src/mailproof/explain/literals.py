"""Read objects as programs print them: JSON, Node's `util.inspect`, Python's `repr`, Ruby hashes.

One tolerant grammar instead of four exact ones: pastes are cut, mixed and copied by hand, and
nothing here is executed.
"""

import json
import re
from typing import Any, Final

from mailproof.diagnosis.evidence import decode_text

__all__ = ["ERROR_NAME", "Unreadable", "read_error", "read_literal"]

_DEPTH_MAX: Final = 40
_LENGTH_MAX: Final = 200_000
_MESSAGE_MAX: Final = 4_000
_decoder: Final = json.JSONDecoder()

_SPACE: Final = re.compile(r"\s*")
_NUMBER: Final = re.compile(r"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?n?(?=[\s,}\])]|$)")
_KEY: Final = re.compile(r"\[[\w$.()@ -]{1,60}\]|:?[\w$@.-]{1,80}\??")
_SEPARATOR: Final = re.compile(r"\s*(?:=>|:|=)\s*")
_WORDS: Final = {
    "null": None, "None": None, "nil": None, "undefined": None, "NULL": None, "NaN": None,
    "true": True, "True": True, "false": False, "False": False,
}  # fmt: skip
_WORD: Final = re.compile(r"[A-Za-z]+(?=[\s,}\])]|$)")
_STRING: Final = re.compile(r"[bBuUrR]{0,2}(\"\"\"|'''|[\"'`])")
_ABBREVIATED: Final = re.compile(
    r"\[(?:Object|Array|Circular|Function|Async|Generator|class|Getter|Setter|Symbol)[^\]\n]{0,80}\]"
    r"|<(?:Buffer|ref|\d+ empty)[^>\n]{0,400}>|\.\.\. \d+ more [\w ]+"
)
# `AxiosHeaders {`, `Map(2) {`, `[Object: null prototype] {`, `#<Net::HTTPForbidden ` and the like
_CLASS: Final = re.compile(
    r"(?:<ref \*\d+> )?(?:\[[^\]\n]{1,60}\]"
    r"|[A-Za-z_$][\w$.:]{0,80}(?:\(\d+\))?)(?: \[[^\]\n]{1,60}\])? ?(?=[{\[]\s)"
)
_CALL: Final = re.compile(r"([A-Za-z_][\w.]{0,80})\((?=[A-Za-z_]\w{0,60}=|\))")
_BARE: Final = re.compile(r"[^,}\])\n]{1,2000}")
_GLUE: Final = re.compile(r"\s*\+\s*(?=[\"'`])")

# A class name with its modules or namespaces. Possessive, so that long texts cost one pass.
ERROR_NAME: Final = (
    r"(?<![\w$.\\])[A-Za-z_$](?:[\w$]++(?:::|[.\\])?+)*+"
    r"(?:(?<=Error)|(?<=Exception)|(?<=Failure)|(?<=Timeout))"
)
_ERROR: Final = re.compile(
    rf"\[?({ERROR_NAME}"
    # AWS names its exceptions without saying so: `MessageRejected: …`
    r"|[A-Z][a-z]+[A-Z]\w{2,60}(?=: [^\n]{0,1000}\n\s{1,12}at ))"
    r"(?: \[(\w{1,60})\])?(?:: |:?(?=\n\s{1,12}at ))"
)
_FRAME: Final = re.compile(r"\n[ \t]+(?:at |\.\.\. \d+ (?:lines|more)|--- End of )[^\n]*")
# Where Node prints an error's own fields: on the line where it ends, or below its last line break.
_FIELDS: Final = re.compile(r"\n? \{\n| \{ [\w$'\"]{1,60}: ")
_HEX: Final = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4}))")
_PLAIN: Final = re.compile(r"[^\\\"'`]+")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\n": ""}


class Unreadable(ValueError):
    """Here stands no object that anybody could read."""


def read_literal(text: str, start: int) -> tuple[Any, int]:
    """Read the object that begins at `start`; return it and the position behind it.

    Raises `Unreadable`.
    """
    try:
        return _decoder.raw_decode(text, start)
    except (ValueError, RecursionError):
        return _Literals(text[: start + _LENGTH_MAX]).value(start, 0)


def read_error(text: str, start: int) -> tuple[dict[str, Any], int] | None:
    """Read `TypeError [CODE]: message`, its stack and the fields printed behind; None if absent."""
    if not (head := _ERROR.match(text, start)):
        return None
    return _Literals(text[: start + _LENGTH_MAX]).error(head, 0)


class _Literals:
    """A recursive descent over one text. Positions go in and out; the text never changes."""

    def __init__(self, text: str) -> None:
        self.text = text

    def value(self, at: int, depth: int) -> tuple[Any, int]:
        if depth > _DEPTH_MAX:
            raise Unreadable("nested too deep")
        at = self._space(at)
        if hit := _ABBREVIATED.match(self.text, at):
            return None, hit.end()
        if head := _ERROR.match(self.text, at):
            return self.error(head, depth)
        if hit := _CLASS.match(self.text, at):
            at = hit.end()
        match self.text[at : at + 1]:
            case "{":
                return self._mapping(at + 1, "}", depth)
            case "[" | "(":
                return self._sequence(at, depth)
        if hit := _STRING.match(self.text, at):
            return self._string(hit)
        if hit := _NUMBER.match(self.text, at):
            number = hit[0].rstrip("n")
            return (
                int(number) if len(number) < 20 and number.isdecimal() else float(number)
            ), hit.end()
        if (hit := _WORD.match(self.text, at)) and hit[0] in _WORDS:
            return _WORDS[hit[0]], hit.end()
        if hit := _CALL.match(self.text, at):
            fields, end = self._mapping(hit.end(), ")", depth)
            return {"name": hit[1], **fields}, end
        if hit := _BARE.match(self.text, at):
            return hit[0].strip(), hit.end()
        raise Unreadable(f"no value at {at}")

    def error(self, head: re.Match[str], depth: int) -> tuple[dict[str, Any], int]:
        """An error as Node prints it: message, frames, then its own fields in braces."""
        message_end = self._message_end(head)
        fields: dict[str, Any] = {
            "name": head[1],
            "message": self.text[head.end() : message_end].strip(),
        }
        if head[2]:
            fields["code"] = head[2]
        end = message_end
        while frame := _FRAME.match(self.text, end):
            # The last frame shares its line with the brace that opens the fields.
            end = frame.end() - (2 if frame[0].endswith(" {") else 0)
        if self.text[head.start()] == "[" and self.text.startswith("]", end):
            end += 1
        if opening := _FIELDS.match(self.text, end):
            inner, end = self._mapping(self.text.index("{", opening.start()) + 1, "}", depth + 1)
            fields |= {key: inner[key] for key in inner if key != "message" or not fields[key]}
        return fields, end

    def _message_end(self, head: re.Match[str]) -> int:
        """A message ends at its frames, if they follow soon; else at a bracket or with its line."""
        at = head.end()
        frames = _FRAME.search(self.text, at, at + _MESSAGE_MAX)
        if frames and "\n\n" not in self.text[at : frames.start()]:
            return frames.start()
        line_end = self.text.find("\n", at)
        line_end = len(self.text) if line_end < 0 else line_end
        if head[0].startswith("["):
            cut = self.text.find("]", at)
            return line_end if cut < 0 else cut
        fields = _FIELDS.search(self.text, at, at + _MESSAGE_MAX)
        if fields is None or "\n\n" in self.text[at : fields.start()]:
            return line_end
        same_line = fields.start() <= line_end
        return fields.start() if same_line or fields[0].endswith("\n") else line_end

    def _mapping(self, at: int, close: str, depth: int) -> tuple[dict[str, Any], int]:
        found: dict[str, Any] = {}
        while not self._closes(close, at := self._space(at)):
            if hit := _ABBREVIATED.match(self.text, at):
                at = hit.end()
            else:
                at = self._member(found, at, depth)
            at = self._comma(close, at)
        return found, min(at + len(close), len(self.text))

    def _member(self, found: dict[str, Any], at: int, depth: int) -> int:
        if quoted := _STRING.match(self.text, at):
            key, at = self._string(quoted)
        elif bare := _KEY.match(self.text, at):
            key, at = bare[0].strip("[]:?"), bare.end()
        else:
            raise Unreadable(f"no key at {at}")
        if not (separator := _SEPARATOR.match(self.text, at)):
            raise Unreadable(f"nothing between key and value at {at}")
        found[key], at = self.value(separator.end(), depth + 1)
        return at

    def _sequence(self, at: int, depth: int) -> tuple[list[Any], int]:
        close = "]" if self.text[at] == "[" else ")"
        items: list[Any] = []
        at += 1
        while not self._closes(close, at := self._space(at)):
            item, at = self.value(at, depth + 1)
            items.append(item)
            at = self._comma(close, at)
        return items, min(at + len(close), len(self.text))

    def _comma(self, close: str, at: int) -> int:
        at = self._space(at)
        if self.text.startswith(",", at):
            return at + 1
        if not self._closes(close, at):
            raise Unreadable(f"neither a comma nor {close} at {at}")
        return at

    def _closes(self, close: str, at: int) -> bool:
        """Is the object complete here? A paste that was cut off ends everything still open."""
        return at >= len(self.text) or self.text.startswith(close, at)

    def _string(self, opening: re.Match[str]) -> tuple[str, int]:
        parts, at = self._piece(opening)
        # Node breaks long strings into `'…\n' +` pieces.
        while (glue := _GLUE.match(self.text, at)) and (
            more := _STRING.match(self.text, glue.end())
        ):
            further, at = self._piece(more)
            parts += further
        text = "".join(parts)
        return (_as_bytes(text) if opening[0][0] in "bB" else text), at

    def _piece(self, opening: re.Match[str]) -> tuple[list[str], int]:
        quote, at = opening[1], opening.end()
        parts: list[str] = []
        while not self._closes(quote, at):
            if escaped := _HEX.match(self.text, at):
                parts.append(chr(int(escaped[1] or escaped[2], 16)))
                at = escaped.end()
            elif self.text[at] == "\\":
                char = self.text[at + 1 : at + 2]
                parts.append(_ESCAPES.get(char, char))
                at += 2
            else:
                plain = _PLAIN.match(self.text, at)
                parts.append(plain[0] if plain else self.text[at])
                at = plain.end() if plain else at + 1
        return parts, min(at + len(quote), len(self.text))

    def _space(self, at: int) -> int:
        hit = _SPACE.match(self.text, at)
        return hit.end() if hit else at


def _as_bytes(text: str) -> str:
    r"""`b'\xd3\xc3'` as the server meant it: its bytes may be GBK."""
    try:
        return decode_text(text.encode("latin-1"))
    except UnicodeEncodeError:  # somebody had decoded it already
        return text
