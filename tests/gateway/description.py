"""Checks answers against the OpenAPI document that the gateway publishes."""

import json
from functools import cache
from typing import Any

import jsonschema
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from mailproof.gateway.public import api_description

__all__ = ["conforms", "description"]

_WHERE = "urn:description"


@cache
def description() -> dict[str, Any]:
    tree: dict[str, Any] = json.loads(api_description("1.2.3"))
    return tree


@cache
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    registry: Registry[Any] = Registry().with_resource(
        _WHERE, DRAFT202012.create_resource(description())
    )
    return jsonschema.Draft202012Validator(
        {"$ref": f"{_WHERE}#/components/schemas/{schema}"},
        registry=registry,
        format_checker=jsonschema.FormatChecker(),
    )


def conforms(value: Any, schema: str) -> None:
    """Fail where `value` is not what the document says of `schema`."""
    _validator(schema).validate(value)
