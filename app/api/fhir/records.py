"""Record resources over FHIR: ActivityDefinition, EvidenceVariable and Citation."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final

import orjson
from fastapi import Query, Response

from app.api.deps import Context
from app.api.fhir.lookup import (
    bundle_response,
    count_once,
    decode_page_cursor,
    find_slugs,
    resolve_record_id,
    resource_response,
)
from app.api.fhir.openapi import ResourceId, create_fhir_router, resource_responses, search_responses
from app.api.fhir.params import (
    PUBLICATION_STATUSES,
    TOPIC_FACETS,
    ActivityDefinitionSearch,
    CitationSearch,
    EvidenceVariableSearch,
    FhirQuery,
    NamedSearch,
    parse_known_codes,
)
from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE
from app.formats.fhir.records import STATUS_BY_SOURCE_STATUS, build_citation, build_record_resource
from app.http.context import RequestContext
from app.queries.documents import find_document, get_current_release_json, list_documents, list_summaries
from app.queries.list_filter import FilteredList, Filters, count_rows
from app.queries.lists import list_rows

router = create_fhir_router("records")
# Index of the list that the page ends in, and the offset in that list.
CURSOR_PATTERN: Final = r"[0-9]:[0-9]{1,9}"


def get_publisher(ctx: RequestContext) -> str:
    """Publisher of the content, from the license of the release."""

    def find_publisher() -> str:
        current = orjson.loads(get_current_release_json(ctx.connection))
        return str(current.get("license", {}).get("attribution", ""))

    return ctx.cached(("fhir publisher",), find_publisher)


def build_resource(ctx: RequestContext, document: Json) -> Json:
    """Build the resource for a record document or a source summary of /v1."""
    if document["type"] == "source":
        return build_citation(document, ctx.release.date, get_publisher(ctx))
    return build_record_resource(document, ctx.release.date)


def _read_record(ctx: RequestContext, record_types: Sequence[str], fhir_id: str) -> Response:
    record_type, slug = resolve_record_id(ctx, record_types, fhir_id)
    document = orjson.loads(find_document(ctx.connection, record_type, slug) or b"{}")
    return resource_response(ctx, build_resource(ctx, document))


def _build_filters(ctx: RequestContext, record_type: str, params: NamedSearch) -> Filters | None:
    """Build the filters of a list; None if nothing can match."""
    facets: dict[str, tuple[str, ...]] = {}
    statuses = parse_known_codes("status", params.status, PUBLICATION_STATUSES)
    if statuses is not None:
        if record_type == "source":
            facets["status"] = tuple(
                source_status for source_status, status in STATUS_BY_SOURCE_STATUS.items() if status in statuses
            )
        if "active" not in statuses and not facets.get("status"):
            return None
    if isinstance(params, ActivityDefinitionSearch):
        known = [code for codes in TOPIC_FACETS.values() for code in codes]
        topics = parse_known_codes("topic", params.topic, known) or ()
        for facet, codes in TOPIC_FACETS.items():
            if selected := tuple(topic for topic in topics if topic in codes):
                facets[facet] = selected
    return Filters(facets, slugs=find_slugs(ctx, record_type, params))


def _search_records(
    ctx: RequestContext, resource_type: str, record_types: Sequence[str], params: NamedSearch
) -> Response:
    """Search the lists of one or more record types, one list after the other."""
    cursor = decode_page_cursor(ctx, resource_type, params, pattern=CURSOR_PATTERN)
    first_list, after = (int(part) for part in cursor.split(":")) if cursor else (0, -1)
    lists = [
        (record_type, FilteredList(ctx.connection, PATH_BY_RECORD_TYPE[record_type], filters))
        for record_type in record_types
        if (filters := _build_filters(ctx, record_type, params)) is not None
    ]
    total = count_once(ctx, resource_type, lambda: sum(count_rows(filtered) for _, filtered in lists))
    if params.summary == "count":
        return bundle_response(ctx, resource_type, total=total)
    keys: list[tuple[str, str]] = []
    positions: list[str] = []
    for index, (record_type, filtered) in enumerate(lists):
        limit = params.count + 1 - len(keys)
        if index < first_list or not limit:
            continue
        rows = list_rows(filtered, after=after if index == first_list else None, limit=limit)
        keys += [(record_type, str(orjson.loads(row.summary or b"{}")["slug"])) for row in rows]
        positions += [f"{index}:{row.offset}" for row in rows]
    documents = _list_records(ctx, keys[: params.count])
    source_slugs = (ref["slug"] for document in documents for ref in document["sources"])
    return bundle_response(
        ctx,
        resource_type,
        total=total,
        matches=[build_resource(ctx, document) for document in documents],
        included=list_citations(ctx, source_slugs) if getattr(params, "include", None) else (),
        next_position=positions[params.count - 1] if len(keys) > params.count else None,
    )


def _list_records(ctx: RequestContext, keys: list[tuple[str, str]]) -> list[Json]:
    """List record documents in the order of the keys. A Citation needs only the summary of a source."""
    if any(record_type == "source" for record_type, _ in keys):
        summaries = list_summaries(ctx.connection, keys)
        return [orjson.loads(summaries[key]) for key in keys]
    return list_full_records(ctx, keys)


def list_full_records(ctx: RequestContext, keys: Sequence[tuple[str, str]]) -> list[Json]:
    """List full record documents in the order of the keys (record type and slug), with one query per record type."""
    slugs_by_type: dict[str, list[str]] = {}
    for record_type, slug in keys:
        slugs_by_type.setdefault(record_type, []).append(slug)
    documents = {
        (record_type, slug): document
        for record_type, slugs in slugs_by_type.items()
        for slug, document in list_documents(ctx.connection, record_type, slugs).items()
    }
    return [orjson.loads(documents[key]) for key in keys if key in documents]


def list_citations(ctx: RequestContext, slugs: Iterable[str]) -> list[Json]:
    """List the Citation resources of sources, without duplicates, ordered by slug."""
    keys = [("source", slug) for slug in sorted(set(slugs))]
    summaries = list_summaries(ctx.connection, keys)
    return [build_resource(ctx, orjson.loads(summaries[key])) for key in keys if key in summaries]


@router.get("/ActivityDefinition", responses=search_responses())
def search_activity_definitions(params: Annotated[ActivityDefinitionSearch, Query()], ctx: Context) -> Response:
    """Search procedures."""
    return _search_records(ctx, "ActivityDefinition", ("procedure",), params)


@router.get("/ActivityDefinition/{id}", responses=resource_responses("ActivityDefinition"))
def read_activity_definition(id: ResourceId, _: FhirQuery, ctx: Context) -> Response:
    """Get a procedure."""
    return _read_record(ctx, ("procedure",), id)


@router.get("/EvidenceVariable", responses=search_responses())
def search_evidence_variables(params: Annotated[EvidenceVariableSearch, Query()], ctx: Context) -> Response:
    """Search conditions and pain generators; conditions come first."""
    return _search_records(ctx, "EvidenceVariable", ("condition", "pain_generator"), params)


@router.get("/EvidenceVariable/{id}", responses=resource_responses("EvidenceVariable"))
def read_evidence_variable(id: ResourceId, _: FhirQuery, ctx: Context) -> Response:
    """Get a condition (`condition-...`) or a pain generator (`pain-generator-...`)."""
    return _read_record(ctx, ("condition", "pain_generator"), id)


@router.get("/Citation", responses=search_responses())
def search_citations(params: Annotated[CitationSearch, Query()], ctx: Context) -> Response:
    """Search sources."""
    return _search_records(ctx, "Citation", ("source",), params)


@router.get("/Citation/{id}", responses=resource_responses("Citation"))
def read_citation(id: ResourceId, _: FhirQuery, ctx: Context) -> Response:
    """Get a source."""
    return _read_record(ctx, ("source",), id)
