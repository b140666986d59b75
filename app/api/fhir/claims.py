"""Claims over FHIR: ClinicalUseDefinition and Evidence."""

from typing import Annotated, Final

import orjson
from fastapi import Query, Response

from app.api.deps import Context
from app.api.fhir.lookup import (
    bundle_response,
    decode_page_cursor,
    get_search_signature,
    get_slugs_by_fhir_id,
    parse_canonical_id,
    resolve_claim_id,
    resource_response,
)
from app.api.fhir.openapi import ResourceId, create_fhir_router, resource_responses, search_responses
from app.api.fhir.params import (
    PUBLICATION_STATUSES,
    USE_TYPES,
    ClaimSearch,
    ClinicalUseDefinitionSearch,
    EvidenceSearch,
    FhirParams,
    parse_known_codes,
    parse_tokens,
    reject_param,
)
from app.api.fhir.records import ReadParams, build_resource, list_citations, list_full_records
from app.domain import vocabulary
from app.domain.json import Json
from app.errors import NotFound
from app.formats.fhir.claims import CLINICAL_USE_KINDS, build_claim_resource
from app.formats.fhir.identifiers import (
    RESOURCE_BY_RECORD_TYPE,
    USE_TYPE_BY_CLAIM_KIND,
    get_claim_resource_id,
    to_fhir_id,
)
from app.http.context import RequestContext
from app.http.slug_resolution import names_by_slug
from app.queries.claims import ClaimFilters, count_claims, list_claims
from app.queries.documents import find_claim
from app.text.nearest import find_nearest

router = create_fhir_router("claims")
EVIDENCE_KINDS: Final = tuple(kind for kind in vocabulary.CLAIM_KINDS if kind not in CLINICAL_USE_KINDS)
CURSOR_PATTERN: Final = r"[a-z0-9-]{1,200}"
SUBJECT_TYPES: Final = ("procedure", "condition", "pain_generator")


def _read_claim(read: RequestContext, resource: str, kinds: tuple[str, ...], asked: str, params: FhirParams) -> Response:
    read.check_release(params.release)
    _ = read.release
    document = find_claim(read.connection, resolve_claim_id(read, asked))
    claim = orjson.loads(document) if document else None
    if claim is None or get_claim_resource_id(claim["kind"], claim["id"])[0] != resource:
        there = claim and "/".join(get_claim_resource_id(claim["kind"], claim["id"]))
        # Ids begin with the slug of their subject: those behind a wrong one are its neighbours.
        behind = list_claims(read.connection, ClaimFilters(kinds), after=asked, limit=3)
        near = [there] if there else [f"{resource}/{to_fhir_id(one)}" for one, _ in behind]
        raise NotFound(f"No {resource} has the id {asked[:200]!r}.", suggestions=tuple(near))
    return resource_response(read, build_claim_resource(claim, read.release.version))


def _build_filters(read: RequestContext, resource: str, kinds: tuple[str, ...], params: ClaimSearch) -> ClaimFilters | None:
    """What the claims are narrowed to; None: nothing can match."""
    statuses = parse_known_codes("status", params.status, PUBLICATION_STATUSES)
    if statuses is not None and "active" not in statuses:
        return None
    asked: list[set[str]] = []
    if (ids := parse_tokens("_id", params.id)) is not None:
        asked.append({resolve_claim_id(read, one) for one in ids})
    if (names := parse_tokens("identifier", params.identifier)) is not None:
        asked.append(set(names))
    if url := getattr(params, "url", None):
        asked.append({resolve_claim_id(read, parse_canonical_id(resource, url))})
    return ClaimFilters(
        kinds,
        ids=tuple(sorted(set.intersection(*asked))) if asked else None,
        subjects=_parse_subjects(read, params.subject),
        risks=_parse_slugs(read, "risk", "effect", getattr(params, "effect", None)),
        conditions=_parse_slugs(read, "condition", "indication", getattr(params, "indication", None)),
    )


def _parse_slugs(read: RequestContext, kind: str, name: str, value: str | None) -> tuple[str, ...] | None:
    return None if value is None else parse_known_codes(name, value, names_by_slug(read, kind))


def _parse_subjects(read: RequestContext, value: str | None) -> tuple[tuple[str, str], ...] | None:
    found = []
    for asked in parse_tokens("subject", value) or ():
        resource, slash, name = asked.rpartition("/")
        here = [
            (kind, slug)
            for kind in SUBJECT_TYPES
            if (not slash or RESOURCE_BY_RECORD_TYPE[kind][0] == resource)
            and (slug := get_slugs_by_fhir_id(read, kind).get(name))
        ]
        if not here:
            known = [
                f"{RESOURCE_BY_RECORD_TYPE[kind][0]}/{one}"
                for kind in SUBJECT_TYPES
                for one in get_slugs_by_fhir_id(read, kind)
            ]
            reject_param("subject", asked, "no such record", find_nearest(asked, known, limit=3))
        found += here
    return None if value is None else tuple(found)


def _search_claims(read: RequestContext, resource: str, kinds: tuple[str, ...], params: ClaimSearch) -> Response:
    read.check_release(params.release)
    release = read.release
    after = decode_page_cursor(read, resource, params, shape=CURSOR_PATTERN)
    filters = _build_filters(read, resource, kinds, params)
    if filters is None:
        return bundle_response(read, resource, total=0)
    total = read.cached(
        ("fhir total", get_search_signature(read, resource)), lambda: count_claims(read.connection, filters)
    )
    if params.summary == "count":
        return bundle_response(read, resource, total=total)
    rows = list_claims(read.connection, filters, after=after or "", limit=params.count + 1)
    claims: list[Json] = [orjson.loads(document) for _, document in rows[: params.count]]
    return bundle_response(
        read,
        resource,
        total=total,
        found=[build_claim_resource(claim, release.version) for claim in claims],
        included=_list_included(read, resource, claims, getattr(params, "include", [])),
        following=rows[params.count - 1][0] if len(rows) > params.count else None,
    )


def _list_included(read: RequestContext, resource: str, claims: list[Json], asked: list[str]) -> list[Json]:
    found: list[Json] = []
    if {f"{resource}:subject", "*"} & set(asked):
        keys = sorted({(one["subject"]["type"], one["subject"]["slug"]) for one in claims})
        found += [
            build_resource(read, one)
            for one in list_full_records(read, [key for key in keys if key[0] in SUBJECT_TYPES])
        ]
    if resource == "Evidence" and {"Evidence:derived-from", "*"} & set(asked):
        found += list_citations(read, (cited["source"]["slug"] for one in claims for cited in one["citations"]))
    return found


@router.get("/ClinicalUseDefinition", responses=search_responses())
def search_clinical_use_definitions(params: Annotated[ClinicalUseDefinitionSearch, Query()], read: Context) -> Response:
    """Indications, contraindications, and undesirable effects with their frequency."""
    uses = parse_known_codes("type", params.type, USE_TYPES)
    kinds = tuple(kind for kind, use in USE_TYPE_BY_CLAIM_KIND.items() if uses is None or use in uses)
    return _search_claims(read, "ClinicalUseDefinition", kinds, params)


@router.get("/ClinicalUseDefinition/{id}", responses=resource_responses("ClinicalUseDefinition"))
def read_clinical_use_definition(id: ResourceId, params: ReadParams, read: Context) -> Response:
    """One indication, contraindication or undesirable effect."""
    return _read_claim(read, "ClinicalUseDefinition", CLINICAL_USE_KINDS, id, params)


@router.get("/Evidence", responses=search_responses())
def search_evidence(params: Annotated[EvidenceSearch, Query()], read: Context) -> Response:
    """Every other claim: relief durations, response rates, findings, recommendations, coverage, definitions, ..."""
    kinds = parse_known_codes("claim-kind", params.claim_kind, vocabulary.CLAIM_KINDS)
    chosen = EVIDENCE_KINDS if kinds is None else tuple(kind for kind in kinds if kind in EVIDENCE_KINDS)
    return _search_claims(read, "Evidence", chosen, params)


@router.get("/Evidence/{id}", responses=resource_responses("Evidence"))
def read_evidence(id: ResourceId, params: ReadParams, read: Context) -> Response:
    """One claim of another kind."""
    return _read_claim(read, "Evidence", EVIDENCE_KINDS, id, params)
