"""OpenAPI document (3.1 and 3.0), built from the routes, with real responses of this service as examples."""

import asyncio
import copy
from pathlib import Path
from typing import Annotated, Final

import orjson
from fastapi import FastAPI, Query, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel, ConfigDict

from app import __version__
from app.domain.json import Json
from app.errors import NotLoaded, NotReady
from app.http import deprecation
from app.http.context import CACHE_CONTROL, RequestContext, request_context
from app.http.preparation import ReleaseArtifact, content_key, get_prepared
from app.http.services import get_services
from app.openapi.descriptions import add_descriptions
from app.openapi.downgrade import to_openapi_3_0
from app.openapi.examples import ExampleParameters, add_examples, build_example_urls
from app.openapi.json_schema import (
    Transform,
    allow_additional,
    drop_titles,
    inline_nullable,
    repeat_const,
    transform_schema,
)
from app.openapi.responses import HEADERS, shared_responses, success_headers, use_refs
from app.schemas.problems import Problem

DESCRIPTION: Final = """\
Which interventional pain procedures target which pain generators, for which conditions, at which risk, and how long
relief typically lasts. Every fact is a claim with a permanent id and a citation. Read-only: the content changes only with a new release.

The content is information, not advice. It is compiled from cited sources and not clinically reviewed.
"""
OPENAPI_3_1: Final = "openapi.json"
OPENAPI_3_0: Final = "openapi-3.0.json"
TAGS: Final = [
    {"name": "procedures", "description": "Interventional pain procedures."},
    {"name": "conditions", "description": "Diagnoses."},
    {"name": "pain generators", "description": "Anatomical structures from which pain arises."},
    {
        "name": "targets and outcomes",
        "description": "Targets, relief durations, response rates and findings across all procedures.",
    },
    {"name": "risks", "description": "Risks of procedures."},
    {"name": "emergencies", "description": "Emergencies: their signs, and how soon to get help."},
    {"name": "sources and claims", "description": "Sources and the claims that cite them."},
    {"name": "search", "description": "Search with an explanation for each match."},
    {"name": "codes", "description": "Lookup of codes of other organizations."},
    {"name": "guide", "description": "Patient guide."},
    {"name": "releases", "description": "History of the content."},
    {"name": "export", "description": "All content as files."},
    {"name": "quality", "description": "Coverage, gaps and disagreements between sources."},
    {"name": "service", "description": "Index, vocabularies and health of the service."},
]


class NoParams(BaseModel):
    """Parameters of a path that takes none."""

    model_config = ConfigDict(extra="forbid")


NoQuery = Annotated[NoParams, Query()]


def add_openapi_routes(app: FastAPI) -> None:
    """Serve the OpenAPI document in both versions."""
    without_release: dict[str, bytes] = {}

    def serve(request: Request, name: str) -> Response:
        # No precondition: the document describes the service, whatever release is loaded.
        with request_context(Request({**request.scope, "query_string": b""})) as ctx:
            try:
                body, version = get_prepared(ctx, OPENAPI_ARTIFACT)[name], ctx.release.version
            except NotLoaded:
                body, version = b"", ""
        if not version:
            if not without_release:
                without_release.update(_render(build_openapi(request.app)))
            body = without_release[name]
        headers = {"Cache-Control": CACHE_CONTROL, "Content-Language": "en"}
        return Response(
            body, media_type="application/json", headers=headers | ({"KB-Release": version} if version else {})
        )

    def get_openapi_document(_: NoQuery, request: Request) -> Response:
        return serve(request, OPENAPI_3_1)

    def get_openapi_document_3_0(_: NoQuery, request: Request) -> Response:
        return serve(request, OPENAPI_3_0)

    for name, endpoint in ((OPENAPI_3_1, get_openapi_document), (OPENAPI_3_0, get_openapi_document_3_0)):
        app.add_api_route(f"/{name}", endpoint, include_in_schema=False, name=endpoint.__name__)


def _render(document: Json) -> dict[str, bytes]:
    return {OPENAPI_3_1: orjson.dumps(document), OPENAPI_3_0: orjson.dumps(to_openapi_3_0(document))}


def _write_documents(ctx: RequestContext, directory: Path) -> None:
    services, document = get_services(ctx.request), build_openapi(ctx.request.app)
    urls = build_example_urls(document, ExampleParameters(ctx.transaction, ctx.release.version))
    revisions = asyncio.run(add_examples(document, urls, services.gateway.request_internal))
    if revisions - {ctx.release.revision}:
        # A load came between two examples.
        raise NotReady("The OpenAPI document shows two releases.", retry_after=1)
    for name, body in _render(document).items():
        (directory / name).write_bytes(body)


OPENAPI_ARTIFACT: Final = ReleaseArtifact(
    name="openapi",
    label="The OpenAPI document",
    find_directory=lambda settings, revision: settings.export_dir / f"openapi-{content_key(settings, revision)}",
    write=_write_documents,
    open=lambda _, directory: {name: (directory / name).read_bytes() for name in (OPENAPI_3_1, OPENAPI_3_0)},
    niceness=10,
)


def build_openapi(app: FastAPI, *, closed: bool = False) -> Json:
    """Build the OpenAPI 3.1 document without examples.

    `closed` forbids unknown properties, for tests; callers see schemas that may gain properties.
    """
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
            # Left out without a public URL: tools add a path to "/" as if it were a host ("//v1/procedures").
            servers=[{"url": link_base}] if (link_base := app.state.services.settings.link_base) else None,
        )
    )
    # No operation needs credentials.
    document["security"] = []
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    problem = Problem.model_json_schema(mode="serialization", ref_template="#/components/schemas/{model}")
    schemas.update(problem.pop("$defs", {}))
    schemas["Problem"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    transforms = (drop_titles, inline_nullable, repeat_const, _rename_refs, *(() if closed else (allow_additional,)))
    components["schemas"] = {_component_name(name): _apply(schema, transforms) for name, schema in schemas.items()}
    add_descriptions(components["schemas"])
    components["responses"] = shared_responses()
    for path in document["paths"].values():
        for operation in path.values():
            _clean_operation(operation)
    used = orjson.dumps(document)
    components["headers"] = {
        name: header for name, header in HEADERS.items() if f'"#/components/headers/{name}"'.encode() in used
    }
    return document


def _component_name(name: str) -> str:
    """Name of a generic schema as a client generator can use it: `ClaimPage` for `ListPage_Claim_`."""
    outer, _, inner = name.partition("_")
    inner = inner.strip("_")
    suffixes = {"Block": "Block", "ListPage": "Page", "BlockPage": "BlockPage", "Batch": "Batch"}
    return f"{inner}{suffixes[outer]}" if outer in suffixes else name


def _rename_refs(schema: Json) -> Json:
    if "discriminator" in schema:
        mapping = {key: _rename_ref(ref) for key, ref in schema["discriminator"].get("mapping", {}).items()}
        return {**schema, "discriminator": {**schema["discriminator"], "mapping": mapping}}
    return {**schema, "$ref": _rename_ref(schema["$ref"])} if "$ref" in schema else schema


def _rename_ref(ref: str) -> str:
    parent, _, name = ref.rpartition("/")
    return f"{parent}/{_component_name(name)}"


def _apply(schema: Json, transforms: tuple[Transform, ...]) -> Json:
    for transform in transforms:
        schema = transform_schema(schema, transform)
    return schema


def _clean_operation(operation: Json) -> None:
    deprecation.mark_deprecated(operation)
    # FastAPI only repeats the name of the function.
    operation["summary"] = operation["description"].split(". ")[0].removesuffix(".").replace("`", "")
    parameters = operation.get("parameters", [])
    for parameter in parameters:
        parameter["schema"] = _apply(parameter["schema"], (drop_titles, inline_nullable))
        parameter["schema"].pop("description", None)
    for status, response in operation["responses"].items():
        content = response.get("content", {})
        for media in content.values():
            if "schema" in media:
                media["schema"] = _apply(media["schema"], (drop_titles, inline_nullable, _rename_refs))
        if status == "200":
            listed = any(parameter["name"] == "cursor" for parameter in parameters)
            headers = success_headers(listed=listed, deprecated=operation.get("deprecated", False))
            response["headers"] = headers | response.get("headers", {})
        elif "application/problem+json" in content:
            # FastAPI adds its default media type next to the one that is sent.
            content.pop("application/json", None)
    use_refs(operation["responses"])
