"""Code systems, value sets and structure definitions over FHIR, with $lookup, $expand and $validate-code."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Annotated, NoReturn

from fastapi import Query, Response
from pydantic import Field

from app.api.deps import Reader
from app.api.fhir.lookup import bundle, id_of_url, place_of, respond
from app.api.fhir.openapi import Id, fhir_router, of_a_resource, of_a_search
from app.api.fhir.params import (
    STATUSES,
    FhirParams,
    MaybeWords,
    TermSearch,
    Words,
    among,
    refuse,
    tokens,
)
from app.api.fhir.records import ReadParams
from app.domain.json import Json
from app.errors import NotFound
from app.formats.fhir import terminology as terms
from app.formats.fhir.identifiers import canonical, system
from app.formats.fhir.structure_definitions import extensions, structure_definition
from app.http.context import Reading
from app.http.slug_resolution import slugs_of
from app.queries.name_lookup import list_families, list_kinds_of_names, list_parents
from app.text.nearest import nearest
from app.text.normalize import fold

router = fhir_router("terminology")
PLACE = r"[0-9]{1,9}"
_Offset = Annotated[int, Field(ge=0, le=10_000_000, description="Codes to leave out at the beginning.")]
_Count = Annotated[int, Field(ge=0, le=1000, description="Codes of a page.")]


class LookupParams(FhirParams):
    """What $lookup takes on one code system."""

    code: Words = Field(description="A code.")


class SystemLookupParams(LookupParams):
    """What $lookup takes."""

    system: Words = Field(description="Address of the code system.")


class ExpandParams(FhirParams):
    """What $expand takes on one value set."""

    filter: MaybeWords = Field(default=None, description="Each word begins a word of a name of the code.")
    offset: _Offset = 0
    count: _Count = 100


class SetExpandParams(ExpandParams):
    """What $expand takes."""

    url: Words = Field(description="Canonical address of the value set.")


class ValidateParams(FhirParams):
    """What $validate-code takes on one code system or value set."""

    code: Words = Field(description="A code.")
    system: MaybeWords = Field(default=None, description="Address of the code system that it is taken from.")
    display: MaybeWords = Field(default=None, description="What it should be called.")


class UrlValidateParams(ValidateParams):
    """What $validate-code takes."""

    url: Words = Field(description="Canonical address of the code system or value set.")


def concepts_of(read: Reading, name: str) -> list[terms.Concept]:
    """Codes of a code system or value set, in people's order; made once per revision."""
    if name in terms.FAMILY_SETS:
        family = terms.FAMILY_SETS[name]
        return [one for one in concepts_of(read, "procedures") if one.family == family]
    if name in terms.OF_RECORDS:
        return read.once(("fhir concepts", name), lambda: _of_records(read, terms.OF_RECORDS[name][0]))
    return terms.closed_concepts(name)


def _of_records(read: Reading, kind: str) -> list[terms.Concept]:
    names: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for slug, name_kind, text in list_kinds_of_names(read.connection, kind):
        if name_kind != "preferred":
            names[slug].append((name_kind, text))
    parents: dict[str, list[str]] = defaultdict(list)
    for slug, above in list_parents(read.connection, kind):
        parents[slug].append(above)
    families = list_families(read.connection) if kind == "procedure" else {}
    ordered = sorted(slugs_of(read, kind).items(), key=lambda pair: (fold(pair[1]), pair[0]))
    return [
        terms.Concept(slug, name, tuple(names[slug]), tuple(parents[slug]), families.get(slug))
        for slug, name in ordered
    ]


def _begin(read: Reading, params: FhirParams) -> tuple[str, str]:
    """Version and date of the release, once the precondition holds."""
    read.require(params.release)
    return read.release.version, read.release.date


def _named(kind: str, asked: str, known: Sequence[str]) -> str:
    if asked in known:
        return asked
    near = tuple(f"{kind}/{one}" for one in nearest(asked, known, most=3))
    raise NotFound(f"No {kind} has the id {asked[:200]!r}.", suggestions=near)


def _by_url(kind: str, parameter: str, url: str) -> str:
    name = terms.name_of_canonical(kind, url)
    if name is None:
        known = [canonical(kind, one) for one in (terms.SYSTEMS if kind == "CodeSystem" else terms.VALUE_SETS)]
        refuse(parameter, url, f"no {kind} has this address", nearest(url, known, most=3))
    return name


def _no_code(name: str, code: str, concepts: list[terms.Concept]) -> NoReturn:
    near = nearest(code, [one.code for one in concepts], most=3)
    raise NotFound(f"{code[:200]!r} is not a code of {system(name)}.", suggestions=tuple(near))


def _look_up(read: Reading, name: str, params: LookupParams) -> Response:
    version, _ = _begin(read, params)
    concepts = concepts_of(read, name)
    found = next((one for one in concepts if one.code == params.code), None)
    return respond(read, terms.looked_up(name, found or _no_code(name, params.code, concepts), version))


def _expand(read: Reading, name: str, params: ExpandParams) -> Response:
    version, date = _begin(read, params)
    if params.filter is not None and not fold(params.filter):
        refuse("filter", params.filter, "nothing to look for: write at least one letter or digit")
    concepts = concepts_of(read, name)
    page = terms.expansion(name, concepts, version, date, text=params.filter, offset=params.offset, count=params.count)
    return respond(read, page)


def _validate(read: Reading, name: str, params: ValidateParams) -> Response:
    _begin(read, params)
    if params.system is not None:
        its = system(terms.system_of_set(name))
        if params.system.partition("|")[0] != its:
            refuse("system", params.system, f"the codes are of another system; it is {its!r}")
    concepts = concepts_of(read, name)
    found = next((one for one in concepts if one.code == params.code), None)
    near = [] if found else nearest(params.code, [one.code for one in concepts], most=1)
    return respond(read, terms.validated(name, found, params.code, params.display, near))


def _search(
    read: Reading, kind: str, params: TermSearch, titles: dict[str, str], make: Callable[[str], Json]
) -> Response:
    """A search among the few resources that a release does not add to."""
    read.require(params.release)
    _ = read.release
    after = place_of(read, kind, params, shape=PLACE)
    statuses, ids = among("status", params.status, STATUSES), tokens("_id", params.id)
    found = [
        one
        for one, title in titles.items()
        if (statuses is None or "active" in statuses)
        and (ids is None or one in ids)
        and (params.url is None or id_of_url(kind, params.url) == one)
        and all(
            text is None or fold(title).startswith(fold(text)) or fold(one).startswith(fold(text))
            for text in (params.name, params.title)
        )
    ]
    if params.summary == "count":
        return bundle(read, kind, total=len(found))
    begin = int(after) if after else 0
    end = begin + params.count
    following = str(end) if end < len(found) else None
    return bundle(read, kind, total=len(found), found=[make(one) for one in found[begin:end]], following=following)


def _code_system(read: Reading, name: str) -> Json:
    return terms.code_system(name, concepts_of(read, name), read.release.version, read.release.date)


@router.get("/CodeSystem", responses=of_a_search())
def search_code_systems(params: Annotated[TermSearch, Query()], read: Reader) -> Response:
    """Code systems: records of the release, and the closed lists."""
    titles = {name: terms.title_of(name) for name in terms.SYSTEMS}
    return _search(read, "CodeSystem", params, titles, lambda name: _code_system(read, name))


@router.get("/CodeSystem/$lookup", responses=of_a_resource("Parameters"))
def lookup_code(params: Annotated[SystemLookupParams, Query()], read: Reader) -> Response:
    """What a code means."""
    return _look_up(read, _by_url("CodeSystem", "system", params.system), params)


@router.get("/CodeSystem/$validate-code", responses=of_a_resource("Parameters"))
def validate_code_of_system(params: Annotated[UrlValidateParams, Query()], read: Reader) -> Response:
    """Is this a code of the system, and is it called so."""
    return _validate(read, _by_url("CodeSystem", "url", params.url), params)


@router.get("/CodeSystem/{id}", responses=of_a_resource("CodeSystem"))
def read_code_system(id: Id, params: ReadParams, read: Reader) -> Response:
    """A code system."""
    _begin(read, params)
    return respond(read, _code_system(read, _named("CodeSystem", id, terms.SYSTEMS)))


@router.get("/CodeSystem/{id}/$lookup", responses=of_a_resource("Parameters"))
def lookup_code_in_system(id: Id, params: Annotated[LookupParams, Query()], read: Reader) -> Response:
    """What a code of this system means."""
    return _look_up(read, _named("CodeSystem", id, terms.SYSTEMS), params)


@router.get("/CodeSystem/{id}/$validate-code", responses=of_a_resource("Parameters"))
def validate_code_in_system(id: Id, params: Annotated[ValidateParams, Query()], read: Reader) -> Response:
    """Is this a code of this system, and is it called so."""
    return _validate(read, _named("CodeSystem", id, terms.SYSTEMS), params)


@router.get("/ValueSet", responses=of_a_search())
def search_value_sets(params: Annotated[TermSearch, Query()], read: Reader) -> Response:
    """Value sets: one for each code system, and the procedures of each family."""
    titles = {name: terms.title_of(name) for name in terms.VALUE_SETS}
    release = read.release
    return _search(read, "ValueSet", params, titles, lambda name: terms.value_set(name, release.version, release.date))


@router.get("/ValueSet/$expand", responses=of_a_resource("ValueSet"))
def expand_value_set(params: Annotated[SetExpandParams, Query()], read: Reader) -> Response:
    """Codes of a value set, page by page."""
    return _expand(read, _by_url("ValueSet", "url", params.url), params)


@router.get("/ValueSet/$validate-code", responses=of_a_resource("Parameters"))
def validate_code_of_set(params: Annotated[UrlValidateParams, Query()], read: Reader) -> Response:
    """Is this a code of the value set, and is it called so."""
    return _validate(read, _by_url("ValueSet", "url", params.url), params)


@router.get("/ValueSet/{id}", responses=of_a_resource("ValueSet"))
def read_value_set(id: Id, params: ReadParams, read: Reader) -> Response:
    """A value set."""
    version, date = _begin(read, params)
    return respond(read, terms.value_set(_named("ValueSet", id, terms.VALUE_SETS), version, date))


@router.get("/ValueSet/{id}/$expand", responses=of_a_resource("ValueSet"))
def expand_this_value_set(id: Id, params: Annotated[ExpandParams, Query()], read: Reader) -> Response:
    """Codes of this value set, page by page."""
    return _expand(read, _named("ValueSet", id, terms.VALUE_SETS), params)


@router.get("/ValueSet/{id}/$validate-code", responses=of_a_resource("Parameters"))
def validate_code_in_set(id: Id, params: Annotated[ValidateParams, Query()], read: Reader) -> Response:
    """Is this a code of this value set, and is it called so."""
    return _validate(read, _named("ValueSet", id, terms.VALUE_SETS), params)


def _definition(read: Reading, name: str) -> Json:
    return structure_definition(name, read.release.version, read.release.date)


@router.get("/StructureDefinition", responses=of_a_search())
def search_structure_definitions(params: Annotated[TermSearch, Query()], read: Reader) -> Response:
    """Definitions of the extensions that carry what R5 has no element for."""
    titles = {name: name.replace("-", " ") for name in extensions()}
    return _search(read, "StructureDefinition", params, titles, lambda name: _definition(read, name))


@router.get("/StructureDefinition/{id}", responses=of_a_resource("StructureDefinition"))
def read_structure_definition(id: Id, params: ReadParams, read: Reader) -> Response:
    """The definition of one extension."""
    _begin(read, params)
    return respond(read, _definition(read, _named("StructureDefinition", id, list(extensions()))))
