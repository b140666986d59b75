"""Record resources over FHIR: ActivityDefinition, EvidenceVariable and Citation."""

from collections.abc import Sequence
from typing import Final

import orjson
from fastapi import Response

from app.api.fhir import search
from app.api.fhir.params import (
    SearchParams,
    parse_known_codes,
    parse_name,
    parse_statuses,
)
from app.domain import vocabulary
from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE
from app.errors import NotFound, TooCostly
from app.formats.fhir.elements import RESOURCE_BY_RECORD_TYPE, get_record_resource_id
from app.formats.fhir.records import STATUS_BY_STANDING, build_record_resource
from app.http.context import RequestContext
from app.http.redirects import Redirect
from app.http.slug_resolution import build_missing_record_error, names_by_slug
from app.queries.documents import get_current_release_json, list_documents, list_summaries
from app.queries.list_filter import FilteredList, Filters, count_rows
from app.queries.lists import list_rows
from app.queries.name_resolution import list_slugs_by_name
from app.text.nearest import find_nearest

# Index of the list that the page ends in, and the offset in that list.
CURSOR_PATTERN: Final = r"[0-9]:[0-9]{1,9}"
# A name that matches more records than this would return most of the release.
MAX_NAME_MATCHES: Final = 1_000
_NAME_MATCHES: Final = {"name": "starts", "name:contains": "contains", "name:exact": "exact", "title": "starts"}
_TOPIC_FACETS: Final = {
    "family": vocabulary.PROCEDURE_FAMILIES,
    "intent": vocabulary.INTENTS,
    "body_region": vocabulary.BODY_REGIONS,
}


def get_publisher(ctx: RequestContext) -> str:
    """Publisher of the content, from the license of the release."""
    return ctx.cached(
        ("fhir publisher",),
        lambda: str(orjson.loads(get_current_release_json(ctx.connection))["license"]["attribution"]),
    )


def get_slugs_by_fhir_id(ctx: RequestContext, record_type: str) -> dict[str, str]:
    """Map the FHIR id of every record of a type to its slug."""
    return ctx.cached(
        ("fhir ids", record_type),
        lambda: {get_record_resource_id(record_type, slug)[1]: slug for slug in names_by_slug(ctx, record_type)},
    )


def list_resources(ctx: RequestContext, documents: Sequence[Json]) -> list[Json]:
    """List the resources for record documents or source summaries of /v1."""
    date, publisher = ctx.release.date, get_publisher(ctx)
    return [build_record_resource(document, date, publisher) for document in documents]


def list_record_documents(ctx: RequestContext, keys: Sequence[tuple[str, str]]) -> list[Json]:
    """List documents in the order of the keys (record type and slug): of a source the summary, of others everything."""
    documents = list_summaries(ctx.connection, [key for key in keys if key[0] == "source"])
    for record_type in {record_type for record_type, _ in keys} - {"source"}:
        slugs = [slug for key_type, slug in keys if key_type == record_type]
        found = list_documents(ctx.connection, record_type, slugs)
        documents |= {(record_type, slug): document for slug, document in found.items()}
    return [orjson.loads(documents[key]) for key in keys if key in documents]


def _list_record_types(resource_type: str) -> list[str]:
    return [name for name, (resource, _) in RESOURCE_BY_RECORD_TYPE.items() if resource == resource_type]


def read_record(ctx: RequestContext, resource_type: str, fhir_id: str) -> Response:
    """Response with one record.

    Raises Redirect if the id is a name or former slug of a record, else what `build_missing_record_error` returns, with FHIR ids as
    suggestions.
    """
    record_types = _list_record_types(resource_type)
    for record_type in record_types:
        if slug := get_slugs_by_fhir_id(ctx, record_type).get(fhir_id):
            (resource,) = list_resources(ctx, list_record_documents(ctx, [(record_type, slug)]))
            return search.resource_response(ctx, resource)
    for record_type in record_types:
        prefix = RESOURCE_BY_RECORD_TYPE[record_type][1]
        if not fhir_id.startswith(prefix):
            continue
        error = build_missing_record_error(ctx, record_type, fhir_id.removeprefix(prefix))
        if isinstance(error, Redirect):
            raise Redirect(fhir_id, get_record_resource_id(record_type, error.slug)[1], permanent=error.permanent)
        if not isinstance(error, NotFound):
            raise error
    known = [known_id for record_type in record_types for known_id in get_slugs_by_fhir_id(ctx, record_type)]
    raise search.build_unknown_id_error(resource_type, fhir_id, find_nearest(fhir_id, known, limit=5))


def _build_filters(ctx: RequestContext, resource_type: str, record_type: str, params: SearchParams) -> Filters | None:
    """Build the filters of a list; None if nothing can match."""
    facets: dict[str, tuple[str, ...]] = {}
    statuses = parse_statuses(params)
    if record_type == "source" and params["status"] is not None:
        facets["standing"] = tuple(name for name, status in STATUS_BY_STANDING.items() if status in statuses)
    if "active" not in statuses and not facets.get("standing"):
        return None
    known_topics = [code for codes in _TOPIC_FACETS.values() for code in codes]
    topics = parse_known_codes(params, "topic", known_topics) or ()
    for facet, codes in _TOPIC_FACETS.items():
        if selected := tuple(topic for topic in topics if topic in codes):
            facets[facet] = selected
    slugs = get_slugs_by_fhir_id(ctx, record_type)
    matches = search.list_matching_names(resource_type, params, lambda fhir_id: slugs.get(fhir_id, " "))
    for parameter, match in _NAME_MATCHES.items():
        if (text := params[parameter]) is not None:
            matches.append(_find_slugs_by_name(ctx, record_type, parameter, match, text))
    return Filters(facets, slugs=search.intersect(matches))


def _find_slugs_by_name(ctx: RequestContext, record_type: str, parameter: str, match: str, text: str) -> set[str]:
    normalized = parse_name(parameter, text)
    slugs = list_slugs_by_name(ctx.connection, record_type, normalized, match=match, limit=MAX_NAME_MATCHES + 1)
    if len(slugs) > MAX_NAME_MATCHES:
        raise TooCostly(f"{parameter}: {text[:80]!r} matches more than {MAX_NAME_MATCHES} records; be more specific.")
    return set(slugs)


def search_records(ctx: RequestContext, resource_type: str, params: SearchParams) -> Response:
    """Search the lists of the record types that share a resource type, one list after the other."""
    cursor = search.decode_page_cursor(ctx, resource_type, params, pattern=CURSOR_PATTERN)
    first_list, after = (int(part) for part in cursor.split(":")) if cursor else (0, -1)
    lists = [
        (record_type, FilteredList(ctx.connection, PATH_BY_RECORD_TYPE[record_type], filters))
        for record_type in _list_record_types(resource_type)
        if (filters := _build_filters(ctx, resource_type, record_type, params)) is not None
    ]
    total = search.count_once(ctx, resource_type, lambda: sum(count_rows(filtered) for _, filtered in lists))
    if params["_summary"] == "count":
        return search.bundle_response(ctx, resource_type, total=total)
    keys: list[tuple[str, str]] = []
    positions: list[str] = []
    for index, (record_type, filtered) in enumerate(lists):
        limit = params["_count"] + 1 - len(keys)
        if index < first_list or not limit:
            continue
        rows = list_rows(filtered, after=after if index == first_list else None, limit=limit)
        keys += [(record_type, str(orjson.loads(row.summary or b"{}")["slug"])) for row in rows]
        positions += [f"{index}:{row.offset}" for row in rows]
    documents = list_record_documents(ctx, keys[: params["_count"]])
    include_sources = bool(params.get("_include"))
    sources = {("source", ref["slug"]) for document in documents if include_sources for ref in document["sources"]}
    return search.bundle_response(
        ctx,
        resource_type,
        total=total,
        matches=list_resources(ctx, documents),
        included=list_resources(ctx, list_record_documents(ctx, sorted(sources))),
        next_position=positions[params["_count"] - 1] if len(keys) > params["_count"] else None,
    )
