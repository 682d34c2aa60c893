"""The published description: it is valid, and it is true."""

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from mailproof.diagnosis.evidence import Origin
from mailproof.diagnosis.reasons import Next, Reader, Reason, Severity
from mailproof.diagnosis.report import Report
from mailproof.mail.lifecycle import LAST_EVENT, State
from tests.gateway.description import description
from tests.gateway.world import World, mail_id

METHODS = ("get", "post", "patch")


def nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        for each in tree.values():
            yield from nodes(each)
    elif isinstance(tree, list):
        for each in tree:
            yield from nodes(each)


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, item[method])
        for path, item in description()["paths"].items()
        for method in METHODS
        if method in item
    ]


def schema(name: str) -> dict[str, Any]:
    found: dict[str, Any] = description()["components"]["schemas"][name]
    return found


def test_it_says_which_openapi_and_which_release_it_is() -> None:
    assert re.fullmatch(r"3\.1\.\d", description()["openapi"])
    assert description()["info"]["version"] == "1.2.3"


def test_every_schema_in_it_is_one() -> None:
    for node in nodes(description()):
        for key in ("schema", "items"):
            if isinstance(node.get(key), dict):
                jsonschema.Draft202012Validator.check_schema(node[key])
    for each in description()["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(each)


def test_every_reference_leads_somewhere_and_nothing_is_left_over() -> None:
    used = {node["$ref"] for node in nodes(description()) if "$ref" in node}
    parts = description()["components"]
    there = {
        f"#/components/{kind}/{name}"
        for kind in ("schemas", "responses", "parameters")
        for name in parts[kind]
    }
    assert used == there


@pytest.mark.parametrize(("path", "method", "operation"), operations())
def test_every_operation_is_complete(path: str, method: str, operation: dict[str, Any]) -> None:
    assert operation["operationId"]
    assert operation["summary"]
    assert operation["tags"][0] in {tag["name"] for tag in description()["tags"]}
    assert all(re.fullmatch(r"[1-5]\d\d|default", status) for status in operation["responses"])
    for answer in operation["responses"].values():
        assert "$ref" in answer or answer["description"]
    in_path = set(re.findall(r"\{(\w+)\}", path))
    given = description()["paths"][path].get("parameters", [])
    names = {
        description()["components"]["parameters"][each["$ref"].rpartition("/")[2]]["name"]
        for each in given
    }
    assert in_path == names


def test_operation_ids_are_unique() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(ids) == len(set(ids))


def test_every_path_in_it_is_served_by_the_methods_that_it_names(world: World) -> None:
    for path, item in description()["paths"].items():
        answer = world.ask("OPTIONS", path.replace("{id}", mail_id(1)), key="")
        served = set(answer.headers["allow"].lower().split(", ")) - {"head", "options"}
        assert served == set(item) - {"parameters"}, path


def test_it_is_served_as_it_is(world: World) -> None:
    answer = world.ask("GET", "/openapi.json", key="")
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json == description()
    assert json.loads(answer.raw)["info"]["version"] == "1.2.3"


def test_its_lists_are_those_of_the_code() -> None:
    assert schema("State")["enum"] == [state.value for state in State]
    assert schema("Reason")["enum"] == [reason.value for reason in Reason]
    assert set(schema("EmailSummary")["properties"]["last_event"]["enum"]) == set(
        LAST_EVENT.values()
    )
    failure = schema("Failure")
    assert failure["required"] == list(Report.__struct_fields__)
    for name, kind in (
        ("origin", Origin),
        ("next", Next),
        ("severity", Severity),
        ("reader_action", Reader),
    ):
        assert failure["properties"][name]["enum"] == [each.value for each in kind]
