"""The OpenAPI document, and the page that shows it."""

from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi

from app import __version__
from app.schemas.problems import Problem

DESCRIPTION: Final = """\
Which interventional pain procedures target which pain generators, for which conditions, at which risk, and how long
relief typically lasts. Every fact is a claim with a permanent id and a citation. Read-only: content changes by releases.

The content is information, not advice. It is compiled from cited sources and not clinically reviewed.
"""
TAGS: Final = [
    {"name": "procedures", "description": "What a specialist does."},
    {"name": "conditions", "description": "What the patient is diagnosed with."},
    {"name": "pain generators", "description": "Anatomical structures that pain arises from."},
    {
        "name": "edges and estimates",
        "description": "Targets, relief durations, response rates and findings across all procedures.",
    },
    {"name": "risks", "description": "The catalogue of risks."},
    {"name": "sources and claims", "description": "What the facts rest on."},
    {"name": "search", "description": "Records by what a person types, with the reason for each."},
    {"name": "guide", "description": "The patient guide."},
    {"name": "releases", "description": "The history of the content."},
    {"name": "quality", "description": "What is known and how well, and where sources part."},
    {"name": "service", "description": "What the service says of itself."},
]


def describe(app: FastAPI) -> None:
    """Serve the OpenAPI document, made once from the routes."""
    made: list[bytes] = []

    async def get_openapi_document(request: Request) -> Response:
        if not made:
            made.append(orjson.dumps(openapi_of(request.app)))
        return Response(made[0], media_type="application/json", headers={"Cache-Control": "public, max-age=3600"})

    app.add_api_route("/openapi.json", get_openapi_document, include_in_schema=False, name="get_openapi_document")


def openapi_of(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    document = get_openapi(
        title="procedure-kb",
        version=__version__,
        summary="Reference knowledge base of interventional pain management",
        description=DESCRIPTION,
        routes=app.routes,
        tags=TAGS,
        license_info={"name": "Content: CC BY 4.0; code: MIT", "url": "https://creativecommons.org/licenses/by/4.0/"},
        contact={"name": "procedure-kb contributors"},
        servers=[{"url": app.state.settings.link_base or "/"}],
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    problem = Problem.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for path in document["paths"].values():
        for operation in path.values():
            _tidy(operation)
    return document


def _tidy(operation: dict[str, Any]) -> None:
    headers = {
        "KB-Release": {"description": "Version of the release this answer is of.", "schema": {"type": "string"}},
        "ETag": {"description": "Strong validator of these bytes.", "schema": {"type": "string"}},
    }
    for status, answer in operation["responses"].items():
        if status == "200":
            answer.setdefault("headers", {}).update(headers)
        if "application/json" in answer.get("content", {}) and status != "200":
            # FastAPI adds its own media type beside the one that is really sent.
            answer["content"].pop("application/json")


def operations_of(app: FastAPI) -> tuple[str, list[dict[str, str]], list[dict[str, Any]]]:
    """What the page about the API shows: a summary, the tags, and each operation in a few words."""
    document = openapi_of(app)
    operations = []
    for path, item in document["paths"].items():
        operation = item["get"]
        parameters = [
            {"name": one["name"], "type": _type_of(one["schema"]), "description": one.get("description", "")}
            for one in operation.get("parameters", [])
        ]
        answers = [(status, answer["description"]) for status, answer in sorted(operation["responses"].items())]
        operations.append(
            {
                "id": operation["operationId"],
                "tag": operation.get("tags", ["service"])[0],
                "path": path,
                "description": operation.get("description", ""),
                "parameters": parameters,
                "answers": answers,
                "example": path if "{" not in path and path.count("/") == 2 and path != "/v1/compare" else "",
            }
        )
    return document["info"]["description"].split("\n\n")[0], TAGS, operations


def _type_of(schema: dict[str, Any]) -> str:
    if schema.get("type") == "array":
        return f"{_type_of(schema['items'])}, may be repeated"
    values = schema.get("x-extensible-enum")
    return " or ".join(values) if values else str(schema.get("type", "string"))
