"""Code systems, value sets, concept maps and definitions over FHIR."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from fastapi import Response

from app.api.fhir import search
from app.api.fhir.params import SearchParams, reject_param
from app.api.fhir.resource_types import OWN_SEARCH_PARAMS, list_bases
from app.domain.code_systems import CODE_SYSTEMS
from app.domain.json import Json
from app.errors import NotFound
from app.formats.fhir import terminology
from app.formats.fhir.concept_maps import MappedCode, build_concept_map
from app.formats.fhir.elements import canonical_url, get_definition_name
from app.formats.fhir.search_parameters import build_search_parameter
from app.formats.fhir.structure_definitions import build_structure_definition, get_extensions
from app.formats.fhir.terminology import Concept
from app.http.codes import get_content_code_map
from app.http.context import RequestContext
from app.http.slug_resolution import names_by_slug
from app.queries.name_resolution import list_families, list_names_with_kind, list_parents
from app.text.nearest import find_nearest
from app.text.normalize import normalize


def list_concepts(ctx: RequestContext, name: str) -> Sequence[Concept]:
    """List the codes of a code system or value set in display order; codes of records are cached per release."""
    if family := terminology.FAMILY_VALUE_SETS.get(name):
        return [concept for concept in list_concepts(ctx, "procedures") if concept.family == family]
    if record_type := terminology.RECORD_SYSTEMS.get(name):
        return ctx.cached(("fhir concepts", name), lambda: _list_record_concepts(ctx, record_type))
    return [Concept(code, label) for code, label in terminology.CLOSED_LISTS[name][1].items()]


def _list_record_concepts(ctx: RequestContext, record_type: str) -> list[Concept]:
    names: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for slug, name_kind, text in list_names_with_kind(ctx.transaction, record_type):
        if name_kind != "preferred":
            names[slug].append((name_kind, text))
    parents: dict[str, list[str]] = defaultdict(list)
    for slug, parent in list_parents(ctx.transaction, record_type):
        parents[slug].append(parent)
    families = list_families(ctx.transaction) if record_type == "procedure" else {}
    ordered = sorted(names_by_slug(ctx, record_type).items(), key=lambda pair: (normalize(pair[1]), pair[0]))
    return [Concept(slug, name, tuple(names[slug]), tuple(parents[slug]), families.get(slug)) for slug, name in ordered]


def list_mapped(ctx: RequestContext, system_name: str) -> list[MappedCode]:
    """List the codes of another organization's code system with the records that the code map states for them."""
    code_map = get_content_code_map(ctx)
    return [MappedCode(*row) for row in code_map.list_mapped(CODE_SYSTEMS[system_name])]


def _get_titles(ctx: RequestContext, resource_type: str) -> Mapping[str, str]:
    """Titles of all resources of a type by id, in the order of a search."""
    match resource_type:
        case "StructureDefinition":
            return {name: name.replace("-", " ") for name in get_extensions()}
        case "SearchParameter":
            return dict.fromkeys(OWN_SEARCH_PARAMS, "")
        case "ConceptMap":
            return {name: f"{row.title} to records" for name, row in CODE_SYSTEMS.items() if list_mapped(ctx, name)}
        case "CodeSystem":
            return terminology.CODE_SYSTEM_TITLES
    return terminology.VALUE_SET_TITLES


def _build_resource(ctx: RequestContext, resource_type: str, name: str) -> Json:
    match resource_type:
        case "CodeSystem":
            return terminology.build_code_system(name, list_concepts(ctx, name), ctx.release)
        case "ValueSet":
            return terminology.build_value_set(name, ctx.release)
        case "ConceptMap":
            mapped = list_mapped(ctx, name)
            names = {row.record_type: names_by_slug(ctx, row.record_type) for row in mapped}
            return build_concept_map(CODE_SYSTEMS[name], mapped, names, ctx.release)
        case "SearchParameter":
            param = OWN_SEARCH_PARAMS[name]
            bases = list_bases(param)
            return build_search_parameter(name, param.type, param.description, param.expression, bases, ctx.release)
    return build_structure_definition(name, ctx.release)


def check_id(ctx: RequestContext, resource_type: str, name: str) -> str:
    """Return the id if it exists. Raises NotFound with suggestions."""
    _ = ctx.release  # A release mismatch comes before an unknown id.
    titles = _get_titles(ctx, resource_type)
    if name not in titles:
        raise search.build_unknown_id_error(resource_type, name, find_nearest(name, titles, limit=3))
    return name


def resolve_url(ctx: RequestContext, resource_type: str, parameter: str, url: str | None) -> str:
    """Resolve a canonical URL to an id. Raises InvalidParameter with suggestions, NotFound for another version."""
    if url is None:
        reject_param(parameter, "", "missing; or use the operation of a resource")
    url, _, version = url.partition("|")
    check_version(ctx, version or None)
    name, titles = url.removeprefix(canonical_url(resource_type, "")), _get_titles(ctx, resource_type)
    if name not in titles or name == url:
        known = [canonical_url(resource_type, known_name) for known_name in titles]
        reject_param(parameter, url, f"unknown {resource_type} URL", find_nearest(url, known, limit=3))
    return name


def check_version(ctx: RequestContext, version: str | None) -> None:
    """Raises NotFound if a version is not that of the release, which all definitions share."""
    if version is not None and version != ctx.release.version:
        raise NotFound(f"Version {version!r} is not served; the current one is {ctx.release.version}.")


def read_definition(ctx: RequestContext, resource_type: str, name: str, params: SearchParams) -> Response:
    """Response with a code system, value set, concept map or definition. Raises NotFound with suggestions."""
    name = check_id(ctx, resource_type, name)
    return search.resource_response(ctx, _build_resource(ctx, resource_type, name), params)


def get_index(ctx: RequestContext, resource_type: str) -> search.ResourceIndex:
    """Index of the definitions of a resource type."""
    version = ctx.release.version
    return search.ResourceIndex(
        [
            search.IndexEntry(
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
            for name, title in _get_titles(ctx, resource_type).items()
        ],
        lambda _, names: list(names),
        lambda ctx, names: [_build_resource(ctx, resource_type, name) for name in names],
    )
