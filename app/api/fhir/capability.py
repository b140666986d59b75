"""What /fhir says of itself: CapabilityStatement and OpenAPI."""

from typing import Any, Final, get_args

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from app import __version__
from app.api.deps import Context
from app.api.fhir import claims as statements
from app.api.fhir import params as asked
from app.api.fhir import records
from app.api.fhir import terminology as terms
from app.api.fhir.lookup import resource_response
from app.api.fhir.openapi import create_fhir_router, resource_responses
from app.api.fhir.records import ReadParams, get_publisher
from app.domain.values import OpenEnum
from app.formats.fhir.capability import SearchDescription, build_capability_statement
from app.formats.fhir.identifiers import BASE_PATH
from app.openapi.responses import HEADERS

router = create_fhir_router("service")
SEARCH_PARAMS: Final[dict[str, type[asked.FhirSearch]]] = {
    "ActivityDefinition": asked.ActivityDefinitionSearch,
    "EvidenceVariable": asked.EvidenceVariableSearch,
    "Citation": asked.CitationSearch,
    "ClinicalUseDefinition": asked.ClinicalUseDefinitionSearch,
    "Evidence": asked.EvidenceSearch,
    "CodeSystem": asked.TerminologySearch,
    "ValueSet": asked.TerminologySearch,
    "StructureDefinition": asked.TerminologySearch,
}


def _describe_search(model: type[asked.FhirSearch]) -> SearchDescription:
    parameters, includes = {}, []
    for name, info in model.model_fields.items():
        alias = info.alias or name
        if alias == "_include":
            marks = get_args(get_args(info.annotation)[0])
            includes = [value for mark in marks if isinstance(mark, OpenEnum) for value in mark.values if value != "*"]
        elif alias in asked.SEARCH_PARAM_TYPES:
            parameters[alias] = (asked.SEARCH_PARAM_TYPES[alias], info.description or "")
    return SearchDescription(parameters, includes)


@router.get("/metadata", responses=resource_responses("CapabilityStatement"))
def get_capability_statement(params: ReadParams, read: Context) -> Response:
    """What this server can do."""
    read.require(params.release)
    release = read.release
    statement = build_capability_statement(
        {name: _describe_search(model) for name, model in SEARCH_PARAMS.items()},
        base=BASE_PATH,
        version=release.version,
        date=release.date,
        software=__version__,
        publisher=get_publisher(read),
    )
    return resource_response(read, statement)


ROUTERS: Final = (router, records.router, statements.router, terms.router)


def add_fhir_routes(app: FastAPI) -> list[str]:
    """Serve /fhir, and its OpenAPI document beside the main one. The paths that it answers."""
    made: list[bytes] = []

    async def get_fhir_openapi_document(request: Request) -> Response:
        if not made:
            made.append(orjson.dumps(build_fhir_openapi(request.app)))
        return Response(made[0], media_type="application/json", headers={"Cache-Control": "public, max-age=3600"})

    app.add_api_route("/fhir/openapi.json", get_fhir_openapi_document, include_in_schema=False)
    for one in ROUTERS:
        app.include_router(one, include_in_schema=False)
    return [route.path for one in ROUTERS for route in one.routes if isinstance(route, APIRoute)]


def build_fhir_openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document of /fhir."""
    document = get_openapi(
        title="procedure-kb over FHIR R5",
        version=__version__,
        description="Read-only FHIR R5. What R5 has no element for are extensions, defined under /fhir/StructureDefinition.",
        routes=[route for one in ROUTERS for route in one.routes],
        servers=[{"url": app.state.settings.link_base or "/"}],
    )
    for path in document["paths"].values():
        for operation in path.values():
            for answer in operation["responses"].values():
                # FastAPI lists its own media type beside the one that is really sent.
                answer.get("content", {}).pop("application/json", None)
    document["components"] = {"headers": dict(HEADERS)}
    return document
