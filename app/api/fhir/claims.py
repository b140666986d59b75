"""Claim resources over FHIR: ClinicalUseDefinition and Evidence."""

from collections.abc import Sequence
from typing import Annotated, Final

import orjson
from fastapi import Query, Response

from app.api.deps import Context
from app.api.fhir.lookup import (
    build_unknown_id_error,
    bundle_response,
    count_once,
    decode_page_cursor,
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
    FhirQuery,
    parse_known_codes,
    parse_tokens,
    reject_param,
)
from app.api.fhir.records import build_resource, list_citations, list_full_records
from app.domain.claim_kinds import CLAIM_KINDS
from app.domain.json import Json
from app.domain.record_types import DESCRIBED_TYPES
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
EVIDENCE_KINDS: Final = tuple(kind for kind in CLAIM_KINDS if kind not in CLINICAL_USE_KINDS)
CURSOR_PATTERN: Final = r"[a-z0-9-]{1,200}"


def _read_claim(ctx: RequestContext, resource_type: str, claim_kinds: tuple[str, ...], fhir_id: str) -> Response:
    document = find_claim(ctx.connection, resolve_claim_id(ctx, fhir_id))
    if document is None:
        # Claim ids begin with the slug of their subject, so the ids that follow are of the same or a similar record.
        following = list_claims(ctx.connection, ClaimFilters(claim_kinds), after=fhir_id, limit=3)
        raise build_unknown_id_error(resource_type, fhir_id, (to_fhir_id(claim_id) for claim_id, _ in following))
    claim = orjson.loads(document)
    actual_type, actual_id = get_claim_resource_id(claim["kind"], claim["id"])
    if actual_type != resource_type:
        raise NotFound(f"Unknown {resource_type} {fhir_id[:200]!r}.", suggestions=(f"{actual_type}/{actual_id}",))
    return resource_response(ctx, build_claim_resource(claim, ctx.release.version))


def _build_filters(
    ctx: RequestContext, resource_type: str, claim_kinds: tuple[str, ...], params: ClaimSearch
) -> ClaimFilters | None:
    """Build the filters of a search for claims; None if nothing can match."""
    statuses = parse_known_codes("status", params.status, PUBLICATION_STATUSES)
    if statuses is not None and "active" not in statuses:
        return None
    ids: list[set[str]] = []
    if (fhir_ids := parse_tokens("_id", params.id)) is not None:
        ids.append({resolve_claim_id(ctx, fhir_id) for fhir_id in fhir_ids})
    if (identifiers := parse_tokens("identifier", params.identifier)) is not None:
        ids.append(set(identifiers))
    if url := getattr(params, "url", None):
        ids.append({resolve_claim_id(ctx, parse_canonical_id(resource_type, url))})
    return ClaimFilters(
        claim_kinds,
        ids=tuple(sorted(set.intersection(*ids))) if ids else None,
        subjects=_parse_subjects(ctx, params.subject),
        risks=_parse_slugs(ctx, "risk", "effect", getattr(params, "effect", None)),
        conditions=_parse_slugs(ctx, "condition", "indication", getattr(params, "indication", None)),
    )


def _parse_slugs(ctx: RequestContext, record_type: str, parameter: str, value: str | None) -> tuple[str, ...] | None:
    return None if value is None else parse_known_codes(parameter, value, names_by_slug(ctx, record_type))


def _parse_subjects(ctx: RequestContext, value: str | None) -> tuple[tuple[str, str], ...] | None:
    """Parse `subject` into record types and slugs; None if it was not sent. Raises InvalidParameter."""
    if value is None:
        return None
    subjects = []
    for token in parse_tokens("subject", value) or ():
        resource_type, slash, fhir_id = token.rpartition("/")
        matches = [
            (record_type, slug)
            for record_type in DESCRIBED_TYPES
            if (not slash or RESOURCE_BY_RECORD_TYPE[record_type][0] == resource_type)
            and (slug := get_slugs_by_fhir_id(ctx, record_type).get(fhir_id))
        ]
        if not matches:
            known = [
                f"{RESOURCE_BY_RECORD_TYPE[record_type][0]}/{known_id}"
                for record_type in DESCRIBED_TYPES
                for known_id in get_slugs_by_fhir_id(ctx, record_type)
            ]
            reject_param("subject", token, "unknown record", find_nearest(token, known, limit=3))
        subjects += matches
    return tuple(subjects)


def _search_claims(
    ctx: RequestContext, resource_type: str, claim_kinds: tuple[str, ...], params: ClaimSearch
) -> Response:
    after = decode_page_cursor(ctx, resource_type, params, pattern=CURSOR_PATTERN)
    filters = _build_filters(ctx, resource_type, claim_kinds, params)
    if filters is None:
        return bundle_response(ctx, resource_type, total=0)
    total = count_once(ctx, resource_type, lambda: count_claims(ctx.connection, filters))
    if params.summary == "count":
        return bundle_response(ctx, resource_type, total=total)
    rows = list_claims(ctx.connection, filters, after=after or "", limit=params.count + 1)
    claims: list[Json] = [orjson.loads(document) for _, document in rows[: params.count]]
    return bundle_response(
        ctx,
        resource_type,
        total=total,
        matches=[build_claim_resource(claim, ctx.release.version) for claim in claims],
        included=_list_included(ctx, resource_type, claims, getattr(params, "include", [])),
        next_position=rows[params.count - 1][0] if len(rows) > params.count else None,
    )


def _list_included(ctx: RequestContext, resource_type: str, claims: list[Json], include: Sequence[str]) -> list[Json]:
    """List the subjects and sources of claims that `_include` requests."""
    resources: list[Json] = []
    if {f"{resource_type}:subject", "*"} & set(include):
        subjects = sorted({(claim["subject"]["type"], claim["subject"]["slug"]) for claim in claims})
        keys = [key for key in subjects if key[0] in DESCRIBED_TYPES]
        resources += [build_resource(ctx, document) for document in list_full_records(ctx, keys)]
    if resource_type == "Evidence" and {"Evidence:derived-from", "*"} & set(include):
        citations = (citation for claim in claims for citation in claim["citations"])
        resources += list_citations(ctx, (citation["source"]["slug"] for citation in citations))
    return resources


@router.get("/ClinicalUseDefinition", responses=search_responses())
def search_clinical_use_definitions(params: Annotated[ClinicalUseDefinitionSearch, Query()], ctx: Context) -> Response:
    """Search indications, contraindications, and undesirable effects with their frequency."""
    uses = parse_known_codes("type", params.type, USE_TYPES)
    claim_kinds = tuple(kind for kind, use in USE_TYPE_BY_CLAIM_KIND.items() if uses is None or use in uses)
    return _search_claims(ctx, "ClinicalUseDefinition", claim_kinds, params)


@router.get("/ClinicalUseDefinition/{id}", responses=resource_responses("ClinicalUseDefinition"))
def read_clinical_use_definition(id: ResourceId, _: FhirQuery, ctx: Context) -> Response:
    """Get an indication, contraindication or undesirable effect."""
    return _read_claim(ctx, "ClinicalUseDefinition", CLINICAL_USE_KINDS, id)


@router.get("/Evidence", responses=search_responses())
def search_evidence(params: Annotated[EvidenceSearch, Query()], ctx: Context) -> Response:
    """Search all other claims: relief durations, response rates, findings, recommendations, coverage, definitions, ..."""
    requested = parse_known_codes("claim-kind", params.claim_kind, CLAIM_KINDS)
    claim_kinds = EVIDENCE_KINDS if requested is None else tuple(kind for kind in requested if kind in EVIDENCE_KINDS)
    return _search_claims(ctx, "Evidence", claim_kinds, params)


@router.get("/Evidence/{id}", responses=resource_responses("Evidence"))
def read_evidence(id: ResourceId, _: FhirQuery, ctx: Context) -> Response:
    """Get a claim of any other kind."""
    return _read_claim(ctx, "Evidence", EVIDENCE_KINDS, id)
