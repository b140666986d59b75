"""JSON Schemas in the two forms that client tools read: that of OpenAPI 3.1, plainly written, and that of 3.0."""

from collections.abc import Callable
from typing import Any, Final

from app.domain.json import Json

Change = Callable[[Json], Json]
_ONE: Final = (
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
_SEVERAL: Final = ("allOf", "anyOf", "oneOf", "prefixItems")
_NAMED: Final = ("properties", "patternProperties", "$defs", "dependentSchemas")
# What 3.0 has no word for. Each only narrows, so that leaving it out allows more and never refuses what was allowed.
_UNKNOWN_TO_3_0: Final = (
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


def walk(schema: Any, change: Change) -> Any:  # noqa: ANN401 - a schema, or true or false
    """A schema with `change` applied to it and to every schema inside, innermost first. Examples are no schemas."""
    if not isinstance(schema, dict):
        return schema
    made = dict(schema)
    for key in _ONE:
        if key in made:
            made[key] = walk(made[key], change)
    for key in _SEVERAL:
        if key in made:
            made[key] = [walk(one, change) for one in made[key]]
    for key in _NAMED:
        if key in made:
            made[key] = {name: walk(one, change) for name, one in made[key].items()}
    return change(made)


def plain(schema: Json) -> Json:
    """Null as one of the types, where it was a member of a union: generators trip over the union."""
    members = schema.get("anyOf")
    if not members or {"type": "null"} not in members:
        return schema
    others = [one for one in members if one != {"type": "null"}]
    if len(others) != 1 or not isinstance(others[0].get("type"), str):
        return schema
    outer = {key: value for key, value in schema.items() if key != "anyOf"}
    inner = {**others[0], "type": [others[0]["type"], "null"]}
    if "enum" in inner:
        inner["enum"] = [*inner["enum"], None]
    return {**inner, **outer}


def open_ended(schema: Json) -> Json:
    """A shape that may gain fields: the compatibility promise allows that, so the document must not forbid it."""
    if schema.get("additionalProperties") is False:
        return {key: value for key, value in schema.items() if key != "additionalProperties"}
    return schema


def untitled(schema: Json) -> Json:
    """Without the titles that only repeat a name: generators make a type of each."""
    return {key: value for key, value in schema.items() if key != "title"}


def of_3_0(schema: Json) -> Json:
    """A schema in the words of OpenAPI 3.0."""
    made = {key: value for key, value in schema.items() if key not in _UNKNOWN_TO_3_0}
    for step in (_reference, _types, _union_with_null, _constant, _limits, _content, _tuple, _examples):
        made = step(made)
    return made


def _reference(schema: Json) -> Json:
    # Beside a reference 3.0 ignores everything.
    others = {key: value for key, value in schema.items() if key != "$ref"}
    return {"allOf": [{"$ref": schema["$ref"]}], **others} if "$ref" in schema and others else schema


def _types(schema: Json) -> Json:
    kinds = schema.get("type")
    made = {key: value for key, value in schema.items() if key != "type"}
    if kinds == "null":
        return {**made, "nullable": True, "enum": [None]}
    if not isinstance(kinds, list):
        return schema
    others = [kind for kind in kinds if kind != "null"]
    null: Json = {"nullable": True} if "null" in kinds else {}
    if len(others) == 1:
        return {"type": others[0], **made, **null}
    return {"anyOf": [{"type": kind} | null for kind in others], **made}


def _union_with_null(schema: Json) -> Json:
    made = dict(schema)
    for key in ("anyOf", "oneOf"):
        members = made.get(key, [])
        others = [one for one in members if one != {"nullable": True, "enum": [None]}]
        if len(others) == len(members):
            continue
        made["nullable"] = True
        if len(others) > 1:
            made[key] = others
        else:
            del made[key]
            made |= {"allOf": others} if "$ref" in others[0] else others[0]
    return made


def _constant(schema: Json) -> Json:
    made = {key: value for key, value in schema.items() if key != "const"}
    return {**made, "enum": [schema["const"]]} if "const" in schema else schema


def _limits(schema: Json) -> Json:
    made = dict(schema)
    for exclusive, inclusive in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if exclusive in made and not isinstance(made[exclusive], bool):
            made[inclusive] = made[exclusive]
            made[exclusive] = True
    return made


def _content(schema: Json) -> Json:
    made = {key: value for key, value in schema.items() if key not in {"contentMediaType", "contentEncoding"}}
    if len(made) == len(schema):
        return schema
    return {**made, "format": "byte" if schema.get("contentEncoding") == "base64" else "binary"}


def _tuple(schema: Json) -> Json:
    if schema.get("type") != "array":
        return schema
    made = {key: value for key, value in schema.items() if key != "prefixItems"}
    if "prefixItems" in schema:
        made["items"] = {"oneOf": schema["prefixItems"]}
    made.setdefault("items", {})
    return made


def _examples(schema: Json) -> Json:
    made = {key: value for key, value in schema.items() if key != "examples"}
    return {**made, "example": schema["examples"][0]} if schema.get("examples") else made
