"""Emergencies of the catalog: their documents, and the notices that a search shows."""

from app.domain import vocabulary
from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE
from app.read_model.claims_json import (
    build_block,
    build_claim,
    build_license,
    build_notice,
    build_source_ref,
    build_sources,
    link_placeholder,
)
from app.read_model.graph import ContentGraph
from app.read_model.record_documents import build_summary, get_action
from app.seed import schema as seed


def build_emergency_document(graph: ContentGraph, emergency: seed.EmergencyIn) -> Json:
    """Build the document of an emergency: its signs with the claims that support them, and the claims."""

    def build_claims(claim_kind: str) -> Json:
        claims = sorted((claim for claim in emergency.claims if claim.kind == claim_kind), key=lambda claim: claim.id)
        return build_block([build_claim(graph, "emergency", emergency.slug, claim) for claim in claims])

    cited = [*emergency.claims, *(graph.claims[claim].claim for sign in emergency.signs for claim in sign.claims)]
    return {
        **build_summary(graph, "emergency", emergency),
        "names": [
            {"text": emergency.name, "kind": "preferred"},
            {"text": emergency.lay_name, "kind": "lay_name"},
        ],
        "signs": _build_signs(emergency),
        "risks": build_block([graph.record_ref("risk", slug) for slug in emergency.risks]),
        "red_flags": build_claims("red_flag"),
        "prevalences": build_claims("prevalence"),
        "sources": build_sources(graph, cited),
        "license": build_license(graph),
        "notice": build_notice(graph),
    }


def _build_signs(emergency: seed.EmergencyIn) -> list[Json]:
    return [
        {"text": sign.text, "lang": "en", "tier": sign.tier or emergency.tier, "claims": sign.claims}
        for sign in emergency.signs
    ]


def build_notices_document(graph: ContentGraph) -> Json:
    """Build what a search needs: the phrases that describe each emergency, and the notice to show for it."""
    return {
        "words": graph.editorial.emergency_words,
        "emergencies": [
            {
                "slug": emergency.slug,
                "phrases": emergency.phrases,
                "actions": {tier: _get_action_at(emergency, tier) for tier in emergency.phrases},
                "notice": _build_notice(graph, emergency),
            }
            for emergency in graph.bundle.emergencies
        ],
    }


def _get_action_at(emergency: seed.EmergencyIn, tier: str) -> str:
    return get_action(emergency) if tier == emergency.tier else vocabulary.CALL_ACTIONS[tier]


def _build_notice(graph: ContentGraph, emergency: seed.EmergencyIn) -> Json:
    claims = [claim for claim in emergency.claims if claim.kind == "red_flag"]
    sources = {citation.source: None for claim in claims for citation in claim.citations}
    path = f"/{PATH_BY_RECORD_TYPE['emergency']}/{emergency.slug}"
    return {
        "emergency": emergency.slug,
        "name": emergency.name,
        "lay_name": emergency.lay_name,
        "summary": emergency.short_sign,
        "signs": _build_signs(emergency),
        "claims": [claim.id for claim in claims],
        "sources": [build_source_ref(graph, slug) for slug in sources],
        "links": {"self": link_placeholder(f"/v1{path}"), "html": link_placeholder(path)},
    }
