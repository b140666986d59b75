"""Code systems, value sets and structure definitions over FHIR, with $lookup, $expand and $validate-code."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Annotated, NoReturn

from fastapi import Query, Response
from pydantic import Field

from app.api.deps import Context
from app.api.fhir.lookup import bundle_response, decode_page_cursor, parse_canonical_id, resource_response
from app.api.fhir.openapi import ResourceId, create_fhir_router, resource_responses, search_responses
from app.api.fhir.params import (
    PUBLICATION_STATUSES,
    FhirParams,
    OptionalText,
    TerminologySearch,
    Text,
    parse_known_codes,
    parse_tokens,
    reject_param,
)
from app.api.fhir.records import ReadParams
from app.domain.json import Json
from app.errors import NotFound
from app.formats.fhir import terminology as terms
from app.formats.fhir.identifiers import canonical_url, system_url
from app.formats.fhir.structure_definitions import build_structure_definition, get_extensions
from app.http.context import RequestContext
from app.http.slug_resolution import names_by_slug
from app.queries.name_lookup import list_families, list_names_with_kind, list_parents
from app.text.nearest import find_nearest
from app.text.normalize import normalize

router = create_fhir_router("terminology")
CURSOR_PATTERN = r"[0-9]{1,9}"
_Offset = Annotated[int, Field(ge=0, le=10_000_000, description="Codes to leave out at the beginning.")]
_Count = Annotated[int, Field(ge=0, le=1000, description="Codes of a page.")]


class LookupParams(FhirParams):
    """What $lookup takes on one code system."""

    code: Text = Field(description="A code.")


class LookupBySystemParams(LookupParams):
    """What $lookup takes."""

    system: Text = Field(description="Address of the code system.")


class ExpandParams(FhirParams):
    """What $expand takes on one value set."""

    filter: OptionalText = Field(default=None, description="Each word begins a word of a name of the code.")
    offset: _Offset = 0
    count: _Count = 100


class ExpandByUrlParams(ExpandParams):
    """What $expand takes."""

    url: Text = Field(description="Canonical address of the value set.")


class ValidateParams(FhirParams):
    """What $validate-code takes on one code system or value set."""

    code: Text = Field(description="A code.")
    system: OptionalText = Field(default=None, description="Address of the code system that it is taken from.")
    display: OptionalText = Field(default=None, description="What it should be called.")


class ValidateByUrlParams(ValidateParams):
    """What $validate-code takes."""

    url: Text = Field(description="Canonical address of the code system or value set.")


def list_concepts(read: RequestContext, name: str) -> list[terms.Concept]:
    """Codes of a code system or value set, in people's order; made once per revision."""
    if name in terms.FAMILY_VALUE_SETS:
        family = terms.FAMILY_VALUE_SETS[name]
        return [one for one in list_concepts(read, "procedures") if one.family == family]
    if name in terms.RECORD_SYSTEMS:
        return read.cached(("fhir concepts", name), lambda: _list_record_concepts(read, terms.RECORD_SYSTEMS[name][0]))
    return terms.list_closed_concepts(name)


def _list_record_concepts(read: RequestContext, kind: str) -> list[terms.Concept]:
    names: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for slug, name_kind, text in list_names_with_kind(read.connection, kind):
        if name_kind != "preferred":
            names[slug].append((name_kind, text))
    parents: dict[str, list[str]] = defaultdict(list)
    for slug, above in list_parents(read.connection, kind):
        parents[slug].append(above)
    families = list_families(read.connection) if kind == "procedure" else {}
    ordered = sorted(names_by_slug(read, kind).items(), key=lambda pair: (normalize(pair[1]), pair[0]))
    return [
        terms.Concept(slug, name, tuple(names[slug]), tuple(parents[slug]), families.get(slug))
        for slug, name in ordered
    ]


def _begin(read: RequestContext, params: FhirParams) -> tuple[str, str]:
    """Version and date of the release, once the precondition holds."""
    read.check_release(params.release)
    return read.release.version, read.release.date


def _check_id(kind: str, asked: str, known: Sequence[str]) -> str:
    if asked in known:
        return asked
    near = tuple(f"{kind}/{one}" for one in find_nearest(asked, known, limit=3))
    raise NotFound(f"No {kind} has the id {asked[:200]!r}.", suggestions=near)


def _resolve_url(kind: str, parameter: str, url: str) -> str:
    name = terms.parse_canonical_name(kind, url)
    if name is None:
        known = [canonical_url(kind, one) for one in (terms.CODE_SYSTEMS if kind == "CodeSystem" else terms.VALUE_SETS)]
        reject_param(parameter, url, f"no {kind} has this address", find_nearest(url, known, limit=3))
    return name


def _no_code(name: str, code: str, concepts: list[terms.Concept]) -> NoReturn:
    near = find_nearest(code, [one.code for one in concepts], limit=3)
    raise NotFound(f"{code[:200]!r} is not a code of {system_url(name)}.", suggestions=tuple(near))


def _look_up(read: RequestContext, name: str, params: LookupParams) -> Response:
    version, _ = _begin(read, params)
    concepts = list_concepts(read, name)
    found = next((one for one in concepts if one.code == params.code), None)
    return resource_response(
        read, terms.build_lookup_result(name, found or _no_code(name, params.code, concepts), version)
    )


def _expand(read: RequestContext, name: str, params: ExpandParams) -> Response:
    version, date = _begin(read, params)
    if params.filter is not None and not normalize(params.filter):
        reject_param("filter", params.filter, "nothing to look for: write at least one letter or digit")
    concepts = list_concepts(read, name)
    page = terms.build_expansion(
        name, concepts, version, date, text=params.filter, offset=params.offset, count=params.count
    )
    return resource_response(read, page)


def _validate(read: RequestContext, name: str, params: ValidateParams) -> Response:
    _begin(read, params)
    if params.system is not None:
        its = system_url(terms.get_code_system(name))
        if params.system.partition("|")[0] != its:
            reject_param("system", params.system, f"the codes are of another system; it is {its!r}")
    concepts = list_concepts(read, name)
    found = next((one for one in concepts if one.code == params.code), None)
    near = [] if found else find_nearest(params.code, [one.code for one in concepts], limit=1)
    return resource_response(read, terms.build_validation_result(name, found, params.code, params.display, near))


def _search(
    read: RequestContext, kind: str, params: TerminologySearch, titles: dict[str, str], make: Callable[[str], Json]
) -> Response:
    """A search among the few resources that a release does not add to."""
    read.check_release(params.release)
    _ = read.release
    after = decode_page_cursor(read, kind, params, shape=CURSOR_PATTERN)
    statuses, ids = parse_known_codes("status", params.status, PUBLICATION_STATUSES), parse_tokens("_id", params.id)
    found = [
        one
        for one, title in titles.items()
        if (statuses is None or "active" in statuses)
        and (ids is None or one in ids)
        and (params.url is None or parse_canonical_id(kind, params.url) == one)
        and all(
            text is None or normalize(title).startswith(normalize(text)) or normalize(one).startswith(normalize(text))
            for text in (params.name, params.title)
        )
    ]
    if params.summary == "count":
        return bundle_response(read, kind, total=len(found))
    begin = int(after) if after else 0
    end = begin + params.count
    following = str(end) if end < len(found) else None
    return bundle_response(
        read, kind, total=len(found), found=[make(one) for one in found[begin:end]], following=following
    )


def _code_system(read: RequestContext, name: str) -> Json:
    return terms.build_code_system(name, list_concepts(read, name), read.release.version, read.release.date)


@router.get("/CodeSystem", responses=search_responses())
def search_code_systems(params: Annotated[TerminologySearch, Query()], read: Context) -> Response:
    """Code systems: records of the release, and the closed lists."""
    titles = {name: terms.get_title(name) for name in terms.CODE_SYSTEMS}
    return _search(read, "CodeSystem", params, titles, lambda name: _code_system(read, name))


@router.get("/CodeSystem/$lookup", responses=resource_responses("Parameters"))
def lookup_code(params: Annotated[LookupBySystemParams, Query()], read: Context) -> Response:
    """What a code means."""
    return _look_up(read, _resolve_url("CodeSystem", "system", params.system), params)


@router.get("/CodeSystem/$validate-code", responses=resource_responses("Parameters"))
def validate_code_of_system(params: Annotated[ValidateByUrlParams, Query()], read: Context) -> Response:
    """Is this a code of the system, and is it called so."""
    return _validate(read, _resolve_url("CodeSystem", "url", params.url), params)


@router.get("/CodeSystem/{id}", responses=resource_responses("CodeSystem"))
def read_code_system(id: ResourceId, params: ReadParams, read: Context) -> Response:
    """A code system."""
    _begin(read, params)
    return resource_response(read, _code_system(read, _check_id("CodeSystem", id, terms.CODE_SYSTEMS)))


@router.get("/CodeSystem/{id}/$lookup", responses=resource_responses("Parameters"))
def lookup_code_in_system(id: ResourceId, params: Annotated[LookupParams, Query()], read: Context) -> Response:
    """What a code of this system means."""
    return _look_up(read, _check_id("CodeSystem", id, terms.CODE_SYSTEMS), params)


@router.get("/CodeSystem/{id}/$validate-code", responses=resource_responses("Parameters"))
def validate_code_in_system(id: ResourceId, params: Annotated[ValidateParams, Query()], read: Context) -> Response:
    """Is this a code of this system, and is it called so."""
    return _validate(read, _check_id("CodeSystem", id, terms.CODE_SYSTEMS), params)


@router.get("/ValueSet", responses=search_responses())
def search_value_sets(params: Annotated[TerminologySearch, Query()], read: Context) -> Response:
    """Value sets: one for each code system, and the procedures of each family."""
    titles = {name: terms.get_title(name) for name in terms.VALUE_SETS}
    release = read.release
    return _search(
        read, "ValueSet", params, titles, lambda name: terms.build_value_set(name, release.version, release.date)
    )


@router.get("/ValueSet/$expand", responses=resource_responses("ValueSet"))
def expand_value_set(params: Annotated[ExpandByUrlParams, Query()], read: Context) -> Response:
    """Codes of a value set, page by page."""
    return _expand(read, _resolve_url("ValueSet", "url", params.url), params)


@router.get("/ValueSet/$validate-code", responses=resource_responses("Parameters"))
def validate_code_of_set(params: Annotated[ValidateByUrlParams, Query()], read: Context) -> Response:
    """Is this a code of the value set, and is it called so."""
    return _validate(read, _resolve_url("ValueSet", "url", params.url), params)


@router.get("/ValueSet/{id}", responses=resource_responses("ValueSet"))
def read_value_set(id: ResourceId, params: ReadParams, read: Context) -> Response:
    """A value set."""
    version, date = _begin(read, params)
    return resource_response(read, terms.build_value_set(_check_id("ValueSet", id, terms.VALUE_SETS), version, date))


@router.get("/ValueSet/{id}/$expand", responses=resource_responses("ValueSet"))
def expand_this_value_set(id: ResourceId, params: Annotated[ExpandParams, Query()], read: Context) -> Response:
    """Codes of this value set, page by page."""
    return _expand(read, _check_id("ValueSet", id, terms.VALUE_SETS), params)


@router.get("/ValueSet/{id}/$validate-code", responses=resource_responses("Parameters"))
def validate_code_in_set(id: ResourceId, params: Annotated[ValidateParams, Query()], read: Context) -> Response:
    """Is this a code of this value set, and is it called so."""
    return _validate(read, _check_id("ValueSet", id, terms.VALUE_SETS), params)


def _definition(read: RequestContext, name: str) -> Json:
    return build_structure_definition(name, read.release.version, read.release.date)


@router.get("/StructureDefinition", responses=search_responses())
def search_structure_definitions(params: Annotated[TerminologySearch, Query()], read: Context) -> Response:
    """Definitions of the extensions that carry what R5 has no element for."""
    titles = {name: name.replace("-", " ") for name in get_extensions()}
    return _search(read, "StructureDefinition", params, titles, lambda name: _definition(read, name))


@router.get("/StructureDefinition/{id}", responses=resource_responses("StructureDefinition"))
def read_structure_definition(id: ResourceId, params: ReadParams, read: Context) -> Response:
    """The definition of one extension."""
    _begin(read, params)
    return resource_response(read, _definition(read, _check_id("StructureDefinition", id, list(get_extensions()))))
