"""OpenAPI 3.0 built from the 3.1 document, for tools that do not support 3.1. Operations and names are the same."""

from typing import Any, Final

from app.domain.json import Json
from app.openapi.json_schema import to_3_0, transform_schema

VERSION: Final = "3.0.3"


def to_openapi_3_0(document: Json) -> Json:
    """Convert an OpenAPI 3.1 document to 3.0."""
    converted = {key: value for key, value in document.items() if key not in {"jsonSchemaDialect", "webhooks"}}
    converted["openapi"] = VERSION
    converted["info"] = {key: value for key, value in document["info"].items() if key != "summary"}
    if "license" in converted["info"]:
        converted["info"]["license"] = {
            key: value for key, value in converted["info"]["license"].items() if key != "identifier"
        }
    converted["paths"] = {path: _path_item(item) for path, item in document.get("paths", {}).items()}
    converted["components"] = _components(document.get("components", {}))
    return converted


def _components(components: Json) -> Json:
    converters = {"schemas": _schema, "responses": _response, "headers": _with_schema, "parameters": _with_schema}
    # 3.0 has no pathItems; sections not listed here hold no schema.
    return {
        section: {name: converters[section](component) for name, component in entries.items()}
        if section in converters
        else entries
        for section, entries in components.items()
        if section != "pathItems"
    }


def _schema(schema: Any) -> Any:  # noqa: ANN401 - a schema, or true or false
    return transform_schema(schema, to_3_0)


def _path_item(item: Json) -> Json:
    return {key: _operation(value) if isinstance(value, dict) else value for key, value in item.items()}


def _operation(operation: Json) -> Json:
    converted = dict(operation)
    if "parameters" in converted:
        converted["parameters"] = [_with_schema(parameter) for parameter in converted["parameters"]]
    if "requestBody" in converted:
        converted["requestBody"] = _response(converted["requestBody"])
    converted["responses"] = {status: _response(response) for status, response in operation["responses"].items()}
    return converted


def _response(response: Json) -> Json:
    if "$ref" in response:
        return {"$ref": response["$ref"]}
    converted = dict(response)
    if "content" in converted:
        converted["content"] = {media_type: _with_schema(media) for media_type, media in converted["content"].items()}
    if "headers" in converted:
        converted["headers"] = {name: _with_schema(header) for name, header in converted["headers"].items()}
    return converted


def _with_schema(node: Json) -> Json:
    """Convert the schema of a parameter, header or media type."""
    return {**node, "schema": _schema(node["schema"])} if "schema" in node else node
