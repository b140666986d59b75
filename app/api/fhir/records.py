"""Records over FHIR: ActivityDefinition, EvidenceVariable, Citation."""

from collections.abc import Sequence
from typing import Annotated, Final

import orjson
from fastapi import Query, Response

from app.api.deps import Context
from app.api.fhir.lookup import (
    bundle_response,
    decode_page_cursor,
    find_slugs,
    get_search_signature,
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
    FhirParams,
    NamedSearch,
    parse_known_codes,
)
from app.domain.json import Json
from app.formats.fhir.records import STATUS_BY_SOURCE_STATUS, build_citation, build_record_resource
from app.http.context import Reading
from app.queries.documents import find_document, list_documents, list_summaries
from app.queries.list_filter import FilteredList, Filters, count_rows
from app.queries.lists import list_rows

router = create_fhir_router("records")
ReadParams = Annotated[FhirParams, Query()]
LIST_PATHS: Final = {
    "procedure": "procedures",
    "condition": "conditions",
    "pain_generator": "pain-generators",
    "source": "sources",
}
CURSOR_PATTERN: Final = r"[0-9]:[0-9]{1,9}"


def get_publisher(read: Reading) -> str:
    """Who publishes the content."""

    def find() -> str:
        current = orjson.loads(find_document(read.connection, "current", "release") or b"{}")
        return str(current.get("licence", {}).get("attribution", ""))

    return read.once(("fhir publisher",), find)


def build_resource(read: Reading, document: Json) -> Json:
    """A record or source as its resource."""
    if document["type"] == "source":
        return build_citation(document, read.release.date, get_publisher(read))
    return build_record_resource(document, read.release.date)


def _read_record(read: Reading, kinds: Sequence[str], asked: str, params: FhirParams) -> Response:
    read.require(params.release)
    _ = read.release
    kind, slug = resolve_record_id(read, kinds, asked)
    return resource_response(
        read, build_resource(read, orjson.loads(find_document(read.connection, kind, slug) or b"{}"))
    )


def _build_filters(read: Reading, kind: str, params: NamedSearch) -> Filters | None:
    """What a list is narrowed to; None: nothing can match."""
    facets: dict[str, tuple[str, ...]] = {}
    statuses = parse_known_codes("status", params.status, PUBLICATION_STATUSES)
    if statuses is not None:
        if kind == "source":
            facets["status"] = tuple(ours for ours, theirs in STATUS_BY_SOURCE_STATUS.items() if theirs in statuses)
        if "active" not in statuses and not facets.get("status"):
            return None
    if isinstance(params, ActivityDefinitionSearch):
        every = [code for codes in TOPIC_FACETS.values() for code in codes]
        topics = parse_known_codes("topic", params.topic, every) or ()
        for facet, codes in TOPIC_FACETS.items():
            if chosen := tuple(one for one in topics if one in codes):
                facets[facet] = chosen
    return Filters(facets, slugs=find_slugs(read, kind, params))


def _search_records(read: Reading, resource: str, kinds: Sequence[str], params: NamedSearch) -> Response:
    read.require(params.release)
    _ = read.release
    place = decode_page_cursor(read, resource, params, shape=CURSOR_PATTERN)
    first, after = (int(part) for part in place.split(":")) if place else (0, -1)
    lists = [
        (kind, FilteredList(read.connection, LIST_PATHS[kind], filters))
        for kind in kinds
        if (filters := _build_filters(read, kind, params)) is not None
    ]
    key = get_search_signature(read, resource)
    total = read.once(("fhir total", key), lambda: sum(count_rows(selection) for _, selection in lists))
    if params.summary == "count":
        return bundle_response(read, resource, total=total)
    keys: list[tuple[str, str]] = []
    places: list[str] = []
    for number, (kind, selection) in enumerate(lists):
        left = params.count + 1 - len(keys)
        if number < first or not left:
            continue
        rows = list_rows(selection, after=after if number == first else None, limit=left)
        keys += [(kind, str(orjson.loads(row.summary or b"{}")["slug"])) for row in rows]
        places += [f"{number}:{row.offset}" for row in rows]
    documents = _list_records(read, keys[: params.count])
    included = _sources(read, documents) if getattr(params, "include", None) else []
    return bundle_response(
        read,
        resource,
        total=total,
        found=[build_resource(read, one) for one in documents],
        included=included,
        following=places[params.count - 1] if len(keys) > params.count else None,
    )


def _list_records(read: Reading, keys: list[tuple[str, str]]) -> list[Json]:
    """Records in full, in this order; of sources, the summaries, which say all that a Citation says."""
    if any(kind == "source" for kind, _ in keys):
        summaries = list_summaries(read.connection, keys)
        return [orjson.loads(summaries[key]) for key in keys]
    return list_full_records(read, keys)


def list_full_records(read: Reading, keys: Sequence[tuple[str, str]]) -> list[Json]:
    """Records in full, in this order: one statement for each type of record."""
    bodies = {
        (kind, slug): body
        for kind in dict.fromkeys(kind for kind, _ in keys)
        for slug, body in list_documents(read.connection, kind, [one for of, one in keys if of == kind]).items()
    }
    return [orjson.loads(bodies[key]) for key in keys if key in bodies]


def _sources(read: Reading, documents: list[Json]) -> list[Json]:
    return list_citations(read, (ref["slug"] for one in documents for ref in one["sources"]))


def list_citations(read: Reading, slugs: object) -> list[Json]:
    """Citations of sources, each once, in the order of their slugs."""
    keys = [("source", slug) for slug in sorted(set(slugs))]  # type: ignore[call-overload]
    summaries = list_summaries(read.connection, keys)
    return [build_resource(read, orjson.loads(summaries[key])) for key in keys if key in summaries]


@router.get("/ActivityDefinition", responses=search_responses())
def search_activity_definitions(params: Annotated[ActivityDefinitionSearch, Query()], read: Context) -> Response:
    """Procedures."""
    return _search_records(read, "ActivityDefinition", ("procedure",), params)


@router.get("/ActivityDefinition/{id}", responses=resource_responses("ActivityDefinition"))
def read_activity_definition(id: ResourceId, params: ReadParams, read: Context) -> Response:
    """A procedure."""
    return _read_record(read, ("procedure",), id, params)


@router.get("/EvidenceVariable", responses=search_responses())
def search_evidence_variables(params: Annotated[EvidenceVariableSearch, Query()], read: Context) -> Response:
    """Conditions, then pain generators."""
    return _search_records(read, "EvidenceVariable", ("condition", "pain_generator"), params)


@router.get("/EvidenceVariable/{id}", responses=resource_responses("EvidenceVariable"))
def read_evidence_variable(id: ResourceId, params: ReadParams, read: Context) -> Response:
    """A condition (`condition-...`) or pain generator (`pain-generator-...`)."""
    return _read_record(read, ("condition", "pain_generator"), id, params)


@router.get("/Citation", responses=search_responses())
def search_citations(params: Annotated[CitationSearch, Query()], read: Context) -> Response:
    """Sources."""
    return _search_records(read, "Citation", ("source",), params)


@router.get("/Citation/{id}", responses=resource_responses("Citation"))
def read_citation(id: ResourceId, params: ReadParams, read: Context) -> Response:
    """A source."""
    return _read_record(read, ("source",), id, params)
