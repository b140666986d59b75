"""Claims, references and blocks as they are shown: plain JSON values, checked against `schemas` by the tests."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import orjson

from app.documents.grading import BAND_SCHEME, band_of, best_source, upper_limit_percent
from app.documents.index import PATH_OF_TYPE, Index
from app.documents.marks import LINK, REPORT
from app.schemas.blocks import BLOCK_OF_KIND, KINDS_OF_TYPE
from app.schemas.durations import days_of
from app.schemas.values import Qualifiers
from app.seed import bundle as seed

Json = dict[str, Any]


def dump(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """JSON bytes as they are stored and sent."""
    return orjson.dumps(value)


def link(path: str) -> str:
    """A link of the API: HTTP puts its base where the mark stands."""
    return LINK + path


def known(items: list[Any], *, applicable: bool = True) -> Json:
    """A block: known with items, unknown, or not applicable. Never null, never an empty list without its meaning."""
    if items:
        return {"status": "known", "items": items}
    return {"status": "unknown" if applicable else "not_applicable", "items": []}


def links_of(kind: str, slug: str) -> Json:
    """Where a record is found, read, cited and reported."""
    path = f"/{PATH_OF_TYPE[kind]}/{slug}"
    return {"self": link(f"/v1{path}"), "html": link(path), "notice": link("/notice"), "report": REPORT}


def review_of(index: Index, own: seed.Review | None = None) -> Json:
    """Review status of a record."""
    review = own or index.about.review
    return {"status": review.status, "reviewed_on": review.reviewed_on, "review_due": review.review_due}


def source_ref(index: Index, slug: str) -> Json:
    """A source as a citation names it."""
    source = index.sources[slug]
    return {
        "type": "source",
        "slug": slug,
        "name": source.title,
        "design": source.design,
        "year": source.year,
        "commercial": source.commercial,
    }


def claim_shape(index: Index, kind: str, slug: str, claim: seed.AnyClaim) -> Json:
    """A claim as it is shown everywhere."""
    return {
        "id": claim.id,
        "kind": claim.kind,
        "subject": index.ref(kind, slug),
        "statement": claim.statement,
        "lang": "en",
        "value": _value(index, slug, claim),
        "qualifiers": qualifiers_of(claim)[0],
        "grade": index.claims[claim.id].grade,
        "certainty_reasons": claim.certainty_reasons or _certainty_reasons(index, claim),
        "support": claim.support,
        "reason": claim.reason,
        "citations": [
            {"source": source_ref(index, cited.source), "locator": cited.locator, "note": cited.note}
            for cited in claim.citations
        ],
        "links": {"self": link(f"/v1/claims/{claim.id}"), "report": REPORT},
    }


def qualifiers_of(claim: seed.AnyClaim) -> tuple[Json, str]:
    """Qualifiers of a claim as they are shown, and as canonical JSON. Both are shared: they are only read."""
    return _qualifiers(claim.qualifiers)


# Most claims have none.
@lru_cache(maxsize=1000)
def _qualifiers(qualifiers: Qualifiers) -> tuple[Json, str]:
    shown = qualifiers.model_dump()
    return shown, sorted_json(shown)


def sorted_json(value: Json) -> str:
    """JSON text with sorted keys: equal values are equal texts."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()


def _certainty_reasons(index: Index, claim: seed.AnyClaim) -> list[str]:
    if index.claims[claim.id].grade == "high":
        return []
    reasons = ["design"]
    if best_source(claim, index.sources).commercial:
        reasons.append("commercial_source")
    if claim.support != "quote":
        reasons.append(claim.support)
    return reasons


def _value(index: Index, slug: str, claim: seed.AnyClaim) -> Json:
    value = claim.value.model_dump()
    if isinstance(claim, seed.TargetClaim):
        value["pain_generator"] = index.ref("pain_generator", claim.value.pain_generator)
    elif isinstance(claim, seed.IndicationClaim):
        value["condition"] = index.ref("condition", claim.value.condition)
    elif isinstance(claim, seed.ProcedureRiskClaim):
        band = band_of(claim.value)
        value["risk"] = index.ref("risk", claim.value.risk)
        limits = (
            [{"name": band[0], "scheme": BAND_SCHEME, "min": band[1], "max": band[2], "origin": "computed"}]
            if band
            else []
        )
        value["band"] = known(limits)
        value["upper_limit_percent"] = upper_limit_percent(claim.value)
    elif isinstance(claim, seed.ReliefDurationClaim):
        chosen = index.typical.get((slug, claim.value.intent))
        mine = chosen is not None and chosen.claim.id == claim.id
        value["min_days"] = None if claim.value.min is None else round(days_of(claim.value.min), 4)
        value["max_days"] = None if claim.value.max is None else round(days_of(claim.value.max), 4)
        value["typical"] = mine
        value["chosen_because"] = chosen.because if chosen and mine else None
    elif isinstance(claim, seed.StatementClaim):
        value["pain_generators"] = [index.ref("pain_generator", other) for other in claim.value.pain_generators]
        value["conditions"] = [index.ref("condition", other) for other in claim.value.conditions]
        value["procedures"] = [index.ref("procedure", other) for other in claim.value.procedures]
    return value


def order_of(claims: Iterable[seed.AnyClaim]) -> list[seed.AnyClaim]:
    """Claims of a record in the order they are shown: by kind, then by id."""
    return sorted(claims, key=lambda claim: (claim.kind, claim.id))


def shown_claims(index: Index, kind: str, slug: str, claims: Iterable[seed.AnyClaim]) -> dict[str, bytes]:
    """Claims of a record as they are shown, by id, as JSON: the document of the record holds the very same bytes."""
    return {claim.id: dump(claim_shape(index, kind, slug, claim)) for claim in claims}


def blocks_of(kind: str, record: seed.Record, claims: Mapping[str, bytes]) -> Json:
    """Every block of a detail, known, unknown or not applicable."""
    by_kind: dict[str, list[orjson.Fragment]] = {name: [] for name in KINDS_OF_TYPE[kind]}
    for claim in order_of(record.claims):
        if claim.kind in by_kind:
            by_kind[claim.kind].append(orjson.Fragment(claims[claim.id]))
    return {
        BLOCK_OF_KIND[name]: known(items, applicable=BLOCK_OF_KIND[name] not in record.not_applicable)
        for name, items in by_kind.items()
    }


def text_shape(text: seed.Text) -> Json:
    """Prose with the claims that it rests on."""
    return {"text": text.text, "lang": "en", "claims": text.claims}


def texts_of(record: seed.Record, names: Iterable[str]) -> Json:
    """Prose sections of a record: each known, with the claims it rests on, or unknown."""
    shown = {"key_messages": known([text_shape(text) for text in record.key_messages])}
    for name in names:
        shown[name] = known([text_shape(record.texts[name])] if name in record.texts else [])
    return shown


def sources_behind(index: Index, record_claims: Iterable[seed.AnyClaim]) -> list[Json]:
    """The sources of a record, best design first."""
    slugs = dict.fromkeys(cited.source for claim in record_claims for cited in claim.citations)
    return sorted(
        (source_ref(index, slug) for slug in slugs),
        key=lambda ref: (ref["commercial"], ref["name"].casefold(), ref["slug"]),
    )
