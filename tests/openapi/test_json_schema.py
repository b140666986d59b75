"""OpenAPI 3.0 is converted from 3.1 without a change of meaning."""

from typing import Any

import pytest

from app.openapi.downgrade import to_openapi_3_0
from app.openapi.json_schema import inline_nullable, to_3_0, transform_schema


@pytest.mark.parametrize(
    ("schema", "expected"),
    [
        ({"type": ["string", "null"]}, {"type": "string", "nullable": True}),
        ({"type": ["string", "integer"]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        (
            {"type": ["string", "integer", "null"]},
            {"anyOf": [{"type": "string", "nullable": True}, {"type": "integer", "nullable": True}]},
        ),
        ({"type": "null"}, {"nullable": True, "enum": [None]}),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, {"type": "string", "nullable": True}),
        (
            {"anyOf": [{"$ref": "#/x"}, {"type": "null"}], "description": "d"},
            {
                "anyOf": [{"$ref": "#/x"}, {"type": "object", "nullable": True, "enum": [None]}],
                "description": "d",
            },
        ),
        (
            {"oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "null"}]},
            {"oneOf": [{"type": "string"}, {"type": "integer"}], "nullable": True},
        ),
        ({"const": "a", "type": "string"}, {"enum": ["a"], "type": "string"}),
        ({"examples": ["P3M", "P1Y"], "type": "string"}, {"example": "P3M", "type": "string"}),
        (
            {"exclusiveMinimum": 0, "exclusiveMaximum": 9, "type": "number"},
            {"minimum": 0, "exclusiveMinimum": True, "maximum": 9, "exclusiveMaximum": True, "type": "number"},
        ),
        ({"type": "string", "contentMediaType": "text/csv"}, {"type": "string", "format": "binary"}),
        ({"type": "string", "contentEncoding": "base64"}, {"type": "string", "format": "byte"}),
        ({"$ref": "#/x", "description": "d"}, {"allOf": [{"$ref": "#/x"}], "description": "d"}),
        ({"$ref": "#/x"}, {"$ref": "#/x"}),
        ({"type": "array"}, {"type": "array", "items": {}}),
        (
            {"type": "array", "prefixItems": [{"type": "string"}, {"type": "null"}]},
            {"type": "array", "items": {"oneOf": [{"type": "string"}, {"nullable": True, "enum": [None]}]}},
        ),
        ({"patternProperties": {"^x": {}}, "propertyNames": {}, "type": "object"}, {"type": "object"}),
    ],
)
def test_each_keyword_of_3_1_has_an_equivalent_in_3_0(schema: dict[str, Any], expected: dict[str, Any]) -> None:
    assert transform_schema(schema, to_3_0) == expected


def test_a_property_named_like_a_keyword_is_not_converted() -> None:
    schema = {"type": "object", "properties": {"const": {"type": "string"}, "examples": {"const": 1}}}

    assert transform_schema(schema, to_3_0) == {
        "type": "object",
        "properties": {"const": {"type": "string"}, "examples": {"enum": [1]}},
    }


def test_an_example_is_not_converted() -> None:
    media = {"schema": {"const": 1}, "examples": {"one": {"value": {"const": 2, "type": ["a", "null"]}}}}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "1", "summary": "s"},
        "paths": {"/a": {"get": {"responses": {"200": {"description": "d", "content": {"application/json": media}}}}}},
        "components": {"pathItems": {}},
    }

    converted = to_openapi_3_0(document)

    converted_media = converted["paths"]["/a"]["get"]["responses"]["200"]["content"]["application/json"]
    assert converted_media == {"schema": {"enum": [1]}, "examples": media["examples"]}
    assert (converted["openapi"], converted["info"], converted["components"]) == (
        "3.0.3",
        {"title": "t", "version": "1"},
        {},
    )
    assert document["openapi"] == "3.1.0"


def test_null_joins_a_single_type_and_stays_in_a_union_with_a_reference() -> None:
    text = {"anyOf": [{"type": "string", "enum": ["a"]}, {"type": "null"}], "description": "d"}
    reference = {"anyOf": [{"$ref": "#/x"}, {"type": "null"}]}

    assert inline_nullable(text) == {"type": ["string", "null"], "enum": ["a", None], "description": "d"}
    assert inline_nullable(reference) == reference
