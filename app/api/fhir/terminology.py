"""Code systems, value sets and structure definitions over FHIR, with $lookup, $expand and $validate-code."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from app.api.deps import Context
from app.api.fhir import search
from app.api.fhir.openapi import ResourceId, create_fhir_router, resource_responses
from app.api.fhir.params import (
    FhirParams,
    OptionalText,
    SearchParams,
    Text,
    parse_name,
    reject_param,
)
from app.domain.json import Json
from app.errors import NotFound
from app.formats.fhir import terminology
from app.formats.fhir.elements import canonical_url, get_definition_name, system_url
from app.formats.fhir.structure_definitions import build_structure_definition, get_extensions
from app.formats.fhir.terminology import Concept
from app.http.context import RequestContext
from app.http.slug_resolution import names_by_slug
from app.queries.name_resolution import list_families, list_names_with_kind, list_parents
from app.text.nearest import find_nearest
from app.text.normalize import normalize

router = create_fhir_router()
_Offset = Annotated[int, Field(ge=0, le=10_000_000, description="Codes to skip.")]
_Count = Annotated[int, Field(ge=0, le=1000, description="Codes per page.")]


class LookupParams(FhirParams):
    """Parameters of $lookup on a given code system."""

    code: Text = Field(description="Code to look up.")


class LookupBySystemParams(LookupParams):
    """Parameters of $lookup."""

    system: Text = Field(description="Canonical URL of the code system.")


class ExpandParams(FhirParams):
    """Parameters of $expand on a given value set."""

    filter: OptionalText = Field(
        default=None, description="Words; each must be the beginning of a word in a name of the code."
    )
    offset: _Offset = 0
    count: _Count = 100


class ExpandByUrlParams(ExpandParams):
    """Parameters of $expand."""

    url: Text = Field(description="Canonical URL of the value set.")


class ValidateParams(FhirParams):
    """Parameters of $validate-code on a given code system or value set."""

    code: Text = Field(description="Code to validate.")
    system: OptionalText = Field(default=None, description="Canonical URL of the code system that the code is from.")
    display: OptionalText = Field(default=None, description="Expected name of the code.")


class ValidateByUrlParams(ValidateParams):
    """Parameters of $validate-code."""

    url: Text = Field(description="Canonical URL of the code system or value set.")


def list_concepts(ctx: RequestContext, name: str) -> Sequence[Concept]:
    """List the codes of a code system or value set in display order; codes of records are cached per release."""
    if family := terminology.FAMILY_VALUE_SETS.get(name):
        return [concept for concept in list_concepts(ctx, "procedures") if concept.family == family]
    if record_type := terminology.RECORD_SYSTEMS.get(name):
        return ctx.cached(("fhir concepts", name), lambda: _list_record_concepts(ctx, record_type))
    return [Concept(code, label) for code, label in terminology.CLOSED_LISTS[name][1].items()]


def _list_record_concepts(ctx: RequestContext, record_type: str) -> list[Concept]:
    names: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for slug, name_kind, text in list_names_with_kind(ctx.connection, record_type):
        if name_kind != "preferred":
            names[slug].append((name_kind, text))
    parents: dict[str, list[str]] = defaultdict(list)
    for slug, parent in list_parents(ctx.connection, record_type):
        parents[slug].append(parent)
    families = list_families(ctx.connection) if record_type == "procedure" else {}
    ordered = sorted(names_by_slug(ctx, record_type).items(), key=lambda pair: (normalize(pair[1]), pair[0]))
    return [Concept(slug, name, tuple(names[slug]), tuple(parents[slug]), families.get(slug)) for slug, name in ordered]


def _get_titles(resource_type: str) -> Mapping[str, str]:
    """Titles of all resources of a type by id, in the order of a search."""
    if resource_type == "StructureDefinition":
        return {name: name.replace("-", " ") for name in get_extensions()}
    return terminology.CODE_SYSTEM_TITLES if resource_type == "CodeSystem" else terminology.VALUE_SET_TITLES


def _build_resource(ctx: RequestContext, resource_type: str, name: str) -> Json:
    if resource_type == "CodeSystem":
        return terminology.build_code_system(name, list_concepts(ctx, name), ctx.release)
    if resource_type == "ValueSet":
        return terminology.build_value_set(name, ctx.release)
    return build_structure_definition(name, ctx.release)


def _check_id(resource_type: str, name: str) -> str:
    """Return the id if it exists. Raises NotFound with suggestions."""
    titles = _get_titles(resource_type)
    if name not in titles:
        raise search.build_unknown_id_error(resource_type, name, find_nearest(name, titles, limit=3))
    return name


def _resolve_url(resource_type: str, parameter: str, url: str) -> str:
    """Resolve a canonical URL to an id. Raises InvalidParameter with suggestions."""
    name, titles = url.partition("|")[0].removeprefix(canonical_url(resource_type, "")), _get_titles(resource_type)
    if name not in titles:
        known = [canonical_url(resource_type, known_name) for known_name in titles]
        reject_param(parameter, url, f"unknown {resource_type} URL", find_nearest(url, known, limit=3))
    return name


def _find_concept(concepts: Sequence[Concept], code: str) -> tuple[Concept | None, tuple[str, ...]]:
    """Find a code; if there is none, the nearest codes."""
    for concept in concepts:
        if concept.code == code:
            return concept, ()
    return None, tuple(find_nearest(code, [concept.code for concept in concepts], limit=3))


def read_definition(ctx: RequestContext, resource_type: str, name: str, params: SearchParams) -> Response:
    """Response with a code system, value set or structure definition. Raises NotFound with suggestions."""
    _ = ctx.release  # A release mismatch comes before an unknown id.
    return search.resource_response(ctx, _build_resource(ctx, resource_type, _check_id(resource_type, name)), params)


def get_index(ctx: RequestContext, resource_type: str) -> search.Index:
    """Index of the definitions of a resource type."""
    version = ctx.release.version
    return search.Index(
        [
            search.Entry(
                name,
                name,
                {
                    "_id": [("", name)],
                    "url": [(canonical_url(resource_type, name), version)],
                    # `name-with-hyphens` is no name, but what people write.
                    "name": search.list_texts(get_definition_name(resource_type, name), name),
                    "title": search.list_texts(title),
                    "status": [(search.PUBLICATION_STATUS, "active")],
                },
            )
            for name, title in _get_titles(resource_type).items()
        ],
        lambda _, names: list(names),
        lambda ctx, names: [_build_resource(ctx, resource_type, name) for name in names],
    )


def _look_up(ctx: RequestContext, name: str, params: LookupParams) -> Response:
    version = ctx.release.version
    concept, suggestions = _find_concept(list_concepts(ctx, name), params.code)
    if concept is None:
        raise NotFound(f"Unknown code {params.code!r} in {system_url(name)}.", suggestions=suggestions)
    return search.resource_response(ctx, terminology.build_lookup_result(name, concept, version))


def _expand(ctx: RequestContext, name: str, params: ExpandParams) -> Response:
    release, text = ctx.release, params.filter
    words = parse_name("filter", text).split() if text is not None else []
    concepts = list_concepts(ctx, name)
    if words:
        concepts = [concept for concept in concepts if concept.matches(words)]
    expansion = terminology.build_expansion(name, concepts, release, text, offset=params.offset, count=params.count)
    return search.resource_response(ctx, expansion)


def _validate(ctx: RequestContext, name: str, params: ValidateParams) -> Response:
    _ = ctx.release  # A release mismatch comes before a wrong system.
    system = system_url(terminology.get_code_system(name))
    if params.system is not None and params.system.partition("|")[0] != system:
        reject_param("system", params.system, f"the codes are from the code system {system!r}")
    concept, suggestions = _find_concept(list_concepts(ctx, name), params.code)
    validation = terminology.build_validation_result(name, concept, params.code, params.display, suggestions)
    return search.resource_response(ctx, validation)


@router.get("/CodeSystem/$lookup", tags=["terminology"], responses=resource_responses("Parameters"))
def lookup_code(params: Annotated[LookupBySystemParams, Query()], ctx: Context) -> Response:
    """Look up a code in the code system with this URL."""
    return _look_up(ctx, _resolve_url("CodeSystem", "system", params.system), params)


@router.get("/CodeSystem/{id}/$lookup", tags=["terminology"], responses=resource_responses("Parameters"))
def lookup_code_in_system(id: ResourceId, params: Annotated[LookupParams, Query()], ctx: Context) -> Response:
    """Look up a code in this code system."""
    return _look_up(ctx, _check_id("CodeSystem", id), params)


@router.get("/CodeSystem/$validate-code", tags=["terminology"], responses=resource_responses("Parameters"))
def validate_code_of_system(params: Annotated[ValidateByUrlParams, Query()], ctx: Context) -> Response:
    """Check whether the code system with this URL has a code, and whether its name is right."""
    return _validate(ctx, _resolve_url("CodeSystem", "url", params.url), params)


@router.get("/CodeSystem/{id}/$validate-code", tags=["terminology"], responses=resource_responses("Parameters"))
def validate_code_in_system(id: ResourceId, params: Annotated[ValidateParams, Query()], ctx: Context) -> Response:
    """Check whether this code system has a code, and whether its name is right."""
    return _validate(ctx, _check_id("CodeSystem", id), params)


@router.get("/ValueSet/$expand", tags=["terminology"], responses=resource_responses("ValueSet"))
def expand_value_set(params: Annotated[ExpandByUrlParams, Query()], ctx: Context) -> Response:
    """List the codes of the value set with this URL, page by page."""
    return _expand(ctx, _resolve_url("ValueSet", "url", params.url), params)


@router.get("/ValueSet/{id}/$expand", tags=["terminology"], responses=resource_responses("ValueSet"))
def expand_this_value_set(id: ResourceId, params: Annotated[ExpandParams, Query()], ctx: Context) -> Response:
    """List the codes of this value set, page by page."""
    return _expand(ctx, _check_id("ValueSet", id), params)


@router.get("/ValueSet/$validate-code", tags=["terminology"], responses=resource_responses("Parameters"))
def validate_code_of_set(params: Annotated[ValidateByUrlParams, Query()], ctx: Context) -> Response:
    """Check whether the value set with this URL has a code, and whether its name is right."""
    return _validate(ctx, _resolve_url("ValueSet", "url", params.url), params)


@router.get("/ValueSet/{id}/$validate-code", tags=["terminology"], responses=resource_responses("Parameters"))
def validate_code_in_set(id: ResourceId, params: Annotated[ValidateParams, Query()], ctx: Context) -> Response:
    """Check whether this value set has a code, and whether its name is right."""
    return _validate(ctx, _check_id("ValueSet", id), params)
