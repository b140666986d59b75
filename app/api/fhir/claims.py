"""Claim resources over FHIR: ClinicalUseDefinition and Evidence."""

from typing import Final

import orjson
from fastapi import Response

from app.api.fhir import search
from app.api.fhir.params import (
    SearchParams,
    parse_known_codes,
    parse_statuses,
    parse_tokens,
    reject_param,
)
from app.api.fhir.records import get_slugs_by_fhir_id, list_record_documents, list_resources
from app.domain.claim_kinds import CLAIM_KINDS
from app.domain.json import Json
from app.domain.record_types import DESCRIBED_TYPES
from app.errors import NotFound
from app.formats.fhir.claims import build_claim_resource
from app.formats.fhir.elements import (
    MAX_ID_LENGTH,
    RESOURCE_BY_RECORD_TYPE,
    USE_TYPE_BY_CLAIM_KIND,
    get_claim_resource_type,
    to_fhir_id,
)
from app.http.context import RequestContext
from app.http.slug_resolution import names_by_slug
from app.queries.claims import ClaimFilters, count_claims, list_claims, list_long_claim_ids
from app.queries.documents import find_claim, list_documents
from app.text.nearest import find_nearest

CURSOR_PATTERN: Final = r"[a-z0-9-]{1,200}"


def _list_kinds(resource_type: str) -> tuple[str, ...]:
    return tuple(kind for kind in CLAIM_KINDS if get_claim_resource_type(kind) == resource_type)


def resolve_claim_id(ctx: RequestContext, fhir_id: str) -> str:
    """Resolve a FHIR id to a claim id: they are equal unless the claim id was too long for FHIR."""
    long_ids = ctx.cached(
        ("fhir claims",),
        lambda: {to_fhir_id(claim_id): claim_id for claim_id in list_long_claim_ids(ctx.connection, MAX_ID_LENGTH)},
    )
    return long_ids.get(fhir_id, fhir_id)


def read_claim(ctx: RequestContext, resource_type: str, fhir_id: str) -> Response:
    """Response with one claim. Raises NotFound with suggestions."""
    document = find_claim(ctx.connection, resolve_claim_id(ctx, fhir_id))
    if document is None:
        # Claim ids begin with the slug of their subject, so the ids that follow are of the same or a similar record.
        following = list_claims(ctx.connection, ClaimFilters(_list_kinds(resource_type)), after=fhir_id, limit=3)
        raise search.build_unknown_id_error(resource_type, fhir_id, (to_fhir_id(claim_id) for claim_id, _ in following))
    resource = build_claim_resource(orjson.loads(document), ctx.release.version)
    if resource["resourceType"] != resource_type:
        suggestion = f"{resource['resourceType']}/{resource['id']}"
        raise NotFound(f"Unknown {resource_type} {fhir_id[:200]!r}.", suggestions=(suggestion,))
    return search.resource_response(ctx, resource)


def _build_filters(ctx: RequestContext, resource_type: str, params: SearchParams) -> ClaimFilters | None:
    """Build the filters of a search for claims; None if nothing can match."""
    uses = parse_known_codes(params, "type", USE_TYPE_BY_CLAIM_KIND.values())
    requested = parse_known_codes(params, "claim-kind", CLAIM_KINDS)
    claim_kinds = tuple(
        kind
        for kind in _list_kinds(resource_type)
        if (uses is None or USE_TYPE_BY_CLAIM_KIND[kind] in uses) and (requested is None or kind in requested)
    )
    if "active" not in parse_statuses(params):
        return None
    matches = search.list_matching_names(resource_type, params, lambda fhir_id: resolve_claim_id(ctx, fhir_id))
    return ClaimFilters(
        claim_kinds,
        ids=search.intersect(matches),
        subjects=_parse_subjects(ctx, params),
        risks=parse_known_codes(params, "effect", names_by_slug(ctx, "risk")),
        conditions=parse_known_codes(params, "indication", names_by_slug(ctx, "condition")),
    )


def _parse_subjects(ctx: RequestContext, params: SearchParams) -> tuple[tuple[str, str], ...] | None:
    """Parse `subject` into record types and slugs, with their forms; None if it was not sent. Raises InvalidParameter."""
    if (tokens := parse_tokens(params, "subject")) is None:
        return None
    subjects = []
    for token in tokens:
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
    return _add_forms(ctx, subjects)


def _add_forms(ctx: RequestContext, subjects: list[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """Add the narrower procedures: a search by an umbrella must not come back without the harms of its forms."""
    slugs = [slug for record_type, slug in subjects if record_type == "procedure"]
    documents = map(orjson.loads, list_documents(ctx.connection, "procedure", slugs).values())
    forms = [("procedure", form["slug"]) for document in documents for form in document["forms"]["records"]]
    return tuple(dict.fromkeys([*subjects, *forms]))


def search_claims(ctx: RequestContext, resource_type: str, params: SearchParams) -> Response:
    """Response with one page of claims."""
    after = search.decode_page_cursor(ctx, resource_type, params, pattern=CURSOR_PATTERN)
    filters = _build_filters(ctx, resource_type, params)
    if filters is None:
        return search.bundle_response(ctx, resource_type, total=0)
    total = search.count_once(ctx, resource_type, lambda: count_claims(ctx.connection, filters))
    if params["_summary"] == "count":
        return search.bundle_response(ctx, resource_type, total=total)
    rows = list_claims(ctx.connection, filters, after=after or "", limit=params["_count"] + 1)
    claims: list[Json] = [orjson.loads(document) for _, document in rows[: params["_count"]]]
    return search.bundle_response(
        ctx,
        resource_type,
        total=total,
        matches=[build_claim_resource(claim, ctx.release.version) for claim in claims],
        included=_list_included(ctx, resource_type, claims, set(params["_include"])),
        next_position=rows[params["_count"] - 1][0] if len(rows) > params["_count"] else None,
    )


def _list_included(ctx: RequestContext, resource_type: str, claims: list[Json], include: set[str]) -> list[Json]:
    """List the subjects and sources of claims that `_include` requests."""
    subjects, sources = set(), set()
    if include & {f"{resource_type}:subject", "*"}:
        subjects = {(claim["subject"]["type"], claim["subject"]["slug"]) for claim in claims}
    if resource_type == "Evidence" and include & {"Evidence:derived-from", "*"}:
        sources = {("source", citation["source"]["slug"]) for claim in claims for citation in claim["citations"]}
    keys = [key for key in (*sorted(subjects), *sorted(sources)) if key[0] in RESOURCE_BY_RECORD_TYPE]
    return list_resources(ctx, list_record_documents(ctx, keys))
