"""Claim resources over FHIR: ClinicalUseDefinition and Evidence."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import orjson
from fastapi import Response

from app.api.fhir import search
from app.api.fhir.params import SearchParams
from app.api.fhir.records import build_related
from app.domain.claim_kinds import CLAIM_KINDS
from app.domain.json import Json
from app.errors import NotFound
from app.formats.fhir.claims import build_claim_resource
from app.formats.fhir.elements import (
    MAX_ID_LENGTH,
    RESOURCE_BY_RECORD_TYPE,
    USE_TYPE_BY_CLAIM_KIND,
    canonical_url,
    get_claim_resource_type,
    get_record_resource_id,
    system_url,
    to_fhir_id,
)
from app.http.codes import get_content_code_map
from app.http.context import RequestContext
from app.queries.claims import find_claim, iter_claims, list_following_claims, list_long_claim_ids, list_parsed_claims
from app.queries.name_resolution import list_ancestors


def _list_kinds(resource_type: str) -> tuple[str, ...]:
    return tuple(kind for kind in CLAIM_KINDS if get_claim_resource_type(kind) == resource_type)


def resolve_claim_id(ctx: RequestContext, fhir_id: str) -> str:
    """Resolve a FHIR id to a claim id: they are equal unless the claim id was too long for FHIR."""
    long_ids = ctx.cached(
        ("fhir claims",),
        lambda: {to_fhir_id(claim_id): claim_id for claim_id in list_long_claim_ids(ctx.transaction, MAX_ID_LENGTH)},
    )
    return long_ids.get(fhir_id, fhir_id)


def read_claim(ctx: RequestContext, resource_type: str, fhir_id: str, params: SearchParams) -> Response:
    """Response with one claim. Raises NotFound with suggestions."""
    document = find_claim(ctx.transaction, resolve_claim_id(ctx, fhir_id))
    if document is None:
        # Claim ids begin with the slug of their subject, so the ids that follow are of the same or a similar record.
        following = list_following_claims(ctx.transaction, _list_kinds(resource_type), after=fhir_id, limit=3)
        raise search.build_unknown_id_error(resource_type, fhir_id, (to_fhir_id(claim_id) for claim_id, _ in following))
    (resource,) = list_claim_resources(ctx, [orjson.loads(document)])
    if resource["resourceType"] != resource_type:
        suggestion = f"{resource['resourceType']}/{resource['id']}"
        raise NotFound(f"Unknown {resource_type} {fhir_id[:200]!r}.", suggestions=(suggestion,))
    return search.resource_response(ctx, resource, params)


def list_claim_resources(ctx: RequestContext, claims: Sequence[Json]) -> list[Json]:
    """List the resources for claim documents of /v1."""
    list_codes = get_content_code_map(ctx).list_exact_codes
    return [build_claim_resource(claim, ctx.release.version, list_codes) for claim in claims]


def _load_claims(ctx: RequestContext, ids: Sequence[str]) -> list[Json]:
    documents = list_parsed_claims(ctx.transaction, ids)
    return [documents[claim_id] for claim_id in ids]


def _list_subject(claim: Json) -> Iterable[tuple[str, str]]:
    return [(claim["subject"]["type"], claim["subject"]["slug"])]


def _list_sources(claim: Json) -> Iterable[tuple[str, str]]:
    return [("source", citation["source"]["slug"]) for citation in claim["citations"]]


_RELATED: dict[str, dict[str, Callable[[Json], Iterable[tuple[str, str]]]]] = {
    "ClinicalUseDefinition": {"ClinicalUseDefinition:subject": _list_subject},
    "Evidence": {"Evidence:subject": _list_subject, "Evidence:derived-from": _list_sources},
}


def get_index(ctx: RequestContext, resource_type: str) -> search.ResourceIndex:
    """Index of the claims of a resource type, sorted by id."""
    return ctx.cached(
        ("fhir index", resource_type),
        lambda: search.ResourceIndex(
            _list_entries(ctx, resource_type),
            _load_claims,
            list_claim_resources,
            _RELATED[resource_type],
            build_related,
        ),
    )


def _list_entries(ctx: RequestContext, resource_type: str) -> list[search.IndexEntry]:
    # A search by an umbrella must not come back without the harms of its forms.
    broader: dict[str, list[str]] = defaultdict(list)
    for slug, ancestor in list_ancestors(ctx.transaction, "procedure"):
        broader[slug].append(ancestor)
    return [
        _build_entry(orjson.loads(document), resource_type, ctx.release.version, broader)
        for document in iter_claims(ctx.transaction, _list_kinds(resource_type))
    ]


def _build_entry(claim: Json, resource_type: str, version: str, broader: dict[str, list[str]]) -> search.IndexEntry:
    fhir_id, kind, subject, value = to_fhir_id(claim["id"]), claim["kind"], claim["subject"], claim["value"]
    subjects = [subject["slug"], *(broader.get(subject["slug"], ()) if subject["type"] == "procedure" else ())]
    values: dict[str, list[Any]] = {
        "_id": [("", fhir_id)],
        "identifier": [(canonical_url("identifier", "claim"), claim["id"])],
        "status": [(search.PUBLICATION_STATUS, "active")],
        "subject": ["/".join(get_record_resource_id(subject["type"], slug)) for slug in subjects]
        if subject["type"] in RESOURCE_BY_RECORD_TYPE
        else [],
    }
    if resource_type == "Evidence":
        values |= {
            "url": [(canonical_url(resource_type, fhir_id), version)],
            "claim-kind": [(system_url("claim-kinds"), kind)],
        }
        return search.IndexEntry(fhir_id, claim["id"], values)
    use = USE_TYPE_BY_CLAIM_KIND[kind]
    values["type"] = [("http://hl7.org/fhir/clinical-use-definition-type", use)]
    if use == "indication":
        values["indication"] = [(system_url("conditions"), value["condition"]["slug"])]
    elif use == "contraindication":
        values["contraindication"] = [(system_url("contraindication-topics"), topic) for topic in value["topics"]]
    else:
        values["effect"] = [(system_url("risks"), value["risk"]["slug"])]
    return search.IndexEntry(fhir_id, claim["id"], values)
