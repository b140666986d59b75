"""Code systems, value sets and structure definitions over FHIR, with $lookup, $expand and $validate-code."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import Query, Response
from pydantic import Field

from app.api.deps import Context
from app.api.fhir.lookup import (
    build_unknown_id_error,
    bundle_response,
    decode_page_cursor,
    parse_canonical_id,
    resource_response,
)
from app.api.fhir.openapi import ResourceId, create_fhir_router, resource_responses, search_responses
from app.api.fhir.params import (
    NO_LETTER_OR_DIGIT,
    PUBLICATION_STATUSES,
    FhirParams,
    FhirQuery,
    OptionalText,
    TerminologySearch,
    Text,
    parse_known_codes,
    parse_tokens,
    reject_param,
)
from app.domain.json import Json
from app.errors import NotFound
from app.formats.fhir import terminology
from app.formats.fhir.identifiers import canonical_url, system_url
from app.formats.fhir.structure_definitions import build_structure_definition, get_extensions
from app.formats.fhir.terminology import Concept
from app.http.context import RequestContext
from app.http.slug_resolution import names_by_slug
from app.queries.name_resolution import list_families, list_names_with_kind, list_parents
from app.text.nearest import find_nearest
from app.text.normalize import normalize

router = create_fhir_router("terminology")
CURSOR_PATTERN: Final = r"[0-9]{1,9}"
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
    if name in terminology.FAMILY_VALUE_SETS:
        family = terminology.FAMILY_VALUE_SETS[name]
        return [concept for concept in list_concepts(ctx, "procedures") if concept.family == family]
    if name in terminology.RECORD_SYSTEMS:
        record_type = terminology.RECORD_SYSTEMS[name][0]
        return ctx.cached(("fhir concepts", name), lambda: _list_record_concepts(ctx, record_type))
    return terminology.list_closed_concepts(name)


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


def _list_titles(resource_type: str) -> dict[str, str]:
    """Titles of all resources of a type by id, in the order of a search."""
    if resource_type == "StructureDefinition":
        return {name: name.replace("-", " ") for name in get_extensions()}
    names = terminology.CODE_SYSTEMS if resource_type == "CodeSystem" else terminology.VALUE_SETS
    return {name: terminology.get_title(name) for name in names}


def _build_resource(ctx: RequestContext, resource_type: str, name: str) -> Json:
    version, date = ctx.release.version, ctx.release.date
    if resource_type == "CodeSystem":
        return terminology.build_code_system(name, list_concepts(ctx, name), version, date)
    if resource_type == "ValueSet":
        return terminology.build_value_set(name, version, date)
    return build_structure_definition(name, version, date)


def _check_id(resource_type: str, name: str) -> str:
    """Return the id if it exists. Raises NotFound with suggestions."""
    titles = _list_titles(resource_type)
    if name not in titles:
        raise build_unknown_id_error(resource_type, name, find_nearest(name, titles, limit=3))
    return name


def _resolve_url(resource_type: str, parameter: str, url: str) -> str:
    """Resolve a canonical URL to an id. Raises InvalidParameter with suggestions."""
    name, titles = parse_canonical_id(resource_type, url), _list_titles(resource_type)
    if name not in titles:
        known = [canonical_url(resource_type, known_name) for known_name in titles]
        reject_param(parameter, url, f"unknown {resource_type} URL", find_nearest(url, known, limit=3))
    return name


def _find_concept(concepts: Sequence[Concept], code: str) -> Concept | None:
    return next((concept for concept in concepts if concept.code == code), None)


def _suggest_codes(concepts: Sequence[Concept], code: str, *, limit: int) -> list[str]:
    return find_nearest(code, [concept.code for concept in concepts], limit=limit)


def _read(ctx: RequestContext, resource_type: str, name: str) -> Response:
    _ = ctx.release  # A release mismatch comes before an unknown id.
    return resource_response(ctx, _build_resource(ctx, resource_type, _check_id(resource_type, name)))


def _search(ctx: RequestContext, resource_type: str, params: TerminologySearch) -> Response:
    after = decode_page_cursor(ctx, resource_type, params, pattern=CURSOR_PATTERN)
    statuses = parse_known_codes("status", params.status, PUBLICATION_STATUSES)
    ids = parse_tokens("_id", params.id)
    prefixes = [normalize(text) for text in (params.name, params.title) if text is not None]
    names = [
        name
        for name, title in _list_titles(resource_type).items()
        if (statuses is None or "active" in statuses)
        and (ids is None or name in ids)
        and (params.url is None or parse_canonical_id(resource_type, params.url) == name)
        and all(normalize(title).startswith(prefix) or normalize(name).startswith(prefix) for prefix in prefixes)
    ]
    if params.summary == "count":
        return bundle_response(ctx, resource_type, total=len(names))
    begin = int(after) if after else 0
    end = begin + params.count
    return bundle_response(
        ctx,
        resource_type,
        total=len(names),
        matches=[_build_resource(ctx, resource_type, name) for name in names[begin:end]],
        next_position=str(end) if end < len(names) else None,
    )


def _look_up(ctx: RequestContext, name: str, params: LookupParams) -> Response:
    version, concepts = ctx.release.version, list_concepts(ctx, name)
    concept = _find_concept(concepts, params.code)
    if concept is None:
        raise NotFound(
            f"Unknown code {params.code!r} in {system_url(name)}.",
            suggestions=tuple(_suggest_codes(concepts, params.code, limit=3)),
        )
    return resource_response(ctx, terminology.build_lookup_result(name, concept, version))


def _expand(ctx: RequestContext, name: str, params: ExpandParams) -> Response:
    release = ctx.release
    if params.filter is not None and not normalize(params.filter):
        reject_param("filter", params.filter, NO_LETTER_OR_DIGIT)
    expansion = terminology.build_expansion(
        name,
        list_concepts(ctx, name),
        release.version,
        release.date,
        text=params.filter,
        offset=params.offset,
        count=params.count,
    )
    return resource_response(ctx, expansion)


def _validate(ctx: RequestContext, name: str, params: ValidateParams) -> Response:
    _ = ctx.release  # A release mismatch comes before a wrong system.
    if params.system is not None:
        system = system_url(terminology.get_code_system(name))
        if params.system.partition("|")[0] != system:
            reject_param("system", params.system, f"the codes are from the code system {system!r}")
    concepts = list_concepts(ctx, name)
    concept = _find_concept(concepts, params.code)
    suggestions = [] if concept else _suggest_codes(concepts, params.code, limit=1)
    result = terminology.build_validation_result(name, concept, params.code, params.display, suggestions)
    return resource_response(ctx, result)


@router.get("/CodeSystem", responses=search_responses())
def search_code_systems(params: Annotated[TerminologySearch, Query()], ctx: Context) -> Response:
    """Search code systems: the records of the release and the closed lists."""
    return _search(ctx, "CodeSystem", params)


@router.get("/CodeSystem/$lookup", responses=resource_responses("Parameters"))
def lookup_code(params: Annotated[LookupBySystemParams, Query()], ctx: Context) -> Response:
    """Look up a code in the code system with this URL."""
    return _look_up(ctx, _resolve_url("CodeSystem", "system", params.system), params)


@router.get("/CodeSystem/$validate-code", responses=resource_responses("Parameters"))
def validate_code_of_system(params: Annotated[ValidateByUrlParams, Query()], ctx: Context) -> Response:
    """Check whether the code system with this URL has a code, and whether its name is right."""
    return _validate(ctx, _resolve_url("CodeSystem", "url", params.url), params)


@router.get("/CodeSystem/{id}", responses=resource_responses("CodeSystem"))
def read_code_system(id: ResourceId, _: FhirQuery, ctx: Context) -> Response:
    """Get a code system."""
    return _read(ctx, "CodeSystem", id)


@router.get("/CodeSystem/{id}/$lookup", responses=resource_responses("Parameters"))
def lookup_code_in_system(id: ResourceId, params: Annotated[LookupParams, Query()], ctx: Context) -> Response:
    """Look up a code in this code system."""
    return _look_up(ctx, _check_id("CodeSystem", id), params)


@router.get("/CodeSystem/{id}/$validate-code", responses=resource_responses("Parameters"))
def validate_code_in_system(id: ResourceId, params: Annotated[ValidateParams, Query()], ctx: Context) -> Response:
    """Check whether this code system has a code, and whether its name is right."""
    return _validate(ctx, _check_id("CodeSystem", id), params)


@router.get("/ValueSet", responses=search_responses())
def search_value_sets(params: Annotated[TerminologySearch, Query()], ctx: Context) -> Response:
    """Search value sets: one for each code system, and one for each procedure family."""
    return _search(ctx, "ValueSet", params)


@router.get("/ValueSet/$expand", responses=resource_responses("ValueSet"))
def expand_value_set(params: Annotated[ExpandByUrlParams, Query()], ctx: Context) -> Response:
    """List the codes of the value set with this URL, page by page."""
    return _expand(ctx, _resolve_url("ValueSet", "url", params.url), params)


@router.get("/ValueSet/$validate-code", responses=resource_responses("Parameters"))
def validate_code_of_set(params: Annotated[ValidateByUrlParams, Query()], ctx: Context) -> Response:
    """Check whether the value set with this URL has a code, and whether its name is right."""
    return _validate(ctx, _resolve_url("ValueSet", "url", params.url), params)


@router.get("/ValueSet/{id}", responses=resource_responses("ValueSet"))
def read_value_set(id: ResourceId, _: FhirQuery, ctx: Context) -> Response:
    """Get a value set."""
    return _read(ctx, "ValueSet", id)


@router.get("/ValueSet/{id}/$expand", responses=resource_responses("ValueSet"))
def expand_this_value_set(id: ResourceId, params: Annotated[ExpandParams, Query()], ctx: Context) -> Response:
    """List the codes of this value set, page by page."""
    return _expand(ctx, _check_id("ValueSet", id), params)


@router.get("/ValueSet/{id}/$validate-code", responses=resource_responses("Parameters"))
def validate_code_in_set(id: ResourceId, params: Annotated[ValidateParams, Query()], ctx: Context) -> Response:
    """Check whether this value set has a code, and whether its name is right."""
    return _validate(ctx, _check_id("ValueSet", id), params)


@router.get("/StructureDefinition", responses=search_responses())
def search_structure_definitions(params: Annotated[TerminologySearch, Query()], ctx: Context) -> Response:
    """Search the definitions of the extensions, which hold the content that R5 has no element for."""
    return _search(ctx, "StructureDefinition", params)


@router.get("/StructureDefinition/{id}", responses=resource_responses("StructureDefinition"))
def read_structure_definition(id: ResourceId, _: FhirQuery, ctx: Context) -> Response:
    """Get the definition of an extension."""
    return _read(ctx, "StructureDefinition", id)
