"""Roll-up of the narrower records of an umbrella record: their harms, contraindications, warnings, positions and signs.

A reader opens the umbrella first. Nothing that its forms can do to people may wait on another page, so each safety block
has compact rows with the records that state them; every other block has a count.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from typing import Any

from app.domain import vocabulary
from app.domain.claim_kinds import CLAIM_KINDS_BY_RECORD_TYPE
from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE
from app.domain.values import (
    BleedingRiskValue,
    ContraindicationValue,
    RecommendationValue,
    SafetyWarningValue,
    WhenToCallValue,
)
from app.read_model.claims_json import link_placeholder
from app.read_model.graph import ContentGraph
from app.read_model.positions import POSITION_RANK
from app.read_model.risk_groups import build_risk_groups

# Record and claim of a form.
_FormClaim = tuple[str, Any]


def build_forms(graph: ContentGraph, record_type: str, slug: str) -> Json:
    """Build the roll-up of a record: known if it has narrower records, else not applicable."""
    forms = graph.find_descendants(record_type, slug)
    claims = [(form, claim) for form in forms for claim in graph.records[record_type, form].claims]
    procedures = forms if record_type == "procedure" else []
    return {
        "status": "known" if forms else "not_applicable",
        "count": len(forms),
        "records": [_build_form(graph, record_type, form) for form in forms],
        "risks": build_risk_groups(graph, slug, procedures),
        "contraindications": _build_contraindications(claims),
        "safety_warnings": _build_safety_warnings(claims),
        "bleeding_risks": _build_bleeding_risks(claims),
        "recommendations": _build_recommendations(claims),
        "when_to_call": _build_signs(claims),
        "statements": _count_statements(record_type, claims),
    }


def list_blocks_on_forms(graph: ContentGraph, record_type: str, slug: str) -> frozenset[str]:
    """List the blocks for which a narrower record has statements."""
    block_by_kind = {row.name: row.block for row in CLAIM_KINDS_BY_RECORD_TYPE[record_type]}
    return frozenset(
        block_by_kind[claim.kind]
        for form in graph.find_descendants(record_type, slug)
        for claim in graph.records[record_type, form].claims
    )


def _build_form(graph: ContentGraph, record_type: str, slug: str) -> Json:
    path = f"/{PATH_BY_RECORD_TYPE[record_type]}/{slug}"
    links = {"self": link_placeholder(f"/v1{path}"), "html": link_placeholder(path)}
    return {**graph.record_ref(record_type, slug), "links": links}


def _group(
    claims: list[_FormClaim], list_keys: Callable[[Any], Iterator[Hashable]]
) -> Iterator[tuple[Any, list[_FormClaim]]]:
    """Group claims by the keys of their values; a value without keys is in no group."""
    groups: dict[Hashable, list[_FormClaim]] = defaultdict(list)
    for form, claim in claims:
        for key in dict.fromkeys(list_keys(claim)):
            groups[key].append((form, claim))
    yield from groups.items()


def _name_claims(claims: list[_FormClaim]) -> Json:
    return {
        "subjects": list(dict.fromkeys(form for form, _ in claims)),
        "claims": [claim.id for _, claim in claims],
    }


def _build_contraindications(claims: list[_FormClaim]) -> list[Json]:
    """Build a row for each topic, with the strongest statement of a form."""

    def list_topics(claim: Any) -> Iterator[str]:  # noqa: ANN401 - a claim of any kind
        if isinstance(claim.value, ContraindicationValue):
            yield from claim.value.topics or ["other"]

    rows = [
        {
            "topic": topic,
            "strength": min(
                (claim.value.strength for _, claim in group), key=vocabulary.CONTRAINDICATION_STRENGTH_RANK.__getitem__
            ),
            "labels": list(dict.fromkeys(claim.value.label for _, claim in group)),
            **_name_claims(group),
        }
        for topic, group in _group(claims, list_topics)
    ]
    topics = list(vocabulary.CONTRAINDICATION_TOPICS)
    return sorted(
        rows, key=lambda row: (vocabulary.CONTRAINDICATION_STRENGTH_RANK[row["strength"]], topics.index(row["topic"]))
    )


def _build_safety_warnings(claims: list[_FormClaim]) -> list[Json]:
    def list_warnings(claim: Any) -> Iterator[tuple[str, str | None, bool, str]]:  # noqa: ANN401 - as above
        if isinstance(value := claim.value, SafetyWarningValue):
            yield value.body, value.date, value.boxed, value.label

    rows = [
        {"body": body, "date": date, "boxed": boxed, "label": label, **_name_claims(group)}
        for (body, date, boxed, label), group in _group(claims, list_warnings)
    ]
    return sorted(rows, key=lambda row: (not row["boxed"], row["body"], row["date"] or "", row["label"]))


def _build_bleeding_risks(claims: list[_FormClaim]) -> list[Json]:
    def list_classes(claim: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - as above
        if isinstance(value := claim.value, BleedingRiskValue):
            yield value.risk_class, value.scheme

    rows = [
        {"risk_class": risk_class, "scheme": scheme, **_name_claims(group)}
        for (risk_class, scheme), group in _group(claims, list_classes)
    ]
    classes = list(vocabulary.BLEEDING_RISK_CLASSES)
    return sorted(rows, key=lambda row: (-classes.index(row["risk_class"]), row["scheme"]))


def _build_recommendations(claims: list[_FormClaim]) -> list[Json]:
    def list_recommendations(claim: Any) -> Iterator[tuple[str, str, int | None, str | None]]:  # noqa: ANN401 - as above
        if isinstance(value := claim.value, RecommendationValue):
            yield value.position, value.body, value.year, value.scope

    rows = [
        {"position": position, "body": body, "year": year, "scope": scope, **_name_claims(group)}
        for (position, body, year, scope), group in _group(claims, list_recommendations)
    ]
    return sorted(rows, key=lambda row: (POSITION_RANK[row["position"]], -(row["year"] or 0), row["body"]))


def _build_signs(claims: list[_FormClaim]) -> list[Json]:
    def list_signs(claim: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - as above
        if isinstance(claim.value, WhenToCallValue):
            yield from ((claim.value.tier, sign) for sign in claim.value.signs)

    rows = [{"tier": tier, "sign": sign, **_name_claims(group)} for (tier, sign), group in _group(claims, list_signs)]
    return sorted(rows, key=lambda row: (vocabulary.CALL_TIER_RANK[row["tier"]], -len(row["subjects"]), row["sign"]))


def _count_statements(record_type: str, claims: list[_FormClaim]) -> list[Json]:
    """Count the statements of the forms in each block that has any, with the forms that have them."""
    rows = []
    for kind in CLAIM_KINDS_BY_RECORD_TYPE[record_type]:
        group = [(form, claim) for form, claim in claims if claim.kind == kind.name]
        if group:
            subjects = list(dict.fromkeys(form for form, _ in group))
            rows.append({"block": kind.block, "count": len(group), "subjects": subjects})
    return rows
