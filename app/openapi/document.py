"""The OpenAPI document in both versions, made from the routes, with this service's own answers as examples."""

import asyncio
import copy
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi

from app import __version__
from app.domain.json import Json
from app.http import deprecation
from app.http.context import CACHE_CONTROL
from app.http.release_watcher import look
from app.openapi.downgrade import of_3_1
from app.openapi.examples import Chosen, add_examples, targets_of
from app.openapi.json_schema import Change, open_ended, plain, untitled, walk
from app.openapi.responses import HEADERS, headers_of_success, share, shared_responses
from app.queries.release import CurrentRelease
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
    {"name": "export", "description": "The whole content as files."},
    {"name": "quality", "description": "What is known and how well, and where sources part."},
    {"name": "service", "description": "What the service says of itself."},
]


def describe(app: FastAPI) -> None:
    """Serve the OpenAPI document in both versions."""
    made: dict[str, tuple[bytes, bytes]] = {}
    plain_one: list[Json] = []

    async def answer(request: Request, place: int) -> Response:
        release = await asyncio.to_thread(look, app.state.engine)
        revision = release.revision if release else ""
        if revision not in made:
            if not plain_one:
                plain_one.append(await asyncio.to_thread(openapi_of, app))
            documents, of = await _documents(app, copy.deepcopy(plain_one[0]), release)
            if of - {revision}:
                # A load came between two answers: this document is of no release, so it is sent and not kept.
                request.state.kb_live = True
                return _response(documents[place], None)
            made.clear()
            made[revision] = documents
        request.state.kb_revision = revision
        return _response(made[revision][place], release)

    async def get_openapi_document(request: Request) -> Response:
        return await answer(request, 0)

    async def get_openapi_document_3_0(request: Request) -> Response:
        return await answer(request, 1)

    for path, endpoint in (("/openapi.json", get_openapi_document), ("/openapi-3.0.json", get_openapi_document_3_0)):
        app.add_api_route(path, endpoint, include_in_schema=False, name=endpoint.__name__)


def _response(body: bytes, release: CurrentRelease | None) -> Response:
    headers = {"Cache-Control": CACHE_CONTROL, "Content-Language": "en"}
    if release:
        headers["KB-Release"] = release.version
    return Response(body, media_type="application/json", headers=headers)


async def _documents(
    app: FastAPI, document: Json, release: CurrentRelease | None
) -> tuple[tuple[bytes, bytes], set[str]]:
    revisions: set[str] = set()
    if release:
        with app.state.engine.snapshot() as one:
            targets = targets_of(document, Chosen(one, release.version))
        revisions = await add_examples(document, targets, app.state.answers.ask)
    return (orjson.dumps(document), orjson.dumps(of_3_1(document))), revisions


def openapi_of(app: FastAPI, *, closed: bool = False) -> Json:
    """The OpenAPI 3.1 document without examples. `closed`: as strict as the code is, for tests; callers see open shapes."""
    document = copy.deepcopy(
        get_openapi(
            title="procedure-kb",
            version=__version__,
            summary="Reference knowledge base of interventional pain management",
            description=DESCRIPTION,
            routes=app.routes,
            tags=TAGS,
            license_info={
                "name": "Content: CC BY 4.0; code: MIT",
                "url": "https://creativecommons.org/licenses/by/4.0/",
            },
            contact={"name": "procedure-kb contributors"},
            servers=[{"url": app.state.settings.link_base or "/"}],
        )
    )
    # Said aloud: nothing asks for credentials.
    document["security"] = []
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    problem = Problem.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    changes = (untitled, plain, _renamed) if closed else (untitled, plain, _renamed, open_ended)
    components["schemas"] = {_name(name): _shaped(schema, changes) for name, schema in schemas.items()}
    components["responses"] = shared_responses()
    for path in document["paths"].values():
        for operation in path.values():
            _tidy(operation)
    used = orjson.dumps(document)
    components["headers"] = {
        name: header for name, header in HEADERS.items() if f'"#/components/headers/{name}"'.encode() in used
    }
    return document


def _name(name: str) -> str:
    """Name of a shape made from another: clients make a type of it, and `ListPage_Claim_` is none."""
    outer, _, inner = name.partition("_")
    inner = inner.strip("_")
    return {"Known": f"Known{inner}", "ListPage": f"{inner}Page", "Batch": f"{inner}Batch"}.get(outer, name)


def _renamed(schema: Json) -> Json:
    if "discriminator" in schema:
        mapping = {key: _pointed(ref) for key, ref in schema["discriminator"].get("mapping", {}).items()}
        return {**schema, "discriminator": {**schema["discriminator"], "mapping": mapping}}
    return {**schema, "$ref": _pointed(schema["$ref"])} if "$ref" in schema else schema


def _pointed(ref: str) -> str:
    place, _, name = ref.rpartition("/")
    return f"{place}/{_name(name)}"


def _shaped(schema: Json, changes: tuple[Change, ...]) -> Json:
    for change in changes:
        schema = walk(schema, change)
    return schema


def _closed_list(schema: Json) -> Json:
    """What may be asked for is what this version knows; only what is answered may grow under a client's feet."""
    if "x-extensible-enum" not in schema:
        return schema
    return {key if key != "x-extensible-enum" else "enum": value for key, value in schema.items()}


def _tidy(operation: Json) -> None:
    deprecation.mark(operation)
    parameters = operation.get("parameters", [])
    for one in parameters:
        one["schema"] = _shaped(one["schema"], (untitled, plain, _closed_list))
        one["schema"].pop("description", None)
    for status, answer in operation["responses"].items():
        content = answer.get("content", {})
        for media in content.values():
            if "schema" in media:
                media["schema"] = _shaped(media["schema"], (untitled, plain, _renamed))
        if status == "200":
            listed = any(one["name"] == "cursor" for one in parameters)
            headers = headers_of_success(listed=listed, deprecated=operation.get("deprecated", False))
            answer["headers"] = headers | answer.get("headers", {})
        elif "application/problem+json" in content:
            # FastAPI adds its own media type beside the one that is really sent.
            content.pop("application/json", None)
    share(operation["responses"])


def operations_of(app: FastAPI) -> tuple[str, list[dict[str, str]], list[Json]]:
    """What the page about the API shows: a summary, the tags, and each operation in a few words."""
    document = openapi_of(app)
    operations = []
    for path, item in document["paths"].items():
        operation = item["get"]
        parameters = [
            {"name": one["name"], "type": _type_of(one["schema"]), "description": one.get("description", "")}
            for one in operation.get("parameters", [])
        ]
        answers = [(status, _words(document, answer)) for status, answer in sorted(operation["responses"].items())]
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


def _words(document: Json, answer: Json) -> str:
    name = answer.get("$ref", "").rpartition("/")[2]
    return str((document["components"]["responses"][name] if name else answer)["description"])


def _type_of(schema: dict[str, Any]) -> str:
    if schema.get("type") == "array":
        return f"{_type_of(schema['items'])}, may be repeated"
    values = schema.get("enum")
    return " or ".join(values) if values else str(schema.get("type", "string"))
