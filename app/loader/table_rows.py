"""Table rows of a release, generated while they are written."""

from collections.abc import Iterable, Iterator
from itertools import starmap
from typing import Any, Final

import orjson
from sqlmodel import SQLModel

from app import models
from app.db.packing import compute_list_id, dump_array, dump_bitmap
from app.db.read_engine import ReadTransaction
from app.domain.claim_kinds import KINDS_WITH_VOCABULARY
from app.domain.documents import CODE_MAP, DISAGREEMENTS, QUALITY, DocumentType
from app.domain.durations import find_days
from app.domain.record_types import RECORD_TYPES
from app.domain.values import FindingValue, ProcedureRiskValue, ResponseRateValue, StatementValue
from app.loader.content import CheckedContent
from app.queries.lists import build_first_page
from app.read_model.claims_json import RenderedClaim, render_claims, to_json
from app.read_model.codes import build_code_map, build_treatments
from app.read_model.emergencies import build_emergency_document
from app.read_model.frequency_bands import find_band
from app.read_model.graph import ContentGraph
from app.read_model.lists import ListBuilder, build_lists
from app.read_model.options import build_options_document
from app.read_model.quality import build_disagreements_document, render_quality_document
from app.read_model.record_documents import (
    build_guide_document,
    build_risk_document,
    build_source_document,
    build_source_summary,
    build_summary,
    build_summary_and_document,
    get_summary,
    list_names,
)
from app.read_model.releases import iter_release_documents
from app.read_model.when_to_call import build_when_to_call
from app.text.normalize import normalize

# Values by column, further keys are ignored; or for large tables a tuple of all columns in table order.
Row = dict[str, Any] | tuple[Any, ...]
TableRows = tuple[type[SQLModel], Iterable[Row]]
# Referenced tables first. Facts without a column in the table of their record type are tags.
_RECORD_TABLES: Final[dict[str, type[SQLModel]]] = {
    "source": models.Source,
    "procedure": models.Procedure,
    "condition": models.Condition,
    "pain_generator": models.PainGenerator,
    "risk": models.Risk,
    "guide_page": models.GuidePage,
    "emergency": models.Emergency,
}
# Tables of the values of one kind of claims; estimates of relief have rows of their own.
_VALUE_TABLES: Final[dict[str, type[SQLModel]]] = {
    "procedure_risk": models.ProcedureRisk,
    "response_rate": models.ResponseRate,
    "finding": models.Finding,
    "recommendation": models.Recommendation,
}


def iter_table_rows(content: CheckedContent, list_paths: list[str]) -> Iterator[TableRows]:
    """Yield the rows of every table, referenced tables first. Consume each part before the next; a table may have several.

    Appends the path of each list to `list_paths`.
    """
    graph = content.graph
    yield from _iter_record_tables(graph)
    # The largest document by far, written while few others are in memory.
    yield models.Document, [(*QUALITY, "Quality", to_json({}), render_quality_document(graph))]
    yield from _iter_claims_and_documents(graph)
    yield from _iter_claim_tables(graph)
    for builder in build_lists(graph, content.releases, content.unreleased_changes):
        list_paths.append(builder.path)
        yield from _iter_list_tables(builder)
    yield models.Document, starmap(_build_document_row, _iter_derived_documents(content))


def _iter_record_tables(graph: ContentGraph) -> Iterator[TableRows]:
    for record_type, table in _RECORD_TABLES.items():
        records = getattr(graph.bundle, RECORD_TYPES[record_type].folder)
        yield table, (_build_record_row(graph, record_type, record) for record in records)
    yield models.EmergencySign, _iter_emergency_sign_rows(graph)
    yield models.CallSign, _iter_call_sign_rows(graph)
    yield models.Name, _iter_name_rows(graph)
    yield models.SearchPhrase, _iter_phrase_rows(graph)
    yield models.FormerSlug, _iter_former_slug_rows(graph)
    yield models.Withdrawn, _iter_withdrawn_rows(graph)
    yield models.Review, _iter_review_rows(graph)
    yield models.Tag, _iter_tag_rows(graph)
    yield (
        models.Ancestor,
        (
            {"type": record_type, "slug": slug, "ancestor": ancestor, "depth": depth}
            for record_type, depths_by_slug in graph.ancestors.items()
            for slug, depths in depths_by_slug.items()
            for ancestor, depth in depths.items()
        ),
    )


def _iter_claim_tables(graph: ContentGraph) -> Iterator[TableRows]:
    bundle = graph.bundle
    yield (
        models.Citation,
        (
            (claim.id, position, citation.source, citation.locator, citation.note)
            for _, _, claim in bundle.claims()
            for position, citation in enumerate(claim.citations)
        ),
    )
    for model, relations, column in (
        (models.Target, graph.targets, "pain_generator"),
        (models.Indication, graph.indications, "condition"),
    ):
        yield (
            model,
            (
                {
                    "claim_id": claim,
                    "procedure": relation.procedure,
                    column: relation.linked_slug,
                    "role": relation.role,
                    "rank": rank,
                }
                for relation in relations
                for rank, claim in enumerate(relation.claim_ids)
            ),
        )
    yield models.ReliefDuration, _iter_relief_rows(graph)
    for claim_kind, table in _VALUE_TABLES.items():
        yield table, _iter_value_rows(graph, claim_kind)
    yield (
        models.ConditionGenerator,
        (
            {"claim_id": claim, "condition": condition, "pain_generator": generator}
            for condition, generator, claim in dict.fromkeys(graph.condition_generators)
        ),
    )
    yield (
        models.ConditionCause,
        (
            {"claim_id": claim, "condition": condition, "effect": effect}
            for effect, causes in graph.causes_by_condition.items()
            for condition, claim in causes
        ),
    )
    yield (
        models.ProcedureRelation,
        (
            {"procedure": r.slug, "type": relation.type, "other": relation.procedure, "reason": relation.reason}
            for r in bundle.procedures
            for relation in r.related
        ),
    )


def _iter_list_tables(builder: ListBuilder) -> Iterator[TableRows]:
    list_id = compute_list_id(builder.path)
    yield (
        models.ListRow,
        (
            (list_id, position, *(row.record or (None, None)), row.claim_id, row.extra_json)
            for position, row in builder.iter_rows()
        ),
    )
    if builder.procedure_positions:
        yield models.LinkedProcedurePositions, [(list_id, dump_array(builder.procedure_positions))]
    # In primary key order: both engines append rows instead of seeking a page for each.
    yield (
        models.ListFacet,
        ((list_id, facet, value, dump_bitmap(positions)) for facet, value, positions in builder.iter_facets()),
    )
    yield (
        models.ListSort,
        (
            (list_id, sort, dump_array(positions), dump_array(values))
            for sort, positions, values in builder.iter_sort_orders()
        ),
    )


def _build_record_row(graph: ContentGraph, record_type: str, record: Any) -> dict[str, Any]:  # noqa: ANN401 - any record class
    return {
        **vars(record),
        "summary": get_summary(record),
        "sort_name": normalize(graph.names[record_type, record.slug]),
        "last_changed_in": graph.last_changed_version(record_type, record.slug),
    }


def _iter_names(graph: ContentGraph) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Yield type, slug and names of each record, each name with its kind."""
    for record_type, record in graph.bundle.records():
        yield record_type, record.slug, list_names(record)
    for risk in graph.bundle.risks:
        yield "risk", risk.slug, [("lay_name", risk.lay_name), *list_names(risk)]
    for page in graph.bundle.guide:
        yield "guide_page", page.slug, [("preferred", page.title), *(("synonym", name) for name in page.names)]
    for emergency in graph.bundle.emergencies:
        yield "emergency", emergency.slug, [("preferred", emergency.name), ("lay_name", emergency.lay_name)]


def _iter_name_rows(graph: ContentGraph) -> Iterator[dict[str, Any]]:
    for record_type, slug, names in _iter_names(graph):
        for name_kind, text in dict.fromkeys(names):
            yield {"type": record_type, "slug": slug, "kind": name_kind, "text": text, "normalized": normalize(text)}


def _iter_emergency_sign_rows(graph: ContentGraph) -> Iterator[dict[str, Any]]:
    for emergency in graph.bundle.emergencies:
        for position, sign in enumerate(emergency.signs):
            yield {
                "emergency": emergency.slug,
                "position": position,
                "text": sign.text,
                "tier": sign.tier or emergency.tier,
                "claims": orjson.dumps(sign.claims).decode(),
            }


def _iter_call_sign_rows(graph: ContentGraph) -> Iterator[dict[str, Any]]:
    for record_type, record in graph.bundle.records():
        for position, row in enumerate(build_when_to_call(graph, record_type, record)["items"]):
            emergencies = [emergency["slug"] for emergency in row["emergencies"]]
            yield {
                "type": record_type,
                "slug": record.slug,
                "position": position,
                **{column: row[column] for column in ("sign", "tier", "origin")},
                "emergencies": orjson.dumps(emergencies).decode(),
                "claims": orjson.dumps(row["claims"]).decode(),
            }


def _iter_phrase_rows(graph: ContentGraph) -> Iterator[dict[str, Any]]:
    for record_type, record in (*graph.bundle.records(), *(("risk", risk) for risk in graph.bundle.risks)):
        phrases = dict.fromkeys(record.patient_phrases)
        yield from ({"type": record_type, "slug": record.slug, "text": phrase} for phrase in phrases)


def _iter_former_slug_rows(graph: ContentGraph) -> Iterator[dict[str, Any]]:
    for record_type, record in graph.bundle.records():
        yield from ({"type": record_type, "old_slug": old, "slug": record.slug} for old in record.former_slugs)
    for risk in graph.bundle.risks:
        yield from ({"type": "risk", "old_slug": old, "slug": risk.slug} for old in risk.former_slugs)
    for emergency in graph.bundle.emergencies:
        yield from ({"type": "emergency", "old_slug": old, "slug": emergency.slug} for old in emergency.former_slugs)


def _iter_withdrawn_rows(graph: ContentGraph) -> Iterator[dict[str, Any]]:
    moved = {(row["type"], row["old_slug"]) for row in _iter_former_slug_rows(graph)}
    taken = graph.names.keys() | {(record.type, record.slug) for record in graph.bundle.withdrawn}
    for record in graph.bundle.withdrawn:
        removed = graph.removed_records.get((record.type, record.slug))
        # Its former slugs are withdrawn too, unless they now lead to another record.
        former = {(record.type, old) for old in removed.former_slugs} - moved - taken if removed else set()
        taken = taken | former
        columns = {"reason": record.reason, "replaced_by": orjson.dumps(record.replaced_by).decode()}
        for record_type, slug in [(record.type, record.slug), *sorted(former)]:
            yield {"type": record_type, "slug": slug, **columns}


def _iter_review_rows(graph: ContentGraph) -> Iterator[dict[str, Any]]:
    for (record_type, slug), state in graph.reviews.items():
        review = state.review
        yield {
            "type": record_type,
            "slug": slug,
            "reviewed_by": review.reviewer,
            "credentials": review.credentials,
            "reviewed_on": review.reviewed_on,
            "lapsed": state.lapsed,
        }


def _iter_tag_rows(graph: ContentGraph) -> Iterator[dict[str, Any]]:
    for record_type, record in graph.bundle.records():
        tags = {("body_region", value) for value in record.body_regions}
        for fact in RECORD_TYPES[record_type].facts:
            value = getattr(record, fact)
            if isinstance(value, list):
                tags |= {(fact.removesuffix("s"), member) for member in value}
            elif value is not None and fact not in _RECORD_TABLES[record_type].model_fields:
                tags.add((fact, value if isinstance(value, str) else to_json(value).decode()))
        for claim in record.claims:
            if isinstance(claim.value, StatementValue) and claim.kind in KINDS_WITH_VOCABULARY:
                tags |= {(claim.kind, value) for value in claim.value.values}
        yield from (
            {"type": record_type, "slug": record.slug, "kind": tag, "value": value} for tag, value in sorted(tags)
        )


def _iter_claim_rows(
    graph: ContentGraph, record_type: str, slug: str, claims: Iterable[RenderedClaim]
) -> Iterator[Row]:
    for position, rendered in enumerate(claims):
        claim = rendered.claim
        yield (
            claim.id,
            claim.kind,
            record_type,
            slug,
            position,
            claim.statement,
            rendered.value_json,
            rendered.qualifiers_json,
            graph.claims[claim.id].commercial,
            claim.certainty and claim.certainty.rating,
            claim.certainty and claim.certainty.stated_by,
            claim.certainty and claim.certainty.outcome,
            claim.support,
            claim.reason,
            rendered.document,
        )


def _iter_value_rows(graph: ContentGraph, claim_kind: str) -> Iterator[dict[str, Any]]:
    """Yield the values of a kind of claims, each with its subject and what is computed from the value."""
    for record_type, slug, claim, _ in graph.claims_by_kind[claim_kind]:
        subject = {"procedure": slug, "subject_type": record_type, "subject_slug": slug}
        row = {**vars(claim.value), "claim_id": claim.id, **subject}
        if isinstance(claim.value, ProcedureRiskValue):
            band = find_band(claim.value)
            row["band"] = band and band.name
        elif isinstance(claim.value, ResponseRateValue | FindingValue):
            row["at_days"] = find_days(claim.value.at)
        yield row


def _iter_relief_rows(graph: ContentGraph) -> Iterator[dict[str, Any]]:
    for _, slug, claim, _ in graph.claims_by_kind["relief_duration"]:
        value = claim.value
        typical = graph.typical_estimates.get((slug, value.intent))
        is_typical = typical is not None and typical.claim.id == claim.id
        yield {
            "claim_id": claim.id,
            "procedure": slug,
            "intent": value.intent,
            "measure": value.measure,
            "statistic": value.statistic,
            "min": value.min,
            "max": value.max,
            "min_days": find_days(value.min),
            "max_days": find_days(value.max),
            "magnitude": value.magnitude,
            "text": value.text,
            "label": value.label,
            "source_min": value.source_value and value.source_value.min,
            "source_max": value.source_value and value.source_value.max,
            "source_unit": value.source_value and value.source_value.unit,
            "ongoing": value.ongoing,
            "typical": is_typical,
            "selection_reason": typical.reason if typical and is_typical else None,
        }


def _iter_claims_and_documents(graph: ContentGraph) -> Iterator[TableRows]:
    """Yield claims and documents record by record: each claim is serialized once, for its row and for the document."""
    for record_type, record in graph.bundle.records():
        claims = render_claims(graph, record_type, record.slug, record.claims)
        yield models.Claim, _iter_claim_rows(graph, record_type, record.slug, claims)
        summary, document = build_summary_and_document(graph, record_type, record, claims)
        yield models.Document, [_build_document_row(record_type, record.slug, record.name, summary, document)]
    for page in graph.bundle.guide:
        claims = render_claims(graph, "guide_page", page.slug, page.claims)
        yield models.Claim, _iter_claim_rows(graph, "guide_page", page.slug, claims)
        summary, document = build_summary(graph, "guide_page", page), build_guide_document(graph, page)
        yield models.Document, [_build_document_row("guide_page", page.slug, page.title, summary, document)]
    for emergency in graph.bundle.emergencies:
        claims = render_claims(graph, "emergency", emergency.slug, emergency.claims)
        yield models.Claim, _iter_claim_rows(graph, "emergency", emergency.slug, claims)
        summary, document = build_summary(graph, "emergency", emergency), build_emergency_document(graph, emergency)
        yield models.Document, [_build_document_row("emergency", emergency.slug, emergency.name, summary, document)]


def _build_document_row(record_type: str, slug: str, name: str, summary: object, body: object) -> Row:
    return record_type, slug, name, to_json(summary), to_json(body)


def iter_first_pages(transaction: ReadTransaction, list_paths: Iterable[str]) -> Iterator[Row]:
    """Yield the first page of every list as a document, built by the query that answers a request for it.

    Most callers request no other page, and in a large release its rows are far apart on disk.
    """
    for path in list_paths:
        page = build_first_page(transaction, path)
        counts = to_json({"total": page.total, "last": page.last_offset})
        yield DocumentType.FIRST_PAGE, path, path, counts, page.items


def _iter_derived_documents(content: CheckedContent) -> Iterator[tuple[str, str, str, object, object]]:
    graph, bundle = content.graph, content.bundle
    # The largest documents first, while little else is in memory.
    for risk in bundle.risks:
        yield "risk", risk.slug, risk.name, build_summary(graph, "risk", risk), build_risk_document(graph, risk)
    for condition in bundle.conditions:
        yield DocumentType.OPTIONS, condition.slug, condition.name, {}, build_options_document(graph, condition)
    for source in bundle.sources:
        summary = build_source_summary(graph, source)
        yield "source", source.slug, source.title, summary, build_source_document(graph, source)
    for condition in bundle.conditions:
        treatments = build_treatments(graph, condition.slug)
        yield DocumentType.TREATMENTS, condition.slug, condition.name, {}, treatments
    yield *CODE_MAP, "Codes", {}, build_code_map(graph)
    yield *DISAGREEMENTS, "Disagreements", {}, build_disagreements_document(graph)
    yield from iter_release_documents(
        graph, content.releases, content.unreleased_changes, content.build_release_facts()
    )
