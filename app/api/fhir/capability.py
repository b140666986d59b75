"""CapabilityStatement, OpenAPI document and routes of /fhir."""

from typing import Any, Final, get_args

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from app import __version__
from app.api.deps import Context
from app.api.fhir import claims, records, terminology
from app.api.fhir.lookup import resource_response
from app.api.fhir.openapi import create_fhir_router, resource_responses
from app.api.fhir.params import (
    SEARCH_PARAM_TYPES,
    ActivityDefinitionSearch,
    CitationSearch,
    ClinicalUseDefinitionSearch,
    EvidenceSearch,
    EvidenceVariableSearch,
    FhirQuery,
    FhirSearch,
    TerminologySearch,
)
from app.api.fhir.records import get_publisher
from app.domain.values import OpenEnum
from app.formats.fhir.capability import SearchDescription, build_capability_statement
from app.formats.fhir.identifiers import BASE_PATH
from app.openapi.responses import HEADERS

router = create_fhir_router("service")
SEARCH_PARAMS: Final[dict[str, type[FhirSearch]]] = {
    "ActivityDefinition": ActivityDefinitionSearch,
    "EvidenceVariable": EvidenceVariableSearch,
    "Citation": CitationSearch,
    "ClinicalUseDefinition": ClinicalUseDefinitionSearch,
    "Evidence": EvidenceSearch,
    "CodeSystem": TerminologySearch,
    "ValueSet": TerminologySearch,
    "StructureDefinition": TerminologySearch,
}


def _describe_search(model: type[FhirSearch]) -> SearchDescription:
    parameters, includes = {}, []
    for name, field in model.model_fields.items():
        alias = field.alias or name
        if alias == "_include":
            metadata = get_args(get_args(field.annotation)[0])
            enums = [enum for enum in metadata if isinstance(enum, OpenEnum)]
            includes = [value for enum in enums for value in enum.values if value != "*"]
        elif alias in SEARCH_PARAM_TYPES:
            parameters[alias] = (SEARCH_PARAM_TYPES[alias], field.description or "")
    return SearchDescription(parameters, includes)


@router.get("/metadata", responses=resource_responses("CapabilityStatement"))
def get_capability_statement(_: FhirQuery, ctx: Context) -> Response:
    """Get the capabilities of this server."""
    release = ctx.release
    statement = build_capability_statement(
        {resource_type: _describe_search(model) for resource_type, model in SEARCH_PARAMS.items()},
        base=BASE_PATH,
        version=release.version,
        date=release.date,
        software=__version__,
        publisher=get_publisher(ctx),
    )
    return resource_response(ctx, statement)


ROUTERS: Final = (router, records.router, claims.router, terminology.router)


def add_fhir_routes(app: FastAPI) -> list[str]:
    """Add the routes of /fhir and its separate OpenAPI document. Returns the paths of the FHIR routes."""
    cached: list[bytes] = []

    def get_fhir_openapi_document(request: Request) -> Response:
        if not cached:
            cached.append(orjson.dumps(build_fhir_openapi(request.app)))
        return Response(cached[0], media_type="application/json", headers={"Cache-Control": "public, max-age=3600"})

    app.add_api_route("/fhir/openapi.json", get_fhir_openapi_document, include_in_schema=False)
    for fhir_router in ROUTERS:
        app.include_router(fhir_router, include_in_schema=False)
    return [route.path for fhir_router in ROUTERS for route in fhir_router.routes if isinstance(route, APIRoute)]


def build_fhir_openapi(app: FastAPI) -> dict[str, Any]:
    """Build the OpenAPI 3.1 document of /fhir."""
    document = get_openapi(
        title="procedure-kb over FHIR R5",
        version=__version__,
        description="Read-only FHIR R5. Content without an R5 element is in extensions, defined under "
        "/fhir/StructureDefinition.",
        routes=[route for fhir_router in ROUTERS for route in fhir_router.routes],
        servers=[{"url": app.state.services.settings.link_base or "/"}],
    )
    for path in document["paths"].values():
        for operation in path.values():
            for response in operation["responses"].values():
                # FastAPI lists its default media type beside the one that is sent.
                response.get("content", {}).pop("application/json", None)
    document["components"] = {"headers": dict(HEADERS)}
    return document
