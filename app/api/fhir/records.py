"""Records over FHIR: ActivityDefinition, EvidenceVariable, Citation."""

from collections.abc import Sequence
from typing import Annotated, Final

import orjson
from fastapi import Query, Response

from app.api.deps import Reader
from app.api.fhir.lookup import bundle, place_of, respond, signature_of, slug_of, slugs_asked_for
from app.api.fhir.openapi import Id, fhir_router, of_a_resource, of_a_search
from app.api.fhir.params import (
    STATUSES,
    TOPICS,
    ActivityDefinitionSearch,
    CitationSearch,
    EvidenceVariableSearch,
    FhirParams,
    NamedSearch,
    among,
)
from app.domain.json import Json
from app.formats.fhir.records import FHIR_STATUS, citation_resource, record_resource
from app.http.context import Reading
from app.queries.documents import find_document, list_documents, list_summaries
from app.queries.list_filter import Filters, Selection, count_rows
from app.queries.lists import list_rows

router = fhir_router("records")
ReadParams = Annotated[FhirParams, Query()]
LISTS: Final = {
    "procedure": "procedures",
    "condition": "conditions",
    "pain_generator": "pain-generators",
    "source": "sources",
}
PLACE: Final = r"[0-9]:[0-9]{1,9}"


def publisher_of(read: Reading) -> str:
    """Who publishes the content."""

    def find() -> str:
        current = orjson.loads(find_document(read.connection, "current", "release") or b"{}")
        return str(current.get("licence", {}).get("attribution", ""))

    return read.once(("fhir publisher",), find)


def resource_of(read: Reading, document: Json) -> Json:
    """A record or source as its resource."""
    if document["type"] == "source":
        return citation_resource(document, read.release.date, publisher_of(read))
    return record_resource(document, read.release.date)


def _read(read: Reading, kinds: Sequence[str], asked: str, params: FhirParams) -> Response:
    read.require(params.release)
    _ = read.release
    kind, slug = slug_of(read, kinds, asked)
    return respond(read, resource_of(read, orjson.loads(find_document(read.connection, kind, slug) or b"{}")))


def _filters(read: Reading, kind: str, params: NamedSearch) -> Filters | None:
    """What a list is narrowed to; None: nothing can match."""
    facets: dict[str, tuple[str, ...]] = {}
    statuses = among("status", params.status, STATUSES)
    if statuses is not None:
        if kind == "source":
            facets["status"] = tuple(ours for ours, theirs in FHIR_STATUS.items() if theirs in statuses)
        if "active" not in statuses and not facets.get("status"):
            return None
    if isinstance(params, ActivityDefinitionSearch):
        every = [code for codes in TOPICS.values() for code in codes]
        topics = among("topic", params.topic, every) or ()
        for facet, codes in TOPICS.items():
            if chosen := tuple(one for one in topics if one in codes):
                facets[facet] = chosen
    return Filters(facets, slugs=slugs_asked_for(read, kind, params))


def _search(read: Reading, resource: str, kinds: Sequence[str], params: NamedSearch) -> Response:
    read.require(params.release)
    _ = read.release
    place = place_of(read, resource, params, shape=PLACE)
    first, after = (int(part) for part in place.split(":")) if place else (0, -1)
    lists = [
        (kind, Selection(read.connection, LISTS[kind], filters))
        for kind in kinds
        if (filters := _filters(read, kind, params)) is not None
    ]
    key = signature_of(read, resource)
    total = read.once(("fhir total", key), lambda: sum(count_rows(selection) for _, selection in lists))
    if params.summary == "count":
        return bundle(read, resource, total=total)
    keys: list[tuple[str, str]] = []
    places: list[str] = []
    for number, (kind, selection) in enumerate(lists):
        left = params.count + 1 - len(keys)
        if number < first or not left:
            continue
        rows = list_rows(selection, after=after if number == first else None, limit=left)
        keys += [(kind, str(orjson.loads(row.summary or b"{}")["slug"])) for row in rows]
        places += [f"{number}:{row.position}" for row in rows]
    documents = _documents(read, keys[: params.count])
    included = _sources(read, documents) if getattr(params, "include", None) else []
    return bundle(
        read,
        resource,
        total=total,
        found=[resource_of(read, one) for one in documents],
        included=included,
        following=places[params.count - 1] if len(keys) > params.count else None,
    )


def _documents(read: Reading, keys: list[tuple[str, str]]) -> list[Json]:
    """Records in full, in this order; of sources, the summaries, which say all that a Citation says."""
    if any(kind == "source" for kind, _ in keys):
        summaries = list_summaries(read.connection, keys)
        return [orjson.loads(summaries[key]) for key in keys]
    return documents_of(read, keys)


def documents_of(read: Reading, keys: Sequence[tuple[str, str]]) -> list[Json]:
    """Records in full, in this order: one statement for each type of record."""
    bodies = {
        (kind, slug): body
        for kind in dict.fromkeys(kind for kind, _ in keys)
        for slug, body in list_documents(read.connection, kind, [one for of, one in keys if of == kind]).items()
    }
    return [orjson.loads(bodies[key]) for key in keys if key in bodies]


def _sources(read: Reading, documents: list[Json]) -> list[Json]:
    return citations_of(read, (ref["slug"] for one in documents for ref in one["sources"]))


def citations_of(read: Reading, slugs: object) -> list[Json]:
    """Citations of sources, each once, in the order of their slugs."""
    keys = [("source", slug) for slug in sorted(set(slugs))]  # type: ignore[call-overload]
    summaries = list_summaries(read.connection, keys)
    return [resource_of(read, orjson.loads(summaries[key])) for key in keys if key in summaries]


@router.get("/ActivityDefinition", responses=of_a_search())
def search_activity_definitions(params: Annotated[ActivityDefinitionSearch, Query()], read: Reader) -> Response:
    """Procedures."""
    return _search(read, "ActivityDefinition", ("procedure",), params)


@router.get("/ActivityDefinition/{id}", responses=of_a_resource("ActivityDefinition"))
def read_activity_definition(id: Id, params: ReadParams, read: Reader) -> Response:
    """A procedure."""
    return _read(read, ("procedure",), id, params)


@router.get("/EvidenceVariable", responses=of_a_search())
def search_evidence_variables(params: Annotated[EvidenceVariableSearch, Query()], read: Reader) -> Response:
    """Conditions, then pain generators."""
    return _search(read, "EvidenceVariable", ("condition", "pain_generator"), params)


@router.get("/EvidenceVariable/{id}", responses=of_a_resource("EvidenceVariable"))
def read_evidence_variable(id: Id, params: ReadParams, read: Reader) -> Response:
    """A condition (`condition-...`) or pain generator (`pain-generator-...`)."""
    return _read(read, ("condition", "pain_generator"), id, params)


@router.get("/Citation", responses=of_a_search())
def search_citations(params: Annotated[CitationSearch, Query()], read: Reader) -> Response:
    """Sources."""
    return _search(read, "Citation", ("source",), params)


@router.get("/Citation/{id}", responses=of_a_resource("Citation"))
def read_citation(id: Id, params: ReadParams, read: Reader) -> Response:
    """A source."""
    return _read(read, ("source",), id, params)
