"""What a release puts into each table: rows, made while they are written."""

from collections.abc import Iterable, Iterator
from itertools import starmap
from typing import Any

import orjson
from sqlmodel import SQLModel

from app import models
from app.db.packing import list_number, pack_row, pack_set
from app.domain.durations import days_of
from app.loader.content import State
from app.read_model import grading
from app.read_model import record_documents as details
from app.read_model.claims_json import ClaimText, claim_texts, dump
from app.read_model.graph import Index
from app.read_model.lists import ListOfRows, lists_of
from app.read_model.options import options_document
from app.read_model.quality import disagreements_document, quality_json
from app.read_model.releases import release_documents
from app.seed import schema as seed
from app.text.normalize import fold

# By column; or (where there are many) the bare values of all columns in the order of the table.
Row = dict[str, Any] | tuple[Any, ...]
Part = tuple[type[SQLModel], Iterable[Row]]


def tables_of(state: State, lists: list[str]) -> Iterator[Part]:
    """Rows for every table, what others refer to first. A table may come in many parts; each is read once, in turn.

    The path of every list is put into `lists` when its rows come. `other_documents` are not among them.
    """
    index = state.index
    yield from _records(index)
    # The largest document by far comes while the fewest others are held.
    yield models.Document, [("quality", "quality", "Quality", dump({}), quality_json(index))]
    yield from _claims_and_documents(index)
    yield from _edges(index)
    for found in lists_of(index, state.releases, state.pending):
        lists.append(found.path)
        yield from _list(found)


def _records(index: Index) -> Iterator[Part]:
    content = index.content
    yield models.Source, (_source(source) for source in content.sources)
    yield (
        models.Procedure,
        (_record(index, "procedure", r, family=r.family, implant=r.implant) for r in content.procedures),
    )
    yield models.Condition, (_record(index, "condition", r, stub=r.stub) for r in content.conditions)
    yield models.PainGenerator, (_record(index, "pain_generator", r, kind=r.kind) for r in content.pain_generators)
    yield models.Risk, (_risk(index, risk) for risk in content.risks)
    yield models.GuidePage, ({"slug": p.slug, "title": p.title, "summary": p.summary.text} for p in content.guide)
    yield models.Name, _names(index)
    yield models.FormerSlug, _former(index)
    yield models.Withdrawn, _withdrawn(index)
    yield models.Tag, _tags(index)
    yield (
        models.Broader,
        (
            {"type": kind, "slug": slug, "ancestor": above, "depth": depth}
            for kind, found in index.ancestors.items()
            for slug, depths in found.items()
            for above, depth in depths.items()
        ),
    )


def _edges(index: Index) -> Iterator[Part]:
    content = index.content
    yield (
        models.Citation,
        (
            (claim.id, n, cited.source, cited.locator, cited.note)
            for _, _, claim in content.claims()
            for n, cited in enumerate(claim.citations)
        ),
    )
    for model, edges, column in (
        (models.Target, index.targets, "pain_generator"),
        (models.Indication, index.indications, "condition"),
    ):
        yield (
            model,
            (
                {"claim_id": claim, "procedure": edge.procedure, column: edge.other, "role": edge.role, "rank": rank}
                for edge in edges
                for rank, claim in enumerate(edge.claims)
            ),
        )
    yield models.ProcedureRisk, _risks(index)
    yield models.ReliefDuration, _relief(index)
    yield models.ResponseRate, _rates(index)
    yield models.Finding, _findings(index)
    yield models.Recommendation, _recommendations(index)
    yield (
        models.Origin,
        (
            {"claim_id": claim, "condition": condition, "pain_generator": generator}
            for condition, generator, claim in dict.fromkeys(index.origins)
        ),
    )
    yield models.Cause, _causes(index)
    yield (
        models.ProcedureRelation,
        (
            {"procedure": r.slug, "type": one.type, "other": one.procedure, "reason": one.reason}
            for r in content.procedures
            for one in r.related
        ),
    )


def _list(found: ListOfRows) -> Iterator[Part]:
    number = list_number(found.path)
    yield (
        models.Listing,
        (
            (number, place, row.record and row.record[0], row.record and row.record[1], row.claim, row.extra)
            for place, row in found.read()
        ),
    )
    if found.homes:
        yield models.ListingHome, [(number, pack_row(found.homes))]
    # In the order of the primary key: both engines append, and do not look for each row's page.
    yield models.ListingFacet, ((number, facet, value, pack_set(places)) for facet, value, places in found.facets())
    yield (
        models.ListingOrder,
        ((number, sort, pack_row(places), pack_row(values)) for sort, places, values in found.other_orders()),
    )


def _record(index: Index, type_: str, record: seed.Record, **own: object) -> dict[str, Any]:
    text_ = record.texts.get("summary")
    return {
        "slug": record.slug,
        "name": record.name,
        "sort_name": fold(record.name),
        "summary": text_.text if text_ else None,
        "updated_in": index.updated(type_, record.slug),
        **own,
    }


def _source(source: seed.Source) -> dict[str, Any]:
    return {**source.model_dump(), "sort_name": fold(source.title)}


def _risk(index: Index, risk: seed.Risk) -> dict[str, Any]:
    shown = {"slug": risk.slug, "name": risk.name, "sort_name": fold(risk.name), "lay_name": risk.lay_name}
    return shown | {
        "category": risk.category,
        "description": risk.description,
        "updated_in": index.updated("risk", risk.slug),
    }


def _names(index: Index) -> Iterator[dict[str, Any]]:
    def row(kind: str, slug: str, name_kind: str, name: str) -> dict[str, Any]:
        return {"type": kind, "slug": slug, "kind": name_kind, "text": name, "folded": fold(name)}

    for kind, record in index.content.records():
        names = [("preferred", record.name), *((name.kind, name.text) for name in record.names)]
        names += [("patient_phrase", phrase) for phrase in record.patient_phrases]
        yield from (row(kind, record.slug, *name) for name in dict.fromkeys(names))
    for risk in index.content.risks:
        names = [("preferred", risk.name), ("lay_name", risk.lay_name), *(("synonym", name) for name in risk.names)]
        names += [("patient_phrase", phrase) for phrase in risk.patient_phrases]
        yield from (row("risk", risk.slug, *name) for name in dict.fromkeys(names))
    for page in index.content.guide:
        names = [("preferred", page.title), *(("synonym", name) for name in page.names)]
        yield from (row("guide_page", page.slug, *name) for name in dict.fromkeys(names))


def _former(index: Index) -> Iterator[dict[str, Any]]:
    for kind, record in index.content.records():
        yield from ({"type": kind, "former": old, "slug": record.slug} for old in record.former_slugs)
    for risk in index.content.risks:
        yield from ({"type": "risk", "former": old, "slug": risk.slug} for old in risk.former_slugs)


def _withdrawn(index: Index) -> Iterator[dict[str, Any]]:
    moved = {(row["type"], row["former"]) for row in _former(index)}
    done = index.names.keys() | {(record.type, record.slug) for record in index.content.withdrawn}
    for record in index.content.withdrawn:
        was = index.gone.get((record.type, record.slug))
        # What it was called before it got the slug that it was withdrawn with is as gone, unless it leads elsewhere now.
        former = {(record.type, old) for old in was.former_slugs} - moved - done if was else set()
        done = done | former
        shown = {"reason": record.reason, "replaced_by": orjson.dumps(record.replaced_by).decode()}
        for kind, slug in [(record.type, record.slug), *sorted(former)]:
            yield {"type": kind, "slug": slug, **shown}


def _tags(index: Index) -> Iterator[dict[str, Any]]:
    for kind, record in index.content.records():
        tags = {("body_region", value) for value in record.body_regions}
        if isinstance(record, seed.Procedure):
            tags |= {("intent", value) for value in record.intents}
        for claim in record.claims:
            if isinstance(claim, seed.StatementClaim) and claim.kind in {"guidance", "anaesthesia", "setting"}:
                tags |= {(claim.kind, value) for value in claim.value.values}
        yield from ({"type": kind, "slug": record.slug, "kind": tag, "value": value} for tag, value in sorted(tags))


def _claim_rows(index: Index, kind: str, slug: str, claims: Iterable[ClaimText]) -> Iterator[Row]:
    for position, text in enumerate(claims):
        claim = text.claim
        yield (
            claim.id,
            claim.kind,
            kind,
            slug,
            position,
            claim.statement,
            text.value,
            text.qualifiers,
            index.claims[claim.id].grade,
            claim.support,
            claim.reason,
            text.shown,
        )


def _risks(index: Index) -> Iterator[dict[str, Any]]:
    for _, procedure, claim, _ in index.of_class[seed.ProcedureRiskClaim]:
        band = grading.band_of(claim.value)
        yield {
            "claim_id": claim.id,
            "procedure": procedure,
            "risk": claim.value.risk,
            "state": claim.value.state,
            "observed": claim.value.observed,
            "n": claim.value.n,
            "percent_min": claim.value.percent_min,
            "percent_max": claim.value.percent_max,
            "per": claim.value.per,
            "timeframe": claim.value.timeframe,
            "band": band and band[0],
        }


def _relief(index: Index) -> Iterator[dict[str, Any]]:
    for _, slug, claim, _ in index.of_class[seed.ReliefDurationClaim]:
        value = claim.value
        chosen = index.typical.get((slug, value.intent))
        mine = chosen is not None and chosen.claim.id == claim.id
        yield {
            "claim_id": claim.id,
            "procedure": slug,
            "intent": value.intent,
            "measure": value.measure,
            "statistic": value.statistic,
            "min": value.min,
            "max": value.max,
            "min_days": None if value.min is None else days_of(value.min),
            "max_days": None if value.max is None else days_of(value.max),
            "magnitude": value.magnitude,
            "label": value.label,
            "typical": mine,
            "chosen_because": chosen.because if chosen and mine else None,
        }


def _rates(index: Index) -> Iterator[dict[str, Any]]:
    for _, slug, claim, _ in index.of_class[seed.ResponseRateClaim]:
        value = claim.value
        yield {
            "claim_id": claim.id,
            "procedure": slug,
            "percent_min": value.percent_min,
            "percent_max": value.percent_max,
            "responders": value.responders,
            "n_at": value.n_at,
            "at": value.at,
            "at_days": None if value.at is None else days_of(value.at),
            "comparator_percent": value.comparator_percent,
        }


def _findings(index: Index) -> Iterator[dict[str, Any]]:
    for kind, slug, claim, _ in index.of_class[seed.FindingClaim]:
        value = claim.value
        at = None if value.at is None else days_of(value.at)
        shown = {"claim_id": claim.id, "subject_type": kind, "subject_slug": slug, "outcome": value.outcome}
        yield shown | {"direction": value.direction, "at_days": at}


def _recommendations(index: Index) -> Iterator[dict[str, Any]]:
    for kind, slug, claim, _ in index.of_class[seed.RecommendationClaim]:
        value = claim.value
        shown = {"claim_id": claim.id, "subject_type": kind, "subject_slug": slug, "body": value.body}
        yield shown | {"year": value.year, "position": value.position}


def _causes(index: Index) -> Iterator[dict[str, Any]]:
    for effect, found in index.causes.items():
        for condition, claim in found:
            yield {"claim_id": claim, "condition": condition, "effect": effect}


def _claims_and_documents(index: Index) -> Iterator[Part]:
    """Record by record: its claims are serialised once, for themselves and for its document."""
    for kind, record in index.content.records():
        claims = claim_texts(index, kind, record.slug, record.claims)
        yield models.Claim, _claim_rows(index, kind, record.slug, claims)
        summary, document = details.summary_and_document(index, kind, record, claims)
        yield models.Document, [_document(kind, record.slug, record.name, summary, document)]
    for page in index.content.guide:
        claims = claim_texts(index, "guide_page", page.slug, page.claims)
        yield models.Claim, _claim_rows(index, "guide_page", page.slug, claims)
        summary, document = details.guide_summary(index, page), details.guide_document(index, page)
        yield models.Document, [_document("guide_page", page.slug, page.title, summary, document)]


def _document(kind: str, slug: str, name: str, summary: object, body: object) -> Row:
    return kind, slug, name, dump(summary), dump(body)


def other_documents(state: State) -> Iterator[Row]:
    """Documents of what is no record of its own: no other row refers to them, so they may be written at any time."""
    return starmap(_document, _rows_of_other_documents(state.index, state))


def _rows_of_other_documents(index: Index, state: State) -> Iterator[tuple[str, str, str, object, object]]:
    content = index.content
    # First what weighs most, while the least is held.
    for risk in content.risks:
        yield "risk", risk.slug, risk.name, details.risk_summary(index, risk), details.risk_document(index, risk)
    for condition in content.conditions:
        yield "options", condition.slug, condition.name, {}, options_document(index, condition)
    for source in content.sources:
        summary = details.source_summary(index, source)
        yield "source", source.slug, source.title, summary, details.source_document(index, source)
    yield "quality", "disagreements", "Disagreements", {}, disagreements_document(index)
    yield from release_documents(index, state.releases, state.pending, state.facts())
