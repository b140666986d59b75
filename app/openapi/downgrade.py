"""OpenAPI 3.0 from the 3.1 document, for tools that read no newer one. The same operations, the same names."""

from typing import Any, Final

from app.domain.json import Json
from app.openapi.json_schema import of_3_0, walk

VERSION: Final = "3.0.3"


def of_3_1(document: Json) -> Json:
    """The document in the words of OpenAPI 3.0."""
    made = {key: value for key, value in document.items() if key not in {"jsonSchemaDialect", "webhooks"}}
    made["openapi"] = VERSION
    made["info"] = {key: value for key, value in document["info"].items() if key != "summary"}
    if "license" in made["info"]:
        made["info"]["license"] = {key: value for key, value in made["info"]["license"].items() if key != "identifier"}
    made["paths"] = {path: _item(item) for path, item in document.get("paths", {}).items()}
    made["components"] = _components(document.get("components", {}))
    return made


def _components(components: Json) -> Json:
    kinds = {"schemas": _schema, "responses": _response, "headers": _holder, "parameters": _holder}
    # pathItems is a word of 3.1 alone; what is not listed here holds no schema.
    return {
        kind: {name: kinds[kind](one) for name, one in parts.items()} if kind in kinds else parts
        for kind, parts in components.items()
        if kind != "pathItems"
    }


def _schema(schema: Any) -> Any:  # noqa: ANN401 - a schema, or true or false
    return walk(schema, of_3_0)


def _item(item: Json) -> Json:
    return {key: _operation(value) if isinstance(value, dict) else value for key, value in item.items()}


def _operation(operation: Json) -> Json:
    made = dict(operation)
    if "parameters" in made:
        made["parameters"] = [_holder(one) for one in made["parameters"]]
    if "requestBody" in made:
        made["requestBody"] = _response(made["requestBody"])
    made["responses"] = {status: _response(one) for status, one in operation["responses"].items()}
    return made


def _response(response: Json) -> Json:
    if "$ref" in response:
        return {"$ref": response["$ref"]}
    made = dict(response)
    if "content" in made:
        made["content"] = {kind: _holder(one) for kind, one in made["content"].items()}
    if "headers" in made:
        made["headers"] = {name: _holder(one) for name, one in made["headers"].items()}
    return made


def _holder(holder: Json) -> Json:
    """A parameter, a header or a media type: whatever holds one schema."""
    return {**holder, "schema": _schema(holder["schema"])} if "schema" in holder else holder
