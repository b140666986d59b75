"""JSON Schema transforms: simplification for client generators, and conversion to OpenAPI 3.0."""

from collections.abc import Callable
from typing import Any, Final

from app.domain.json import Json

Transform = Callable[[Json], Json]
_SCHEMA_KEYS: Final = (
    "items",
    "additionalProperties",
    "not",
    "contains",
    "if",
    "then",
    "else",
    "propertyNames",
    "unevaluatedProperties",
    "unevaluatedItems",
)
_SCHEMA_LIST_KEYS: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_SCHEMA_MAP_KEYS: Final = ("properties", "patternProperties", "$defs", "dependentSchemas")
# Keywords that 3.0 lacks. Each only restricts, so a schema without them still allows everything it allowed before.
_UNSUPPORTED_IN_3_0: Final = (
    "$schema",
    "$id",
    "$anchor",
    "$comment",
    "$defs",
    "contains",
    "dependentRequired",
    "dependentSchemas",
    "else",
    "if",
    "maxContains",
    "minContains",
    "patternProperties",
    "propertyNames",
    "then",
    "unevaluatedItems",
    "unevaluatedProperties",
)


def transform_schema(schema: Any, transform: Transform) -> Any:  # noqa: ANN401 - a schema, or true or false
    """Apply `transform` to a schema and every schema inside it, innermost first. Examples are not schemas."""
    if not isinstance(schema, dict):
        return schema
    converted = dict(schema)
    for key in _SCHEMA_KEYS:
        if key in converted:
            converted[key] = transform_schema(converted[key], transform)
    for key in _SCHEMA_LIST_KEYS:
        if key in converted:
            converted[key] = [transform_schema(member, transform) for member in converted[key]]
    for key in _SCHEMA_MAP_KEYS:
        if key in converted:
            converted[key] = {name: transform_schema(child, transform) for name, child in converted[key].items()}
    return transform(converted)


def inline_nullable(schema: Json) -> Json:
    """Write a nullable type as a list of types instead of a union, which client generators handle badly."""
    members = schema.get("anyOf")
    if not members or {"type": "null"} not in members:
        return schema
    others = [member for member in members if member != {"type": "null"}]
    if len(others) != 1 or not isinstance(others[0].get("type"), str):
        return schema
    outer = {key: value for key, value in schema.items() if key != "anyOf"}
    inner = {**others[0], "type": [others[0]["type"], "null"]}
    if "enum" in inner:
        inner["enum"] = [*inner["enum"], None]
    return {**inner, **outer}


def allow_additional(schema: Json) -> Json:
    """Allow additional properties: the compatibility promise lets responses gain fields."""
    if schema.get("additionalProperties") is False:
        return {key: value for key, value in schema.items() if key != "additionalProperties"}
    return schema


def repeat_const(schema: Json) -> Json:
    """Write a constant as an enum of one value too: some client generators find the values of a discriminator only there."""
    return {**schema, "enum": [schema["const"]]} if "const" in schema else schema


def drop_titles(schema: Json) -> Json:
    """Drop titles, which only repeat a name: client generators create a type for each."""
    return {key: value for key, value in schema.items() if key != "title"}


def to_3_0(schema: Json) -> Json:
    """Convert a schema to OpenAPI 3.0."""
    converted = {key: value for key, value in schema.items() if key not in _UNSUPPORTED_IN_3_0}
    for step in (
        _wrap_ref,
        _convert_types,
        _convert_null_member,
        _convert_const,
        _convert_limits,
        _convert_content,
        _convert_tuple,
        _convert_examples,
    ):
        converted = step(converted)
    return converted


def _wrap_ref(schema: Json) -> Json:
    # 3.0 ignores every keyword next to a reference.
    others = {key: value for key, value in schema.items() if key != "$ref"}
    return {"allOf": [{"$ref": schema["$ref"]}], **others} if "$ref" in schema and others else schema


def _convert_types(schema: Json) -> Json:
    types = schema.get("type")
    converted = {key: value for key, value in schema.items() if key != "type"}
    if types == "null":
        return {**converted, "nullable": True, "enum": [None]}
    if not isinstance(types, list):
        return schema
    others = [name for name in types if name != "null"]
    null: Json = {"nullable": True} if "null" in types else {}
    if len(others) == 1:
        return {"type": others[0], **converted, **null}
    return {"anyOf": [{"type": name} | null for name in others], **converted}


def _convert_null_member(schema: Json) -> Json:
    converted = dict(schema)
    for key in ("anyOf", "oneOf"):
        members = converted.get(key, [])
        others = [member for member in members if member != {"nullable": True, "enum": [None]}]
        if len(others) == len(members):
            continue
        if len(others) == 1 and "$ref" in others[0]:
            # `nullable` needs a type beside it, and does not change what the reference allows.
            converted[key] = [*others, {"type": "object", "nullable": True, "enum": [None]}]
            continue
        converted["nullable"] = True
        if len(others) > 1:
            converted[key] = others
        else:
            del converted[key]
            converted |= others[0]
    return converted


def _convert_const(schema: Json) -> Json:
    converted = {key: value for key, value in schema.items() if key != "const"}
    return {**converted, "enum": [schema["const"]]} if "const" in schema else schema


def _convert_limits(schema: Json) -> Json:
    converted = dict(schema)
    for exclusive, inclusive in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if exclusive in converted and not isinstance(converted[exclusive], bool):
            converted[inclusive] = converted[exclusive]
            converted[exclusive] = True
    return converted


def _convert_content(schema: Json) -> Json:
    converted = {key: value for key, value in schema.items() if key not in {"contentMediaType", "contentEncoding"}}
    if len(converted) == len(schema):
        return schema
    return {**converted, "format": "byte" if schema.get("contentEncoding") == "base64" else "binary"}


def _convert_tuple(schema: Json) -> Json:
    if schema.get("type") != "array":
        return schema
    converted = {key: value for key, value in schema.items() if key != "prefixItems"}
    if "prefixItems" in schema:
        converted["items"] = {"oneOf": schema["prefixItems"]}
    converted.setdefault("items", {})
    return converted


def _convert_examples(schema: Json) -> Json:
    converted = {key: value for key, value in schema.items() if key != "examples"}
    return {**converted, "example": schema["examples"][0]} if schema.get("examples") else converted
