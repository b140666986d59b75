"""Routes of /fhir and /fhir/r4, their CapabilityStatement and OpenAPI document, built from the rows of types and operations."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from app import __version__
from app.api.deps import Context
from app.api.fhir import claims, params, records, terminology
from app.api.fhir.openapi import ResourceId, create_fhir_router, resource_responses
from app.api.fhir.operations import OPERATIONS, R4_OPERATIONS, Operation, OperationParams
from app.api.fhir.resource_types import RESOURCE_TYPES, ResourceType
from app.api.fhir.search import ResourceIndex, is_r4, resource_response, search_response
from app.domain.json import Json
from app.formats.fhir.elements import BASE_URL, canonical_url
from app.formats.fhir.structure_definitions import get_extensions
from app.http.context import RequestContext
from app.openapi.document import NoQuery
from app.openapi.responses import HEADERS

# Tag of routes -> index of a resource type, and its read.
_HANDLERS: Final[Mapping[str, tuple[Callable[[RequestContext, str], ResourceIndex], Callable[..., Response]]]] = {
    "records": (records.get_index, records.read_record),
    "claims": (claims.get_index, claims.read_claim),
    "terminology": (terminology.get_index, terminology.read_definition),
}
_REFUSED_PARAMETERS: Final = (
    " Refused with 400: parameters with a resource or parts (valueSet, codeSystem, conceptMap, dependency), context,"
    " contextDirection and useSupplement."
)
_R4_TYPES: Final = tuple(row for row in RESOURCE_TYPES if row.is_in_r4)


def _add_resource_type(router: APIRouter, row: ResourceType, suffix: str) -> None:
    """Add the routes that search and read resources of a type."""
    get_index, handle_read = _HANDLERS[row.tag]

    def search(query: params.FhirSearch, ctx: Context) -> Response:
        query_params = query.model_dump(by_alias=True)
        return search_response(ctx, row.name, get_index(ctx, row.name), row.search_params, query_params)

    # FastAPI reads the model of this search from the annotation.
    search.__annotations__["query"] = Annotated[params.build_search_model(row.search_params, row.includes), Query()]

    def read(id: ResourceId, query: Annotated[params.FhirRead, Query()], ctx: Context) -> Response:
        return handle_read(ctx, row.name, id, query.model_dump(by_alias=True))

    singular = _to_snake_case(row.name)
    # Evidence has no plural.
    plural = singular if singular == "evidence" else f"{singular}s"
    for path, endpoint, name, description, responses in (
        (f"/{row.name}", search, f"search_{plural}", row.search_description, resource_responses("Bundle", ())),
        (f"/{row.name}/{{id}}", read, f"read_{singular}", row.read_description, resource_responses(row.name)),
    ):
        router.add_api_route(
            path, endpoint, name=name + suffix, description=description, tags=[row.tag], responses=responses
        )


def _add_operation(router: APIRouter, row: Operation, suffix: str) -> None:
    """Add the routes of an operation: on the resource type, which takes a URL, and on one resource."""

    def run_on_type(query: OperationParams, ctx: Context) -> Response:
        return resource_response(ctx, row.run(ctx, None, query))

    def run_on_resource(id: ResourceId, query: OperationParams, ctx: Context) -> Response:
        return resource_response(ctx, row.run(ctx, terminology.check_id(ctx, row.resource_type, id), query))

    name = f"{row.name.replace('-', '_')}_{_to_snake_case(row.resource_type)}"
    for path, endpoint, level in (("", run_on_type, ""), ("/{id}", run_on_resource, "_by_id")):
        endpoint.__annotations__["query"] = Annotated[row.params, Query()]
        router.add_api_route(
            f"/{row.resource_type}{path}/${row.name}",
            endpoint,
            name=f"{name}{level}{suffix}",
            description=row.description,
            tags=["terminology"],
            responses=resource_responses(row.returns),
        )


def _to_snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


def get_capability_statement(_: Annotated[params.MetadataParams, Query()], ctx: Context) -> Response:
    """Get the capabilities of this server."""
    r4 = is_r4(ctx)
    resource_types, operations = (_R4_TYPES, R4_OPERATIONS) if r4 else (RESOURCE_TYPES, OPERATIONS)
    return resource_response(
        ctx,
        {
            "resourceType": "CapabilityStatement",
            "id": "procedure-kb",
            "language": "en",
            "url": canonical_url("CapabilityStatement", "procedure-kb-r4" if r4 else "procedure-kb"),
            "version": ctx.release.version,
            "name": "ProcedureKb",
            "title": "procedure-kb over FHIR",
            "status": "active",
            "date": ctx.release.date,
            "publisher": records.get_publisher(ctx),
            "description": "Read-only. Information, not advice: every claim cites its sources, and gaps are stated as unknown.",
            "kind": "instance",
            "software": {"name": "procedure-kb", "version": __version__},
            "implementation": {
                "description": "Interventional pain management procedures",
                "url": f"{BASE_URL}/r4" if r4 else BASE_URL,
            },
            "fhirVersion": "4.0.1" if r4 else "5.0.0",
            "format": ["json", "application/fhir+json"],
            "rest": [
                {
                    "mode": "server",
                    "documentation": "Searches take _count, _sort, _total, _summary and _elements; reads take _summary and"
                    " _elements. Searches and operations take GET and POST. Unknown parameters are refused, or ignored with"
                    " Prefer: handling=lenient.",
                    "resource": [_describe_resource_type(row, operations, is_r4=r4) for row in sorted(resource_types)],
                }
            ],
        },
    )


def _describe_resource_type(row: ResourceType, operations: Sequence[Operation], *, is_r4: bool) -> Json:
    profiles = [
        canonical_url("StructureDefinition", name)
        for name, extension in get_extensions().items()
        if row.name in extension.contexts
    ]
    description: Json = {
        "type": row.name,
        "documentation": row.documentation + (f" Extensions: {', '.join(profiles)}." if profiles else ""),
        "interaction": [{"code": "read"}, {"code": "search-type"}],
        "versioning": "versioned",
        "readHistory": False,
        "updateCreate": False,
        "conditionalRead": "not-match",
        "searchParam": [
            {
                "name": param.name,
                "definition": _get_definition(param.standard_r4 if is_r4 else param.standard, param.name),
                "type": param.type,
                "documentation": param.description,
            }
            for param in row.search_params
        ],
    }
    if row.includes:
        description["searchInclude"] = [*row.includes, "*"]
    supported = [
        {
            "name": operation.name,
            "definition": f"http://hl7.org/fhir/OperationDefinition/{row.name}-{operation.name}",
            "documentation": operation.description + _REFUSED_PARAMETERS,
        }
        for operation in operations
        if operation.resource_type == row.name
    ]
    return description | ({"operation": supported} if supported else {})


def _get_definition(standard: str, name: str) -> str:
    return f"http://hl7.org/fhir/SearchParameter/{standard}" if standard else canonical_url("SearchParameter", name)


def _build_router(
    prefix: str, suffix: str, resource_types: Sequence[ResourceType], operations: Sequence[Operation]
) -> APIRouter:
    router = create_fhir_router(prefix)
    router.add_api_route(
        "/metadata",
        get_capability_statement,
        name=f"get_capability_statement{suffix}",
        tags=["service"],
        responses=resource_responses("CapabilityStatement"),
    )
    # The operations come first: `{id}` would match their names.
    for operation in operations:
        _add_operation(router, operation, suffix)
    for row in resource_types:
        _add_resource_type(router, row, suffix)
    return router


_ROUTERS: Final = (
    _build_router("/fhir", "", RESOURCE_TYPES, OPERATIONS),
    _build_router("/fhir/r4", "_r4", _R4_TYPES, R4_OPERATIONS),
)
# All of them, not in the OpenAPI document of the service; shared by the applications of a process, as in `app/main.py`.
_UNLISTED: Final = APIRouter()
for _router in _ROUTERS:
    _UNLISTED.include_router(_router, include_in_schema=False)


def add_fhir_routes(app: FastAPI) -> list[str]:
    """Add the routes of /fhir and its separate OpenAPI document. Returns the paths of the FHIR routes."""
    cached: list[bytes] = []

    def get_fhir_openapi_document(_: NoQuery, request: Request) -> Response:
        if not cached:
            cached.append(orjson.dumps(build_fhir_openapi(request.app)))
        return Response(cached[0], media_type="application/json", headers={"Cache-Control": "public, max-age=3600"})

    app.add_api_route("/fhir/openapi.json", get_fhir_openapi_document, include_in_schema=False)
    app.router.routes += _UNLISTED.routes
    return [route.path for router in _ROUTERS for route in router.routes if isinstance(route, APIRoute)]


def build_fhir_openapi(app: FastAPI) -> dict[str, Any]:
    """Build the OpenAPI 3.1 document of /fhir."""
    document = get_openapi(
        title="procedure-kb over FHIR R5",
        version=__version__,
        description="Read-only FHIR R5; the terminology also as R4 under /fhir/r4. Content without an R5 element is in"
        " extensions, defined under /fhir/StructureDefinition. Every operation also takes a POST with a Parameters resource, and"
        " every search a POST to `{type}/_search` with a form.",
        routes=[route for router in _ROUTERS for route in router.routes],
        servers=[{"url": app.state.services.settings.absolute_base}],
    )
    document["components"] = {"headers": dict(HEADERS)}
    for path in document["paths"].values():
        # FastAPI adds a response that no path has: invalid parameters are a 400.
        path["get"]["responses"].pop("422", None)
    return document
