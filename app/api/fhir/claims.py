"""Claims over FHIR: ClinicalUseDefinition and Evidence."""

from typing import Annotated, Final

import orjson
from fastapi import Query, Response

from app.api.deps import Reader
from app.api.fhir.lookup import bundle, claim_of, id_of_url, ids_of, place_of, respond, signature_of
from app.api.fhir.openapi import Id, fhir_router, of_a_resource, of_a_search
from app.api.fhir.params import (
    STATUSES,
    USES,
    ClaimSearch,
    ClinicalUseDefinitionSearch,
    EvidenceSearch,
    FhirParams,
    among,
    refuse,
    tokens,
)
from app.api.fhir.records import ReadParams, citations_of, documents_of, resource_of
from app.domain import vocabulary
from app.domain.json import Json
from app.errors import NotFound
from app.formats.fhir.claims import CLINICAL_USE_KINDS, claim_resource
from app.formats.fhir.identifiers import RESOURCE_OF, USE_TYPE, claim_id, fhir_id
from app.http.context import Reading
from app.http.slug_resolution import slugs_of
from app.queries.claims import ClaimFilters, count_claims, list_claims
from app.queries.documents import find_claim
from app.text.nearest import nearest

router = fhir_router("claims")
EVIDENCE_KINDS: Final = tuple(kind for kind in vocabulary.CLAIM_KINDS if kind not in CLINICAL_USE_KINDS)
PLACE: Final = r"[a-z0-9-]{1,200}"
RECORDS: Final = ("procedure", "condition", "pain_generator")


def _read(read: Reading, resource: str, kinds: tuple[str, ...], asked: str, params: FhirParams) -> Response:
    read.require(params.release)
    _ = read.release
    document = find_claim(read.connection, claim_of(read, asked))
    claim = orjson.loads(document) if document else None
    if claim is None or claim_id(claim["kind"], claim["id"])[0] != resource:
        there = claim and "/".join(claim_id(claim["kind"], claim["id"]))
        # Ids begin with the slug of their subject: those behind a wrong one are its neighbours.
        behind = list_claims(read.connection, ClaimFilters(kinds), after=asked, limit=3)
        near = [there] if there else [f"{resource}/{fhir_id(one)}" for one, _ in behind]
        raise NotFound(f"No {resource} has the id {asked[:200]!r}.", suggestions=tuple(near))
    return respond(read, claim_resource(claim, read.release.version))


def _filters(read: Reading, resource: str, kinds: tuple[str, ...], params: ClaimSearch) -> ClaimFilters | None:
    """What the claims are narrowed to; None: nothing can match."""
    statuses = among("status", params.status, STATUSES)
    if statuses is not None and "active" not in statuses:
        return None
    asked: list[set[str]] = []
    if (ids := tokens("_id", params.id)) is not None:
        asked.append({claim_of(read, one) for one in ids})
    if (names := tokens("identifier", params.identifier)) is not None:
        asked.append(set(names))
    if url := getattr(params, "url", None):
        asked.append({claim_of(read, id_of_url(resource, url))})
    return ClaimFilters(
        kinds,
        ids=tuple(sorted(set.intersection(*asked))) if asked else None,
        subjects=_subjects(read, params.subject),
        risks=_codes(read, "risk", "effect", getattr(params, "effect", None)),
        conditions=_codes(read, "condition", "indication", getattr(params, "indication", None)),
    )


def _codes(read: Reading, kind: str, name: str, value: str | None) -> tuple[str, ...] | None:
    return None if value is None else among(name, value, slugs_of(read, kind))


def _subjects(read: Reading, value: str | None) -> tuple[tuple[str, str], ...] | None:
    found = []
    for asked in tokens("subject", value) or ():
        resource, slash, name = asked.rpartition("/")
        here = [
            (kind, slug)
            for kind in RECORDS
            if (not slash or RESOURCE_OF[kind][0] == resource) and (slug := ids_of(read, kind).get(name))
        ]
        if not here:
            known = [f"{RESOURCE_OF[kind][0]}/{one}" for kind in RECORDS for one in ids_of(read, kind)]
            refuse("subject", asked, "no such record", nearest(asked, known, most=3))
        found += here
    return None if value is None else tuple(found)


def _search(read: Reading, resource: str, kinds: tuple[str, ...], params: ClaimSearch) -> Response:
    read.require(params.release)
    release = read.release
    after = place_of(read, resource, params, shape=PLACE)
    filters = _filters(read, resource, kinds, params)
    if filters is None:
        return bundle(read, resource, total=0)
    total = read.once(("fhir total", signature_of(read, resource)), lambda: count_claims(read.connection, filters))
    if params.summary == "count":
        return bundle(read, resource, total=total)
    rows = list_claims(read.connection, filters, after=after or "", limit=params.count + 1)
    claims: list[Json] = [orjson.loads(document) for _, document in rows[: params.count]]
    return bundle(
        read,
        resource,
        total=total,
        found=[claim_resource(claim, release.version) for claim in claims],
        included=_included(read, resource, claims, getattr(params, "include", [])),
        following=rows[params.count - 1][0] if len(rows) > params.count else None,
    )


def _included(read: Reading, resource: str, claims: list[Json], asked: list[str]) -> list[Json]:
    found: list[Json] = []
    if {f"{resource}:subject", "*"} & set(asked):
        keys = sorted({(one["subject"]["type"], one["subject"]["slug"]) for one in claims})
        found += [resource_of(read, one) for one in documents_of(read, [key for key in keys if key[0] in RECORDS])]
    if resource == "Evidence" and {"Evidence:derived-from", "*"} & set(asked):
        found += citations_of(read, (cited["source"]["slug"] for one in claims for cited in one["citations"]))
    return found


@router.get("/ClinicalUseDefinition", responses=of_a_search())
def search_clinical_use_definitions(params: Annotated[ClinicalUseDefinitionSearch, Query()], read: Reader) -> Response:
    """Indications, contraindications, and undesirable effects with their frequency."""
    uses = among("type", params.type, USES)
    kinds = tuple(kind for kind, use in USE_TYPE.items() if uses is None or use in uses)
    return _search(read, "ClinicalUseDefinition", kinds, params)


@router.get("/ClinicalUseDefinition/{id}", responses=of_a_resource("ClinicalUseDefinition"))
def read_clinical_use_definition(id: Id, params: ReadParams, read: Reader) -> Response:
    """One indication, contraindication or undesirable effect."""
    return _read(read, "ClinicalUseDefinition", CLINICAL_USE_KINDS, id, params)


@router.get("/Evidence", responses=of_a_search())
def search_evidence(params: Annotated[EvidenceSearch, Query()], read: Reader) -> Response:
    """Every other claim: relief durations, response rates, findings, recommendations, coverage, definitions, ..."""
    kinds = among("claim-kind", params.claim_kind, vocabulary.CLAIM_KINDS)
    chosen = EVIDENCE_KINDS if kinds is None else tuple(kind for kind in kinds if kind in EVIDENCE_KINDS)
    return _search(read, "Evidence", chosen, params)


@router.get("/Evidence/{id}", responses=of_a_resource("Evidence"))
def read_evidence(id: Id, params: ReadParams, read: Reader) -> Response:
    """One claim of another kind."""
    return _read(read, "Evidence", EVIDENCE_KINDS, id, params)
