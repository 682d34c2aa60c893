"""Pick error names, messages and blamed fields out of a decoded body, however it is nested.

Providers wrap the same few facts in many ways (`{"errors": [{"message", "field"}]}`,
`{"Response": {"Error": {"Code"}}}`, `<Error><Code>`). The keys they use are far fewer than the
wrappings, so a walk that knows the keys reads wrappings it has never seen.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import msgspec

__all__ = ["Harvest", "harvest", "mentioned", "parse_body"]

NAME_KEYS: Final = frozenset(
    "name code errorcode error_code errorcodes error_type errortype type __type status"
    " statuscode_name subtype reason event recordtype eventtype error".split()
)
MESSAGE_KEYS: Final = frozenset(
    "message messages errormessage error_message error errors detail details description reason"
    " title warning warnings msg response diagnosticcode diagnostic diag raw_reason cause stack"
    " text error_description errordescription suggested_action reply smtp_reply smtpresponse"
    " smtp_response statusmessage reject_reason error_info info innererror fault"
    " faultstring failures err_msg error_msg errmsg comment".split()
)
FIELD_KEYS: Final = frozenset(
    "field param parameter property loc path target errorrelatedto error_related_to pointer".split()
)
STATUS_KEYS: Final = frozenset(
    "statuscode status httpstatuscode status_code httpstatus code".split()
)
# What we sent, or what the client carries along: a subject that says "suspended" is no suspension.
OURS: Final = frozenset(
    "config request headers mail subject commonheaders user-variables metadata custom_args"
    " unique_args template_data dynamic_template_data client-info storage flags user_agent"
    " useragent tags".split()
)
_BLAMED: Final = frozenset({"errors", "error", "details"})

_DEPTH_MAX: Final = 12
_NODES_MAX: Final = 2_000
_MARK_MAX: Final = 80  # a mark is a word of the provider's, never prose
_XML_ELEMENT: Final = re.compile(
    r"<([A-Za-z_][\w.-]{0,40})(?:\s[^<>]{0,200})?>([^<>]{1,2000})</\1>"
)
_XML_ENTITIES: Final = (
    ("&lt;", "<"),
    ("&gt;", ">"),
    ("&quot;", '"'),
    ("&#39;", "'"),
    ("&amp;", "&"),
)
# Names as clients print them: `(MessageRejected) when calling`, `code AccessDeniedException`,
# `InvalidMailAddress.NotFound: …`, `not_enough_credits`, `#MS42207`, `mj-0013`.
_CAMEL: Final = re.compile(
    r"\b[A-Z][a-z]+(?:[A-Z][A-Za-z0-9]*|\.[A-Z])[A-Za-z0-9.]*[A-Za-z]|(?<=\()[A-Z][a-z]{5,40}(?=\))"
)
_SNAKE: Final = re.compile(r"\b[a-z]{2,}(?:_[a-z]{2,})+\b")
_TAGGED: Final = re.compile(r"\b(?:MS\d{5}|mj-\d{4})\b")
_NAMED: Final = re.compile(
    r"\bcode[\"']?\s?[:=]?\s?[\"']?([A-Z][A-Za-z]{3,40}(?:\.[A-Za-z]{2,40})*)"
    r"|^([A-Z][a-z]{5,40}): ",
    re.IGNORECASE | re.MULTILINE,
)
_NUMBERED: Final = re.compile(r"error[ _-]?code[\"']?\s?[:=#]?\s?[\"']?(\d{1,5})\b", re.IGNORECASE)
# Symfony closes its sentence with the number that the provider gave: `(code 406)`.
_CLOSING: Final = re.compile(r"\(code:? (\d{1,5})\)")
_decode_json: Final = msgspec.json.Decoder().decode


class Harvest(msgspec.Struct, frozen=True):
    """What a body says. `names` and `marks` "
    "(`key=value`) in lower case, `messages` as they came."""

    names: frozenset[str] = frozenset()
    marks: frozenset[str] = frozenset()
    fields: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    status: int = 0


def parse_body(body: str) -> Any:
    """Decode a body that looks like JSON; None when it is something else."""
    head = body.lstrip()[:1]
    if head not in ("{", "["):
        return None
    try:
        return _decode_json(body.encode("utf-8", "surrogatepass"))
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def mentioned(text: str) -> Harvest:
    """Read the names and numbers that a client printed into a sentence of its own."""
    names = {name.lower() for name in _CAMEL.findall(text)}
    if "_" in text:
        names.update(_SNAKE.findall(text))
    if "#" in text or "mj-" in text:
        names.update(name.lower() for name in _TAGGED.findall(text))
    names.update((one or other).lower() for one, other in _NAMED.findall(text))
    marks = {f"errorcode={number}" for number in _NUMBERED.findall(text)}
    if "(code" in text:
        marks.update(f"code={number}" for number in _CLOSING.findall(text))
    return Harvest(frozenset(names), frozenset(marks))


def harvest(tree: Any) -> Harvest:
    """Read a decoded JSON value (or XML as text). Never raises, whatever the value."""
    names: set[str] = set()
    marks: set[str] = set()
    fields: dict[str, None] = {}
    messages: list[str] = []
    status = 0
    for path, value in _leaves(tree):
        key = path[-1] if path else ""
        if isinstance(value, str):
            low = value[:_MARK_MAX].strip().lower()
            if key in NAME_KEYS and low and " " not in low:
                names.add(low.rpartition("#")[2] if key == "__type" else low)
            if key in FIELD_KEYS:
                fields[value[:_MARK_MAX]] = None
            if not path or (not MESSAGE_KEYS.isdisjoint(path) and not _is_ours(path)):
                messages.append(value)
                fields.update(dict.fromkeys(_blamed_keys(path)))
            if len(value) <= _MARK_MAX:
                marks.add(f"{key}={low}")
        elif isinstance(value, (int, float)):
            text = str(value).lower()
            marks.add(f"{key}={text}")
            if key in NAME_KEYS:
                names.add(text)
            if key in STATUS_KEYS and isinstance(value, int) and 200 <= value <= 599 and not status:
                status = value
    return Harvest(frozenset(names), frozenset(marks), tuple(fields), tuple(messages), status)


def _is_ours(path: tuple[str, ...]) -> bool:
    """`errors.subject` is about our subject; any other `subject` is our subject."""
    return not OURS.isdisjoint(path) and _BLAMED.isdisjoint(path)


def _blamed_keys(path: tuple[str, ...]) -> Iterator[str]:
    """`{"errors": {"from.email": ["…"]}}`: the key under `errors` is the field."""
    for parent, key in pairwise(path):
        if parent in _BLAMED and key not in MESSAGE_KEYS and key not in NAME_KEYS:
            yield key


def _leaves(tree: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Each scalar with the lower-case keys that lead to it; list positions are not keys."""
    if isinstance(tree, str):
        if tree.lstrip().startswith("<"):
            yield from _xml_leaves(tree)
        else:
            yield (), tree
        return
    stack: list[tuple[tuple[str, ...], Any]] = [((), tree)]
    seen = 0
    while stack and seen < _NODES_MAX:
        path, node = stack.pop()
        seen += 1
        if isinstance(node, dict):
            if len(path) < _DEPTH_MAX and not _is_ours(path):
                stack.extend(
                    ((*path, str(key).lower()), child) for key, child in reversed(node.items())
                )
        elif isinstance(node, (list, tuple)):
            if len(path) < _DEPTH_MAX:
                stack.extend((path, child) for child in reversed(node))
        elif isinstance(node, str) and (inner := parse_body(node)) is not None:
            stack.append((path, inner))
        elif isinstance(node, str) and path and node.lstrip().startswith("<"):
            yield from _xml_leaves(node)
            yield path, node
        elif node is not None:
            yield path, node


def _xml_leaves(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, value in _XML_ELEMENT.findall(text[:20_000]):
        for entity, char in _XML_ENTITIES:
            value = value.replace(entity, char)
        yield (key.lower(),), value.strip()
