"""Differences between two OpenAPI documents, each with whether it breaks clients of the older one.

Breaking: a removed path, response field, parameter or media type of a 200 response; a field or parameter with another type;
a field that becomes nullable; a parameter that becomes required or accepts less. All other differences are additions or new
wording.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.json import Json


@dataclass(frozen=True)
class Difference:
    action: str  # added, changed, removed
    location: str
    breaking: bool


def list_differences(old: Json, new: Json) -> list[Difference]:
    differences = [*_paths(old, new), *_schemas(old["components"]["schemas"], new["components"]["schemas"])]
    return sorted(set(differences), key=lambda difference: (difference.action, difference.location))


def _keys(old: Json, new: Json, location: str, *, breaking: bool) -> Iterator[Difference]:
    yield from (Difference("removed", f"{location}{key}", breaking) for key in old if key not in new)
    yield from (Difference("added", f"{location}{key}", breaking=False) for key in new if key not in old)


def _operations(document: Json) -> Json:
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def _paths(old: Json, new: Json) -> Iterator[Difference]:
    before, after = _operations(old), _operations(new)
    yield from _keys(before, after, "", breaking=True)
    for name in before.keys() & after.keys():
        first, second = before[name], after[name]
        if first["operationId"] != second["operationId"]:
            yield Difference("changed", f"{name} operationId", breaking=True)
        yield from _parameters(name, _by_name(first), _by_name(second))
        yield from _responses(name, first["responses"], second["responses"])


def _by_name(operation: Json) -> Json:
    return {parameter["name"]: parameter for parameter in operation.get("parameters", [])}


def _parameters(location: str, old: Json, new: Json) -> Iterator[Difference]:
    yield from (Difference("removed", f"{location}?{name}", breaking=True) for name in old if name not in new)
    for name, parameter in new.items():
        required = bool(parameter.get("required"))
        if name not in old:
            yield Difference("added", f"{location}?{name}", breaking=required)
        elif required and not old[name].get("required"):
            yield Difference("changed", f"{location}?{name} is required", breaking=True)
        if name in old:
            yield from _parameter_schema(f"{location}?{name}", old[name]["schema"], parameter["schema"])


def _parameter_schema(location: str, old: Json, new: Json) -> Iterator[Difference]:
    """Differences in what a parameter accepts: less breaks clients, more does not."""
    if _types(old) != _types(new):
        yield Difference("changed", f"{location} type", breaking=not _types(old) <= _types(new))
    for keyword in ("enum", "x-extensible-enum"):
        for value in old.get(keyword, []):
            if value not in new.get(keyword, old[keyword]):
                yield Difference("removed", f"{location}={value}", breaking=True)
    if "enum" in new and "enum" not in old:
        yield Difference("changed", f"{location} is a closed list", breaking=True)
    for limit, narrower in (("maxLength", -1), ("maximum", -1), ("maxItems", -1), ("minLength", 1), ("minimum", 1)):
        if limit in new and (limit not in old or (new[limit] - old[limit]) * narrower > 0):
            yield Difference("changed", f"{location} {limit}", breaking=True)
    if new.get("pattern", old.get("pattern")) != old.get("pattern"):
        yield Difference("changed", f"{location} pattern", breaking=True)
    if "items" in old and "items" in new:
        yield from _parameter_schema(f"{location}[]", old["items"], new["items"])


def _responses(location: str, old: Json, new: Json) -> Iterator[Difference]:
    yield from _keys(old, new, f"{location} -> ", breaking=False)
    first, second = old.get("200", {}).get("content", {}), new.get("200", {}).get("content", {})
    yield from _keys(first, second, f"{location} -> 200 ", breaking=True)
    for media_type in first.keys() & second.keys():
        yield from _response_schema(
            f"{location} -> 200", first[media_type].get("schema", {}), second[media_type].get("schema", {})
        )


def _schemas(old: Json, new: Json) -> Iterator[Difference]:
    yield from _keys(old, new, "", breaking=True)
    for name in old.keys() & new.keys():
        yield from _response_schema(name, old[name], new[name])


def _response_schema(location: str, old: Json, new: Json) -> Iterator[Difference]:
    """Differences in a response: removing or retyping a field breaks clients, adding one does not."""
    yield from _keys(old.get("properties", {}), new.get("properties", {}), f"{location}.", breaking=True)
    for name in old.get("properties", {}).keys() & new.get("properties", {}).keys():
        yield from _response_schema(f"{location}.{name}", old["properties"][name], new["properties"][name])
    for name in old.get("required", []):
        if name in new.get("properties", {}) and name not in new.get("required", []):
            yield Difference("changed", f"{location}.{name} is optional", breaking=True)
    if old.get("$ref") != new.get("$ref"):
        yield Difference("changed", f"{location} schema", breaking=True)
    if _types(old) != _types(new):
        yield Difference("changed", f"{location} type", breaking=not _types(new) <= _types(old))
    for keyword in ("const", "enum"):
        if keyword in old and old[keyword] != new.get(keyword):
            yield Difference("changed", f"{location} {keyword}", breaking=True)
    for keyword in ("anyOf", "oneOf", "allOf"):
        if _to_json(old.get(keyword)) != _to_json(new.get(keyword)):
            yield Difference("changed", f"{location} {keyword}", breaking=True)
    if "items" in old and "items" in new:
        yield from _response_schema(f"{location}[]", old["items"], new["items"])


def _types(schema: Json) -> set[str]:
    types = schema.get("type", [])
    return set(types) if isinstance(types, list) else {types}


def _to_json(value: object) -> str:
    return json.dumps(value, sort_keys=True)
