"""Writing a release: one transaction, the release row last. Killed at any moment, the release before is whole."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

import orjson
import psycopg
from sqlalchemy import Column, Connection, Dialect, Engine, Table, bindparam, delete, insert, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from app import models
from app.build import build_id
from app.db.engines import Transaction
from app.db.listings import list_number
from app.documents import details, grading
from app.documents.index import Index
from app.documents.lists import dump, lists_of
from app.documents.options import options_document
from app.documents.quality import disagreements_document, quality_document
from app.documents.releases import release_documents
from app.documents.shapes import claim_shape, order_of
from app.loader.state import State
from app.queries.release import find_release
from app.schemas.durations import days_of
from app.search.folding import fold
from app.seed import bundle as seed

# Two loaders take turns by this number (any that no other program of the database uses).
_ADVISORY_LOCK = 7_061_642_001
_BATCH = 1_000
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Loaded:
    """What a load did: `written` is False when the database held this very state already."""

    version: str
    revision: str
    written: bool
    rows: int


def write(engine: Engine, state: State, *, progress: Progress = lambda _: None) -> Loaded:
    """Put a checked state into the database. The same state twice is a no-op."""
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
        held = find_release(Transaction(connection))
        if held is not None and (held.revision, held.build) == (state.revision, build_id()):
            return Loaded(state.version, state.revision, written=False, rows=0)
        sequence = held.sequence + 1 if held is not None else 1
        _empty(connection)
        rows = sum(_insert(connection, table, batch, progress) for table, batch in _tables(state.index, state))
        _insert(connection, models.Release, [_release_row(state, sequence)], progress)
    if engine.dialect.name == "sqlite":
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA optimize")
    return Loaded(state.version, state.revision, written=True, rows=rows)


def _release_row(state: State, sequence: int) -> dict[str, Any]:
    return {
        "current": True,
        "version": state.version,
        "date": state.date,
        "revision": state.revision,
        "build": build_id(),
        "sequence": sequence,
        "development": state.development,
    }


def _empty(connection: Connection) -> None:
    # DELETE and not TRUNCATE: readers of the release before keep their snapshot.
    for table in reversed(SQLModel.metadata.sorted_tables):
        connection.execute(delete(table))


def _insert(connection: Connection, model: type[SQLModel], rows: Iterable[dict[str, Any]], progress: Progress) -> int:
    table: Table = model.__table__  # type: ignore[attr-defined]
    put = _copy if connection.dialect.name == "postgresql" else _execute_many
    remaining, total = iter(rows), 0
    while batch := list(islice(remaining, _BATCH)):
        columns = [column for column in table.columns if column.name in batch[0]]
        names = [column.name for column in columns]
        put(connection, table, columns, [[row[name] for name in names] for row in batch])
        total += len(batch)
        progress(table.name)
    return total


def _execute_many(connection: Connection, table: Table, columns: list[Column[Any]], rows: list[list[Any]]) -> None:
    """The driver's own bulk insert: the rows hold plain values of the columns' types already."""
    compiled = _insertion(table, tuple(column.name for column in columns), connection.dialect)
    connection.exec_driver_sql(compiled, [tuple(row) for row in rows])


@lru_cache(maxsize=256)
def _insertion(table: Table, names: tuple[str, ...], dialect: Dialect) -> str:
    # There are as many small lists as records: the statement is written once for all of them.
    return str(insert(table).values({name: bindparam(name) for name in names}).compile(dialect=dialect))


def _copy(connection: Connection, table: Table, columns: list[Column[Any]], rows: list[list[Any]]) -> None:
    """PostgreSQL's COPY, inside the same transaction."""
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(column.name) for column in columns)
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {quote(table.name)} ({names}) FROM STDIN"
    try:
        with driver.cursor().copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except psycopg.Error as error:
        # The driver was asked itself: what it says becomes what every other statement would have raised.
        raise DBAPIError.instance(statement, None, error, psycopg.Error, dialect=connection.dialect) from error


def _tables(index: Index, state: State) -> Iterator[tuple[type[SQLModel], Iterable[dict[str, Any]]]]:
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
    yield models.Claim, _claims(index)
    yield (
        models.Citation,
        (
            {
                "claim_id": claim.id,
                "position": n,
                "source_slug": cited.source,
                "locator": cited.locator,
                "note": cited.note,
            }
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
    yield models.Document, _documents(index, state)
    for found in lists_of(index, state.releases, state.pending):
        number = list_number(found.path)
        yield (
            models.Listing,
            (
                {
                    "list": number,
                    "place": place,
                    "record_type": row.record and row.record[0],
                    "record_slug": row.record and row.record[1],
                    "claim_id": row.claim,
                    "extra": None if row.extra is None else dump(row.extra),
                    "relief_days": row.relief_days,
                    "updated": row.updated,
                    "home": row.home,
                }
                for place, row in enumerate(found.rows)
            ),
        )
        yield (
            models.ListingFacet,
            (
                {"list": number, "facet": facet, "value": value, "place": place}
                for place, row in enumerate(found.rows)
                for facet in sorted(row.facets)
                for value in sorted(row.facets[facet])
            ),
        )
        yield (
            models.ListingOrder,
            (
                {"list": number, "sort": sort, "position": position, "place": place}
                for sort, places in found.other_orders()
                for position, place in enumerate(places)
            ),
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


def _claims(index: Index) -> Iterator[dict[str, Any]]:
    owners: list[tuple[str, str, list[seed.AnyClaim]]] = [
        *((kind, record.slug, list(record.claims)) for kind, record in index.content.records()),
        *(("guide_page", page.slug, list(page.claims)) for page in index.content.guide),
    ]
    for kind, slug, claims in owners:
        for position, claim in enumerate(order_of(claims)):
            yield {
                "id": claim.id,
                "kind": claim.kind,
                "subject_type": kind,
                "subject_slug": slug,
                "position": position,
                "statement": claim.statement,
                "value": orjson.dumps(claim.value.model_dump(), option=orjson.OPT_SORT_KEYS).decode(),
                "qualifiers": orjson.dumps(claim.qualifiers.model_dump(), option=orjson.OPT_SORT_KEYS).decode(),
                "grade": index.grades[claim.id],
                "support": claim.support,
                "reason": claim.reason,
                "document": dump(claim_shape(index, kind, slug, claim)),
            }


def _risks(index: Index) -> Iterator[dict[str, Any]]:
    for _, procedure, claim in (one for found in index.risk_claims.values() for one in found):
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
    for _, slug, claim in index.claims.values():
        if not isinstance(claim, seed.ReliefDurationClaim):
            continue
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
    for _, slug, claim in index.claims.values():
        if isinstance(claim, seed.ResponseRateClaim):
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
    for kind, slug, claim in index.claims.values():
        if isinstance(claim, seed.FindingClaim):
            value = claim.value
            at = None if value.at is None else days_of(value.at)
            shown = {"claim_id": claim.id, "subject_type": kind, "subject_slug": slug, "outcome": value.outcome}
            yield shown | {"direction": value.direction, "at_days": at}


def _recommendations(index: Index) -> Iterator[dict[str, Any]]:
    for kind, slug, claim in index.claims.values():
        if isinstance(claim, seed.RecommendationClaim):
            value = claim.value
            shown = {"claim_id": claim.id, "subject_type": kind, "subject_slug": slug, "body": value.body}
            yield shown | {"year": value.year, "position": value.position}


def _causes(index: Index) -> Iterator[dict[str, Any]]:
    for effect, found in index.causes.items():
        for condition, claim in found:
            yield {"claim_id": claim, "condition": condition, "effect": effect}


def _documents(index: Index, state: State) -> Iterator[dict[str, Any]]:
    content = index.content

    def row(kind: str, slug: str, name: str, summary: object, body: object) -> dict[str, Any]:
        return {"type": kind, "slug": slug, "name": name, "summary": dump(summary), "body": dump(body)}

    for procedure in content.procedures:
        shown = details.procedure_summary(index, procedure)
        yield row("procedure", procedure.slug, procedure.name, shown, details.procedure_document(index, procedure))
    for condition in content.conditions:
        shown = details.condition_summary(index, condition)
        yield row("condition", condition.slug, condition.name, shown, details.condition_document(index, condition))
        yield row("options", condition.slug, condition.name, {}, options_document(index, condition))
    for generator in content.pain_generators:
        shown = details.generator_summary(index, generator)
        yield row("pain_generator", generator.slug, generator.name, shown, details.generator_document(index, generator))
    for risk in content.risks:
        yield row("risk", risk.slug, risk.name, details.risk_summary(index, risk), details.risk_document(index, risk))
    for source in content.sources:
        shown = details.source_summary(index, source)
        yield row("source", source.slug, source.title, shown, details.source_document(index, source))
    for page in content.guide:
        shown = details.guide_summary(index, page)
        yield row("guide_page", page.slug, page.title, shown, details.guide_document(index, page))
    yield row("quality", "quality", "Quality", {}, quality_document(index))
    yield row("quality", "disagreements", "Disagreements", {}, disagreements_document(index))
    for kind, slug, name, summary, body in release_documents(index, state.releases, state.pending, state.facts()):
        yield row(kind, slug, name, summary, body)
