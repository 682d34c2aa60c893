"""Objects as programs print them, read without running anything."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailproof.explain.literals import Unreadable, read_error, read_literal

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**12), 10**12) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=20,
)


@given(st.dictionaries(st.text(max_size=8), VALUES, max_size=5))
def test_json_is_read_as_json(tree: dict[str, Any]) -> None:
    text = json.dumps(tree)
    assert read_literal(text + " and more", 0) == (tree, len(text))


@given(st.dictionaries(st.text(max_size=8), VALUES, min_size=1, max_size=5))
def test_what_python_prints_is_read(tree: dict[str, Any]) -> None:
    text = repr(tree)
    if "\\U" not in text:  # no such escape in any other language
        assert read_literal(text, 0) == (tree, len(text))


@pytest.mark.parametrize(
    ("printed", "tree"),
    [
        ("{ a: null, b: undefined, c: true }", {"a": None, "b": None, "c": True}),
        ("{ code: 'EAUTH', responseCode: 535 }", {"code": "EAUTH", "responseCode": 535}),
        ("{ text: 'one ' +\n    'two' }", {"text": "one two"}),
        ("{ quoted: \"it's\" }", {"quoted": "it's"}),
        ("{ deep: [Object], list: [Array], f: [Function: send] "
        "}", {"deep": None, "list": None, "f": None}),
        ("{ h: Object [AxiosHeaders] { 'content-type': 'x' } }", {"h": {"content-type": "x"}}),
        ("{ m: Map(1) { 'a' => 1 } }", {"m": {"a": 1}}),
        ("{ big: 12n, when: 2026-11-24T09:12:01.000Z "
        "}", {"big": 12, "when": "2026-11-24T09:12:01.000Z"}),
        ("{ raw: <Buffer 35 33 35>, x: 1 }", {"raw": None, "x": 1}),
        ("{ [cause]: [Error: no route] }", {"cause": {"name": "Error", "message": "no route"}}),
        ("{:status=>403, \"name\"=>nil}", {"status": 403, "name": None}),
        ("{'reply': (535, b'5.7.8 no')}", {"reply": [535, "5.7.8 no"]}),
        (r"{'gbk': b'\xd3\xc3\xbb\xa7'}", {"gbk": "用户"}),
        ("{ items: [ 1, 2, ... 98 more items ] }", {"items": [1, 2, None]}),
        ("{ cut: 'off he", {"cut": "off he"}),
    ],
)  # fmt: skip
def test_each_language_prints_objects_its_own_way(printed: str, tree: dict[str, Any]) -> None:
    assert read_literal(printed, 0)[0] == tree


def test_an_error_is_read_with_its_stack_its_fields_and_its_cause() -> None:
    printed = """TypeError [ERR_X]: fetch failed
    at send (a.js:1:2) {
  [cause]: Error: getaddrinfo ENOTFOUND api.example.com
      at lookup (node:dns:1:2) {
    code: 'ENOTFOUND'
  }
}
next line"""
    read = read_error(printed, 0)
    assert read is not None
    fields, end = read
    assert printed[end:] == "\nnext line"
    assert fields == {
        "name": "TypeError",
        "code": "ERR_X",
        "message": "fetch failed",
        "cause": {
            "name": "Error",
            "message": "getaddrinfo ENOTFOUND api.example.com",
            "code": "ENOTFOUND",
        },
    }


@pytest.mark.parametrize("text", ["{ not an object }", "{a b}", "{" * 100, "[,]"])
def test_what_is_no_object_is_said_to_be_none(text: str) -> None:
    with pytest.raises(Unreadable):
        read_literal(text, 0)


@given(st.text(alphabet="{}[]()'\"`:,=> \n\\abcE1", max_size=80))
def test_no_text_breaks_the_reader(text: str) -> None:
    try:
        _, end = read_literal(text, 0)
    except Unreadable:
        return
    assert 0 <= end <= len(text)
