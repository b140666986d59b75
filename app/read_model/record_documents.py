"""Whole documents: what /v1/{family}/{slug} shows, and the summary that lists show."""

from collections.abc import Iterable, Sequence
from typing import Any

from app.domain import vocabulary
from app.domain.json import Json
from app.read_model.claims_json import (
    ClaimText,
    blocks_of,
    claim_shape,
    fixed,
    known,
    licence_of,
    link,
    links_of,
    notice_of,
    review_of,
    source_ref,
    sources_behind,
    text_shape,
    texts_of,
)
from app.read_model.conflicts import conflicts_of
from app.read_model.graph import Edge, Index
from app.seed import schema as seed

PROCEDURE_TEXTS = ("summary", "clinical", "what_happens", "preparation", "afterwards", "when_to_call")
CONDITION_TEXTS = ("summary", "clinical", "when_to_call")
GENERATOR_TEXTS = ("summary", "clinical")


def typical_relief(index: Index, slug: str) -> Json:
    """How long relief typically lasts, for each intent that has a typical estimate."""
    items = []
    for intent in vocabulary.INTENTS:
        if typical := index.typical.get((slug, intent)):
            value = typical.claim.value
            items.append(
                {
                    "intent": intent,
                    "statistic": value.statistic,
                    "min": value.min,
                    "max": value.max,
                    "magnitude": value.magnitude,
                    "label": value.label,
                    "ongoing": value.ongoing,
                    "claim": typical.claim.id,
                    "chosen_because": typical.because,
                    "commercial": all(index.sources[cited.source].commercial for cited in typical.claim.citations),
                }
            )
    return known(items)


def _summary(index: Index, kind: str, record: Any) -> Json:  # noqa: ANN401 - one of three record classes
    text = record.texts.get("summary")
    shown: Json = {
        "slug": record.slug,
        "name": record.name,
        "type": kind,
        "summary": text.text if text else None,
    }
    if kind == "procedure":
        shown |= {"family": record.family, "intents": record.intents, "implant": record.implant}
    elif kind == "condition":
        shown |= {"stub": record.stub}
    else:
        shown |= {"kind": record.kind}
    shown["body_regions"] = record.body_regions
    if kind == "procedure":
        shown["typical_relief"] = typical_relief(index, record.slug)
    shown["review"] = review_of(index, record.review)
    shown["updated_in"] = index.updated(kind, record.slug)
    shown["links"] = links_of(kind, record.slug)
    return shown


def risk_summary(index: Index, risk: seed.Risk) -> Json:
    """A risk of the catalogue in a list."""
    return {
        "slug": risk.slug,
        "name": risk.name,
        "type": "risk",
        "summary": risk.description,
        "lay_name": risk.lay_name,
        "category": risk.category,
        "review": review_of(index),
        "updated_in": index.updated("risk", risk.slug),
        "links": links_of("risk", risk.slug),
    }


def source_summary(index: Index, source: seed.Source) -> Json:
    """A source in a list."""
    return {
        **{key: value for key, value in source_ref(index, source.slug).items() if key != "type"},
        "type": "source",
        "summary": source.publisher,
        "publisher": source.publisher,
        "status": source.status,
        "url": source.url,
        "doi": source.doi,
        "note": source.note,
        "claims": len(index.cited_by.get(source.slug, ())),
        "updated_in": index.updated("source", source.slug),
        "links": links_of("source", source.slug),
    }


def _hierarchy(index: Index, kind: str, record: seed.Record) -> Json:
    return {
        "broader": known([index.ref(kind, slug) for slug in record.broader]),
        "narrower": known([index.ref(kind, slug) for slug in index.narrower[kind].get(record.slug, ())]),
    }


def _names(record: seed.Record | seed.Risk) -> list[Json]:
    names = [{"text": record.name, "kind": "preferred"}]
    for name in record.names:
        names.append({"text": name, "kind": "synonym"} if isinstance(name, str) else name.model_dump())
    names += [{"text": phrase, "kind": "patient_phrase"} for phrase in record.patient_phrases]
    return names


def _tail(index: Index, kind: str, record: seed.Record) -> Json:
    return {
        "sources": sources_behind(index, record.claims),
        "licence": licence_of(index),
        "provenance": {
            "authors": index.about.authors,
            "funding": index.about.funding,
            "update_policy": index.about.update_policy,
            "version": index.version,
            "updated_in": index.updated(kind, record.slug),
        },
        "notice": notice_of(index),
    }


def summary_and_document(
    index: Index,
    kind: str,
    record: seed.Procedure | seed.Condition | seed.PainGenerator,
    claims: Sequence[ClaimText],
) -> tuple[Json, Json]:
    """A record in a list and in full; `claims` are its own, as `claim_texts` gives them."""
    summary = _summary(index, kind, record)
    match record:
        case seed.Procedure():
            return summary, _procedure_document(index, record, summary, claims)
        case seed.Condition():
            return summary, _condition_document(index, record, summary, claims)
        case seed.PainGenerator():
            return summary, _generator_document(index, record, summary, claims)


def _procedure_document(index: Index, record: seed.Procedure, summary: Json, claims: Sequence[ClaimText]) -> Json:
    related = [
        {
            "type": relation.type,
            "procedure": index.ref("procedure", relation.procedure),
            "claims": relation.claims,
            "reason": relation.reason,
        }
        for relation in sorted(record.related, key=lambda one: (one.type, one.procedure))
    ]
    return {
        **summary,
        "names": _names(record),
        "texts": texts_of(record, PROCEDURE_TEXTS),
        **blocks_of("procedure", record, claims),
        "related": {"procedures": known(related), **_hierarchy(index, "procedure", record)},
        "conflicts": known(conflicts_of(record.claims)),
        "journey": fixed(index, "journey", lambda: _journey(index)),
        **_tail(index, "procedure", record),
    }


def _journey(index: Index) -> Json:
    return {
        "type": "guide_page",
        "slug": "journey",
        "name": index.names.get(("guide_page", "journey"), "Care journey"),
        "links": {"self": link("/v1/guide/journey")},
    }


def _condition_document(index: Index, record: seed.Condition, summary: Json, claims: Sequence[ClaimText]) -> Json:
    return {
        **summary,
        "names": _names(record),
        "texts": texts_of(record, CONDITION_TEXTS),
        **blocks_of("condition", record, claims),
        "pain_generators": known(generators_of(index, record.slug)),
        "caused_by": known(_joined(index, "condition", index.causes.get(record.slug, ()))),
        "procedures": known([_edge_row(index, edge) for edge in index.by_condition.get(record.slug, ())]),
        "related": _hierarchy(index, "condition", record),
        **_tail(index, "condition", record),
    }


def _generator_document(index: Index, record: seed.PainGenerator, summary: Json, claims: Sequence[ClaimText]) -> Json:
    return {
        **summary,
        "names": _names(record),
        "texts": texts_of(record, GENERATOR_TEXTS),
        **blocks_of("pain_generator", record, claims),
        "conditions": known(conditions_of(index, record.slug)),
        "procedures": known([_edge_row(index, edge) for edge in index.by_generator.get(record.slug, ())]),
        "related": _hierarchy(index, "pain_generator", record),
        **_tail(index, "pain_generator", record),
    }


def _edge_row(index: Index, edge: Edge) -> Json:
    return {
        "procedure": index.ref("procedure", edge.procedure),
        "role": edge.role,
        "grade": edge.grade,
        "claim": edge.claim.id,
        "claims": list(edge.claims),
    }


def generators_of(index: Index, condition: str) -> list[Json]:
    """Pain generators that a condition arises from, each with the claims that say so."""
    return _joined(index, "pain_generator", index.generators.get(condition, ()))


def conditions_of(index: Index, generator: str) -> list[Json]:
    """Conditions that arise from a pain generator, each with the claims that say so."""
    return _joined(index, "condition", index.conditions.get(generator, ()))


def _joined(index: Index, kind: str, pairs: Iterable[tuple[str, str]]) -> list[Json]:
    claims: dict[str, list[str]] = {}
    for slug, claim in pairs:
        claims.setdefault(slug, []).append(claim)
    return [
        {"record": index.ref(kind, slug), "grade": _best_grade(index, claims[slug]), "claims": sorted(claims[slug])}
        for slug in sorted(claims, key=lambda one: index.sort_key(kind, one))
    ]


def _best_grade(index: Index, claims: list[str]) -> str:
    order = list(vocabulary.GRADES)
    return min((index.claims[claim].grade for claim in claims), key=order.index)


def risk_document(index: Index, risk: seed.Risk) -> Json:
    """A risk with every figure that the sources give for it."""
    observed = [claim_shape(index, kind, slug, claim) for kind, slug, claim, _ in index.risk_claims.get(risk.slug, ())]
    return {
        **risk_summary(index, risk),
        "names": _names(risk),
        "observations": known(observed),
        "licence": licence_of(index),
        "notice": notice_of(index),
    }


def source_document(index: Index, source: seed.Source) -> Json:
    """A source and what rests on it."""
    resting = []
    for claim_id in index.cited_by.get(source.slug, ()):
        kind, slug, claim, _ = index.claims[claim_id]
        resting.append(
            {
                "id": claim_id,
                "kind": claim.kind,
                "statement": claim.statement,
                "subject": index.ref(kind, slug),
                "links": {"self": link(f"/v1/claims/{claim_id}")},
            }
        )
    return {**source_summary(index, source), "rests_on_it": known(resting)}


def guide_summary(index: Index, page: seed.GuidePage) -> Json:
    """A page of the guide in the list of pages."""
    return {
        "slug": page.slug,
        "name": page.title,
        "type": "guide_page",
        "summary": page.summary.text,
        "review": review_of(index),
        "updated_in": index.updated("guide_page", page.slug),
        "links": links_of("guide_page", page.slug),
    }


def guide_document(index: Index, page: seed.GuidePage) -> Json:
    """A page of the guide: headings, texts, and the claims they rest on."""
    named = {claim: index.claims[claim] for item in page.items for claim in item.claims}
    named |= {claim: index.claims[claim] for claim in page.summary.claims}
    named |= {claim.id: index.claims[claim.id] for claim in page.claims}
    return {
        **guide_summary(index, page),
        "intro": text_shape(page.summary),
        "items": [
            {"heading": item.heading, "text": item.text, "lang": "en", "claims": item.claims} for item in page.items
        ],
        "claims": [claim_shape(index, kind, slug, claim) for _, (kind, slug, claim, _) in sorted(named.items())],
        "sources": sources_behind(index, [one.claim for one in named.values()]),
        "licence": licence_of(index),
        "notice": notice_of(index),
    }
