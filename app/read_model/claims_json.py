"""JSON of claims, references and blocks: plain values. The tests check them against the response schemas."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, NamedTuple

import orjson

from app.domain import vocabulary
from app.domain.claim_kinds import CLAIM_KINDS, list_blocks
from app.domain.durations import find_days
from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE, RECORD_TYPES, SOURCE_IDENTIFIERS
from app.domain.values import OnsetValue, ProcedureRiskValue, Qualifiers, ReliefDurationValue, Value, list_references
from app.read_model.claim_order import rank_claim
from app.read_model.frequency_bands import BAND_SCHEME, compute_upper_limit_percent, find_band
from app.read_model.graph import ContentGraph
from app.read_model.link_placeholder import LINK_PLACEHOLDER, REPORT_PLACEHOLDER
from app.seed import schema as seed

_NOT_REVIEWED: Final = {
    "status": "not_reviewed",
    "reviewed_by": None,
    "credentials": None,
    "reviewed_on": None,
    "lapsed": False,
}


def to_json(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """Serialize to the JSON bytes that are stored and sent."""
    return orjson.dumps(value, default=_default)


def _default(member: Any) -> Json:  # noqa: ANN401 - any type that orjson does not serialize
    """Serialize a value object from its attributes, without copying them."""
    if isinstance(member, Value):
        return vars(member)
    raise TypeError


def shared_fragment(graph: ContentGraph, key: Hashable, build: Callable[[], Any]) -> orjson.Fragment:
    """Build and serialize a part that many documents share, once per graph."""
    fragment = graph.shared_fragments.get(key)
    if fragment is None:
        fragment = graph.shared_fragments[key] = orjson.Fragment(to_json(build()))
    return fragment


def link_placeholder(path: str) -> str:
    """Link to a path of this service. HTTP replaces the placeholder with the base URL."""
    return LINK_PLACEHOLDER + path


def build_block(items: list[Any], *, status_if_empty: str = "unknown") -> Json:
    """Build a block: known with items; without, its status always says why there are none."""
    return {"status": "known" if items else status_if_empty, "items": items}


def build_links(record_type: str, slug: str) -> Json:
    """Build the links of a record: the API, its page, the notice, and where to report an error."""
    path = f"/{PATH_BY_RECORD_TYPE[record_type]}/{slug}"
    return {
        "self": link_placeholder(f"/v1{path}"),
        "html": link_placeholder(path),
        "notice": link_placeholder("/notice"),
        "report": REPORT_PLACEHOLDER,
    }


def build_review(graph: ContentGraph, record_type: str, slug: str) -> Json | orjson.Fragment:
    """Build what is known of the review of a record: who reviewed it and when, and whether that still holds."""
    state = graph.reviews.get((record_type, slug))
    due = graph.about.review.review_due
    if state is None:
        return shared_fragment(graph, "not reviewed", lambda: {**_NOT_REVIEWED, "review_due": due})
    return {
        "status": "lapsed" if state.lapsed else "reviewed",
        "reviewed_by": state.review.reviewer,
        "credentials": state.review.credentials,
        "reviewed_on": state.review.reviewed_on,
        "lapsed": state.lapsed,
        "review_due": due,
    }


def build_content_review(graph: ContentGraph) -> Json:
    """Build what is known of the review of the whole content: how many records a clinician has reviewed."""
    lapsed = [state.lapsed for state in graph.reviews.values()]
    return {
        "status": graph.about.review.status,
        "reviewed_records": lapsed.count(False),
        "lapsed_records": lapsed.count(True),
        "review_due": graph.about.review.review_due,
    }


def build_notice(graph: ContentGraph) -> orjson.Fragment:
    """Build the notice that every document ends with."""
    return shared_fragment(graph, "notice", lambda: {"text": graph.about.notice, "lang": "en"})


def build_license(graph: ContentGraph) -> orjson.Fragment:
    """Build the license of the content."""
    about = graph.about
    return shared_fragment(
        graph,
        "license",
        lambda: {"name": about.license, "url": about.license_url, "attribution": about.attribution},
    )


def build_source_ref(graph: ContentGraph, slug: str) -> Json:
    """Build the reference to a source that citations use."""
    source = graph.sources[slug]
    return {
        "type": "source",
        "slug": slug,
        "name": source.title,
        "design": source.design,
        "year": source.year,
        "commercial": source.commercial,
        "standing": source.standing,
        **{field: getattr(source, field) for field in SOURCE_IDENTIFIERS},
    }


def _source_fragment(graph: ContentGraph, slug: str) -> orjson.Fragment:
    return shared_fragment(graph, ("source", slug), lambda: build_source_ref(graph, slug))


def build_claim(graph: ContentGraph, record_type: str, slug: str, claim: seed.AnyClaimIn) -> Json:
    """Build the JSON of a claim."""
    qualifiers, _ = _render_qualifiers(claim.qualifiers)
    return _build_claim(graph, slug, claim, graph.record_ref(record_type, slug), qualifiers)


def _build_claim(
    graph: ContentGraph, slug: str, claim: seed.AnyClaimIn, subject: object, qualifiers: orjson.Fragment
) -> Json:
    return {
        "id": claim.id,
        "kind": claim.kind,
        "subject": subject,
        "statement": claim.statement,
        "lang": "en",
        "value": _build_value(graph, slug, claim),
        "qualifiers": qualifiers,
        "commercial": graph.claims[claim.id].commercial,
        "certainty": claim.certainty and vars(claim.certainty),
        "support": claim.support,
        "reason": claim.reason,
        "citations": [
            {"source": _source_fragment(graph, citation.source), "locator": citation.locator, "note": citation.note}
            for citation in claim.citations
        ],
        "links": {"self": link_placeholder(f"/v1/claims/{claim.id}"), "report": REPORT_PLACEHOLDER},
    }


# Most claims have no qualifiers.
@lru_cache(maxsize=1000)
def _render_qualifiers(qualifiers: Qualifiers) -> tuple[orjson.Fragment, str]:
    """Render the qualifiers of a claim for its document, and as canonical JSON."""
    qualifiers_json = qualifiers.model_dump()
    return orjson.Fragment(to_json(qualifiers_json)), to_sorted_json(qualifiers_json)


def to_sorted_json(value: Json) -> str:
    """Serialize to JSON text with sorted keys, so that equal values have equal texts."""
    return orjson.dumps(value, default=_default, option=orjson.OPT_SORT_KEYS).decode()


def _build_value(graph: ContentGraph, slug: str, claim: seed.AnyClaimIn) -> Json:
    value = dict(vars(claim.value))
    model: type[Value] = type(claim.value)
    for field, record_type in list_references(model):
        linked = value[field]
        value[field] = (
            [graph.record_ref(record_type, linked_slug) for linked_slug in linked]
            if isinstance(linked, list)
            else graph.record_ref(record_type, linked)
        )
    if isinstance(claim.value, ProcedureRiskValue):
        band = find_band(claim.value)
        bands = (
            [{"name": band.name, "scheme": BAND_SCHEME, "min": band.lower, "max": band.upper, "origin": "computed"}]
            if band
            else []
        )
        value["seriousness"] = graph.get_seriousness(claim.value)
        value["band"] = build_block(bands)
        value["upper_limit_percent"] = compute_upper_limit_percent(claim.value)
    elif isinstance(claim.value, ReliefDurationValue):
        return build_relief(graph, slug, claim)
    elif isinstance(claim.value, OnsetValue):
        value |= _build_days(claim.value)
    return value


def build_relief(graph: ContentGraph, slug: str, claim: seed.ClaimIn[ReliefDurationValue]) -> Json:
    """Build an estimate of relief, in the one shape that every response has."""
    typical = graph.typical_estimates.get((slug, claim.value.intent))
    is_typical = typical is not None and typical.claim.id == claim.id
    return {
        **vars(claim.value),
        **_build_days(claim.value),
        "typical": is_typical,
        "selection_reason": typical.reason if typical and is_typical else None,
    }


def _build_days(value: ReliefDurationValue | OnsetValue) -> Json:
    return {"min_days": find_days(value.min), "max_days": find_days(value.max)}


class RenderedClaim(NamedTuple):
    """Claim as JSON: its whole document, and the value and qualifiers that the `claim` table stores."""

    claim: seed.AnyClaimIn
    document: bytes
    value_json: str
    qualifiers_json: str


def render_claims(
    graph: ContentGraph, record_type: str, slug: str, claims: Iterable[seed.AnyClaimIn]
) -> list[RenderedClaim]:
    """Render the claims of a record by kind, and within a kind by `rank_claim`. The document of the record embeds these bytes.

    Risks are grouped by risk, the most serious first.
    """
    subject = orjson.Fragment(to_json(graph.record_ref(record_type, slug)))
    rendered = []
    for claim in sorted(claims, key=lambda claim: _rank_claim(graph, claim)):
        qualifiers, qualifiers_json = _render_qualifiers(claim.qualifiers)
        document = to_json(_build_claim(graph, slug, claim, subject, qualifiers))
        rendered.append(RenderedClaim(claim, document, to_sorted_json(claim.value.__dict__), qualifiers_json))
    return rendered


def _rank_claim(graph: ContentGraph, claim: seed.AnyClaimIn) -> tuple[Any, ...]:
    rank, risk = 0, ""
    if isinstance(claim.value, ProcedureRiskValue):
        rank, risk = vocabulary.SERIOUSNESS_RANK[graph.get_seriousness(claim.value)], claim.value.risk
    return claim.kind, rank, risk, *rank_claim(claim, graph.sources)


def build_blocks(
    record_type: str, record: seed.RecordIn, claims: Sequence[RenderedClaim], blocks_on_forms: frozenset[str]
) -> Json:
    """Build every block of a record, known or empty. `claims` come from `render_claims`.

    `blocks_on_forms` are the blocks for which a narrower record has statements.
    """
    not_found = tuple(entry.block for entry in record.not_found)
    blocks = dict(_build_empty_blocks(record_type, tuple(record.not_applicable), not_found, blocks_on_forms))
    for claim_kind, group in groupby(claims, key=attrgetter("claim.kind")):
        blocks[CLAIM_KINDS[claim_kind].block] = build_block([orjson.Fragment(claim.document) for claim in group])
    return blocks


# Most blocks of most records are empty.
@lru_cache(maxsize=1000)
def _build_empty_blocks(
    record_type: str, not_applicable: tuple[str, ...], not_found: tuple[str, ...], on_forms: frozenset[str]
) -> Json:
    def get_status(block: str) -> str:
        if block in on_forms:
            return "stated_on_forms"
        if block in not_found:
            return "not_found"
        return "not_applicable" if block in not_applicable else "unknown"

    return {block: build_block([], status_if_empty=get_status(block)) for block in list_blocks(record_type)}


def build_text(text: seed.TextIn) -> Json:
    """Build the JSON of a text with the claims that support it."""
    return {"text": text.text, "lang": "en", "claims": text.claims}


def build_texts(record_type: str, record: seed.RecordIn) -> Json:
    """Build the texts of a record: each is known, with the claims that support it, or unknown."""
    texts = {"key_messages": build_block([build_text(text) for text in record.key_messages])}
    for name in RECORD_TYPES[record_type].texts:
        texts[name] = build_block([build_text(record.texts[name])] if name in record.texts else [])
    return texts


def build_sources(graph: ContentGraph, claims: Iterable[seed.AnyClaimIn]) -> list[orjson.Fragment]:
    """Build references to the sources of claims: independent before commercial ones, then by title."""
    slugs = {citation.source for claim in claims for citation in claim.citations}
    sources = sorted(
        (graph.sources[slug] for slug in slugs),
        key=lambda source: (source.commercial, source.title.casefold(), source.slug),
    )
    return [_source_fragment(graph, source.slug) for source in sources]
