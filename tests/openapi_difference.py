"""What changed between two OpenAPI documents, and whether a client of the older one would notice.

Breaking: a path, answer field or parameter that is gone; a field or parameter of another type; a field that may be null
where it could not; a parameter that has become required, or takes less; a documented media type of success that is gone.
Everything else that differs was added or reworded.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.json import Json


@dataclass(frozen=True)
class Difference:
    kind: str  # added, changed, removed
    where: str
    breaking: bool


def differences(old: Json, new: Json) -> list[Difference]:
    found = [*_paths(old, new), *_shapes(old["components"]["schemas"], new["components"]["schemas"])]
    return sorted(set(found), key=lambda one: (one.kind, one.where))


def _keys(old: Json, new: Json, where: str, *, breaking: bool) -> Iterator[Difference]:
    yield from (Difference("removed", f"{where}{key}", breaking) for key in old if key not in new)
    yield from (Difference("added", f"{where}{key}", breaking=False) for key in new if key not in old)


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
        yield from _parameters(name, _named(first), _named(second))
        yield from _answers(name, first["responses"], second["responses"])


def _named(operation: Json) -> Json:
    return {one["name"]: one for one in operation.get("parameters", [])}


def _parameters(where: str, old: Json, new: Json) -> Iterator[Difference]:
    yield from (Difference("removed", f"{where}?{name}", breaking=True) for name in old if name not in new)
    for name, one in new.items():
        required = bool(one.get("required"))
        if name not in old:
            yield Difference("added", f"{where}?{name}", breaking=required)
        elif required and not old[name].get("required"):
            yield Difference("changed", f"{where}?{name} is required", breaking=True)
        if name in old:
            yield from _taken(f"{where}?{name}", old[name]["schema"], one["schema"])


def _taken(where: str, old: Json, new: Json) -> Iterator[Difference]:
    """What a parameter takes: less of it breaks, more does not."""
    if _types(old) != _types(new):
        yield Difference("changed", f"{where} type", breaking=not _types(old) <= _types(new))
    for value in old.get("enum", []):
        if value not in new.get("enum", old["enum"]):
            yield Difference("removed", f"{where}={value}", breaking=True)
    if "enum" in new and "enum" not in old:
        yield Difference("changed", f"{where} is a closed list", breaking=True)
    for limit, narrower in (("maxLength", -1), ("maximum", -1), ("maxItems", -1), ("minLength", 1), ("minimum", 1)):
        if limit in new and (limit not in old or (new[limit] - old[limit]) * narrower > 0):
            yield Difference("changed", f"{where} {limit}", breaking=True)
    if new.get("pattern", old.get("pattern")) != old.get("pattern"):
        yield Difference("changed", f"{where} pattern", breaking=True)
    if "items" in old and "items" in new:
        yield from _taken(f"{where}[]", old["items"], new["items"])


def _answers(where: str, old: Json, new: Json) -> Iterator[Difference]:
    yield from _keys(old, new, f"{where} -> ", breaking=False)
    first, second = old.get("200", {}).get("content", {}), new.get("200", {}).get("content", {})
    yield from _keys(first, second, f"{where} -> 200 ", breaking=True)
    for kind in first.keys() & second.keys():
        yield from _given(f"{where} -> 200", first[kind].get("schema", {}), second[kind].get("schema", {}))


def _shapes(old: Json, new: Json) -> Iterator[Difference]:
    yield from _keys(old, new, "", breaking=True)
    for name in old.keys() & new.keys():
        yield from _given(name, old[name], new[name])


def _given(where: str, old: Json, new: Json) -> Iterator[Difference]:
    """What an answer holds: a field that is gone or is of another type breaks, one more does not."""
    yield from _keys(old.get("properties", {}), new.get("properties", {}), f"{where}.", breaking=True)
    for name in old.get("properties", {}).keys() & new.get("properties", {}).keys():
        yield from _given(f"{where}.{name}", old["properties"][name], new["properties"][name])
    for name in old.get("required", []):
        if name in new.get("properties", {}) and name not in new.get("required", []):
            yield Difference("changed", f"{where}.{name} may be left out", breaking=True)
    if old.get("$ref") != new.get("$ref"):
        yield Difference("changed", f"{where} shape", breaking=True)
    if _types(old) != _types(new):
        yield Difference("changed", f"{where} type", breaking=not _types(new) <= _types(old))
    for word in ("const", "enum"):
        if word in old and old[word] != new.get(word):
            yield Difference("changed", f"{where} {word}", breaking=True)
    for word in ("anyOf", "oneOf", "allOf"):
        if _text(old.get(word)) != _text(new.get(word)):
            yield Difference("changed", f"{where} {word}", breaking=True)
    if "items" in old and "items" in new:
        yield from _given(f"{where}[]", old["items"], new["items"])


def _types(schema: Json) -> set[str]:
    kinds = schema.get("type", [])
    return set(kinds) if isinstance(kinds, list) else {kinds}


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)
