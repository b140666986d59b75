"""Resource types of /fhir as rows: their routes, the CapabilityStatement and the OpenAPI document are built from them."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, NamedTuple

import orjson
from fastapi import FastAPI, Query, Request, Response
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from app import __version__
from app.api.deps import Context
from app.api.fhir import claims, params, records, terminology
from app.api.fhir.openapi import ResourceId, resource_responses
from app.api.fhir.search import Index, resource_response, search_response
from app.domain.json import Json
from app.formats.fhir.elements import BASE_URL, canonical_url
from app.formats.fhir.structure_definitions import get_extensions
from app.http.context import RequestContext
from app.openapi.document import NoQuery
from app.openapi.responses import HEADERS

# The operations come first: `{id}` would match their names.
router = terminology.router
# Tag of routes -> index of a resource type, and its read.
_HANDLERS: Final[Mapping[str, tuple[Callable[[RequestContext, str], Index], Callable[..., Response]]]] = {
    "records": (records.get_index, records.read_record),
    "claims": (claims.get_index, claims.read_claim),
    "terminology": (terminology.get_index, terminology.read_definition),
}


class ResourceType(NamedTuple):
    """Resource type with its search, and its descriptions in the OpenAPI document and in the CapabilityStatement."""

    name: str
    tag: str
    search_params: tuple[params.SearchParam, ...]
    search_description: str
    read_description: str
    documentation: str
    # Values of `_include`.
    includes: tuple[str, ...] = ()
    operations: tuple[str, ...] = ()


_RESOURCE_TYPES: Final = (
    ResourceType(
        "ActivityDefinition",
        "records",
        params.PROCEDURE_PARAMS,
        "Search procedures.",
        "Get a procedure.",
        "Procedures. The extension `typical-relief` states how long relief typically lasts.",
        includes=("ActivityDefinition:derived-from",),
    ),
    ResourceType(
        "EvidenceVariable",
        "records",
        params.RECORD_PARAMS,
        "Search conditions and pain generators; conditions come first.",
        "Get a condition (`condition-...`) or a pain generator (`pain-generator-...`).",
        "Conditions (`condition-...`) and pain generators (`pain-generator-...`).",
        includes=("EvidenceVariable:derived-from",),
    ),
    ResourceType(
        "ConditionDefinition",
        "records",
        params.RECORD_PARAMS,
        "Search conditions.",
        "Get a condition.",
        "Conditions. Evidence cannot refer to a ConditionDefinition, so each condition is an EvidenceVariable as well.",
        includes=("ConditionDefinition:derived-from",),
    ),
    ResourceType("Citation", "records", params.SOURCE_PARAMS, "Search sources.", "Get a source.", "Sources."),
    ResourceType(
        "ClinicalUseDefinition",
        "claims",
        params.CLINICAL_USE_PARAMS,
        "Search indications, contraindications, and undesirable effects with their frequency.",
        "Get an indication, contraindication or undesirable effect.",
        "Indications, contraindications, and undesirable effects with their frequency.",
        includes=("ClinicalUseDefinition:subject",),
    ),
    ResourceType(
        "Evidence",
        "claims",
        params.EVIDENCE_PARAMS,
        "Search all other claims: relief durations, response rates, findings, recommendations, coverage, definitions, ...",
        "Get a claim of any other kind.",
        "All other claims: relief durations, response rates, findings, recommendations, coverage, ...",
        includes=("Evidence:subject", "Evidence:derived-from"),
    ),
    ResourceType(
        "CodeSystem",
        "terminology",
        params.DEFINITION_PARAMS,
        "Search code systems: the records of the release and the closed lists.",
        "Get a code system.",
        "Records of the release as codes, and the closed lists of the content.",
        operations=("lookup", "validate-code"),
    ),
    ResourceType(
        "ValueSet",
        "terminology",
        params.DEFINITION_PARAMS,
        "Search value sets: one for each code system, and one for each procedure family.",
        "Get a value set.",
        "One for each code system, and one for each procedure family.",
        operations=("expand", "validate-code"),
    ),
    ResourceType(
        "StructureDefinition",
        "terminology",
        params.DEFINITION_PARAMS,
        "Search the definitions of the extensions, which hold the content that R5 has no element for.",
        "Get the definition of an extension.",
        "Extensions for content that R5 has no element for.",
    ),
)


def _add_resource_type(row: ResourceType) -> None:
    """Add the routes that search and read resources of a type."""
    get_index, handle_read = _HANDLERS[row.tag]

    def search(query: params.FhirSearch, ctx: Context) -> Response:
        query_params = query.model_dump(by_alias=True)
        return search_response(ctx, row.name, get_index(ctx, row.name), row.search_params, query_params)

    # FastAPI reads the model of this search from the annotation.
    search.__annotations__["query"] = Annotated[params.build_search_model(row.search_params, row.includes), Query()]

    def read(id: ResourceId, query: Annotated[params.FhirRead, Query()], ctx: Context) -> Response:
        return handle_read(ctx, row.name, id, query.model_dump(by_alias=True))

    singular = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", row.name).lower()
    # Evidence has no plural.
    plural = singular if singular == "evidence" else f"{singular}s"
    for path, endpoint, name, description, responses in (
        (f"/{row.name}", search, f"search_{plural}", row.search_description, resource_responses("Bundle", ())),
        (f"/{row.name}/{{id}}", read, f"read_{singular}", row.read_description, resource_responses(row.name)),
    ):
        router.add_api_route(path, endpoint, name=name, description=description, tags=[row.tag], responses=responses)


@router.get("/metadata", tags=["service"], responses=resource_responses("CapabilityStatement"))
def get_capability_statement(_: params.FhirQuery, ctx: Context) -> Response:
    """Get the capabilities of this server."""
    return resource_response(
        ctx,
        {
            "resourceType": "CapabilityStatement",
            "id": "procedure-kb",
            "language": "en",
            "url": canonical_url("CapabilityStatement", "procedure-kb"),
            "version": ctx.release.version,
            "name": "ProcedureKb",
            "title": "procedure-kb over FHIR",
            "status": "active",
            "date": ctx.release.date,
            "publisher": records.get_publisher(ctx),
            "description": "Read-only. Information, not advice: every claim cites its sources, and gaps are stated as unknown.",
            "kind": "instance",
            "software": {"name": "procedure-kb", "version": __version__},
            "implementation": {"description": "Interventional pain management procedures", "url": BASE_URL},
            "fhirVersion": "5.0.0",
            "format": ["json", "application/fhir+json"],
            "rest": [{"mode": "server", "resource": [_describe_resource_type(row) for row in sorted(_RESOURCE_TYPES)]}],
        },
    )


def _describe_resource_type(row: ResourceType) -> Json:
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
        "searchParam": [
            {"name": param.name, "type": param.type, "documentation": param.description} for param in row.search_params
        ],
    }
    if row.includes:
        description["searchInclude"] = row.includes
    if row.operations:
        description["operation"] = [
            {"name": name, "definition": f"http://hl7.org/fhir/OperationDefinition/{row.name}-{name}"}
            for name in row.operations
        ]
    return description


for _row in _RESOURCE_TYPES:
    _add_resource_type(_row)


def add_fhir_routes(app: FastAPI) -> list[str]:
    """Add the routes of /fhir and its separate OpenAPI document. Returns the paths of the FHIR routes."""
    cached: list[bytes] = []

    def get_fhir_openapi_document(_: NoQuery, request: Request) -> Response:
        if not cached:
            cached.append(orjson.dumps(build_fhir_openapi(request.app)))
        return Response(cached[0], media_type="application/json", headers={"Cache-Control": "public, max-age=3600"})

    app.add_api_route("/fhir/openapi.json", get_fhir_openapi_document, include_in_schema=False)
    app.include_router(router, include_in_schema=False)
    return [route.path for route in router.routes if isinstance(route, APIRoute)]


def build_fhir_openapi(app: FastAPI) -> dict[str, Any]:
    """Build the OpenAPI 3.1 document of /fhir."""
    document = get_openapi(
        title="procedure-kb over FHIR R5",
        version=__version__,
        description="Read-only FHIR R5. Content without an R5 element is in extensions, defined under "
        "/fhir/StructureDefinition.",
        routes=router.routes,
        servers=[{"url": app.state.services.settings.absolute_base}],
    )
    document["components"] = {"headers": dict(HEADERS)}
    for path in document["paths"].values():
        # FastAPI adds a response that no path has: invalid parameters are a 400.
        path["get"]["responses"].pop("422", None)
    return document
