"""Pick error names, messages and blamed fields out of a decoded body, however it is nested.

Providers wrap the same few facts in many ways (`{"errors": [{"message", "field"}]}`,
`{"Response": {"Error": {"Code"}}}`, `<Error><Code>`). The keys they use are far fewer than the
wrappings, so a walk that knows the keys reads wrappings it has never seen.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

__all__ = ["Harvest", "harvest", "parse_body"]

NAME_KEYS: Final = frozenset(
    "name code errorcode error_code errorcodes error_type errortype type __type status"
    " statuscode_name subtype reason event recordtype eventtype".split()
)
MESSAGE_KEYS: Final = frozenset(
    "message messages errormessage error_message error errors detail details description reason"
    " title warning msg response diagnosticcode diagnostic raw_reason cause stack text"
    " error_description suggested_action reply".split()
)
FIELD_KEYS: Final = frozenset(
    "field param parameter property loc path errorrelatedto error_related_to pointer".split()
)
STATUS_KEYS: Final = frozenset(
    "statuscode status httpstatuscode status_code httpstatus code".split()
)

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
_decode_json: Final = msgspec.json.Decoder().decode


class Harvest(msgspec.Struct, frozen=True):
    """What a body says. `names` and `marks` (`key=value`) in lower case, `messages` as they came."""

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


def harvest(tree: Any) -> Harvest:
    """Read a decoded JSON value (or XML as text). Never raises, whatever the value."""
    names: set[str] = set()
    marks: set[str] = set()
    fields: list[str] = []
    messages: list[str] = []
    status = 0
    for path, value in _leaves(tree):
        key = path[-1] if path else ""
        if isinstance(value, str):
            low = value[:_MARK_MAX].strip().lower()
            if key in NAME_KEYS and " " not in low:
                names.add(low)
            if key in FIELD_KEYS:
                fields.append(value[:_MARK_MAX])
            if key in MESSAGE_KEYS or not key or any(part in MESSAGE_KEYS for part in path):
                messages.append(value)
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
            if len(path) < _DEPTH_MAX:
                stack.extend(
                    ((*path, str(key).lower()), child) for key, child in reversed(node.items())
                )
        elif isinstance(node, (list, tuple)):
            if len(path) < _DEPTH_MAX:
                stack.extend((path, child) for child in reversed(node))
        elif isinstance(node, str) and (inner := parse_body(node)) is not None:
            stack.append((path, inner))
        elif node is not None:
            yield path, node


def _xml_leaves(text: str) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, value in _XML_ELEMENT.findall(text[:20_000]):
        for entity, char in _XML_ENTITIES:
            value = value.replace(entity, char)
        yield (key.lower(),), value.strip()
