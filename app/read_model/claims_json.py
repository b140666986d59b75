"""Claims, references and blocks as they are shown: plain JSON values, checked against `schemas` by the tests."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import cache, lru_cache
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

import orjson

from app.domain.blocks import BLOCK_OF_KIND, KINDS_OF_TYPE
from app.domain.durations import days_of
from app.domain.json import Json
from app.domain.values import Qualifiers, Value
from app.read_model.grading import BAND_SCHEME, band_of, best_source, upper_limit_percent
from app.read_model.graph import PATH_OF_TYPE, Index
from app.read_model.link_placeholder import LINK, REPORT
from app.seed import schema as seed


def dump(value: Any) -> bytes:  # noqa: ANN401 - any JSON value
    """JSON bytes as they are stored and sent."""
    return orjson.dumps(value, default=_members)


def _members(part: Any) -> Json:  # noqa: ANN401 - what JSON does not know
    """Members of a value object inside another one: they need no copy of theirs."""
    if isinstance(part, Value):
        return vars(part)
    raise TypeError


def fixed(index: Index, key: Hashable, make: Callable[[], Any]) -> orjson.Fragment:
    """A part that many documents share: made, and made JSON, once."""
    found = index.fixed.get(key)
    if found is None:
        found = index.fixed[key] = orjson.Fragment(dump(make()))
    return found


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


def review_of(index: Index, own: seed.Review | None = None) -> orjson.Fragment:
    """Review status of a record."""
    review = own or index.about.review
    return fixed(
        index,
        ("review", review.status, review.reviewed_on, review.review_due),
        lambda: {"status": review.status, "reviewed_on": review.reviewed_on, "review_due": review.review_due},
    )


def notice_of(index: Index) -> orjson.Fragment:
    """What stands below everything that is shown."""
    return fixed(index, "notice", lambda: {"text": index.about.notice, "lang": "en"})


def licence_of(index: Index) -> orjson.Fragment:
    """Licence of the content."""
    about = index.about
    return fixed(
        index,
        "licence",
        lambda: {"name": about.licence, "url": about.licence_url, "attribution": about.attribution},
    )


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


def _cited(index: Index, slug: str) -> orjson.Fragment:
    return fixed(index, ("source", slug), lambda: source_ref(index, slug))


def claim_shape(index: Index, kind: str, slug: str, claim: seed.AnyClaim) -> Json:
    """A claim as it is shown everywhere."""
    return _shown(index, slug, claim, index.ref(kind, slug), _qualifiers(claim.qualifiers)[0])


def _shown(index: Index, slug: str, claim: seed.AnyClaim, subject: object, qualifiers: orjson.Fragment) -> Json:
    """The same of what was made before: its subject and its qualifiers as they are shown."""
    return {
        "id": claim.id,
        "kind": claim.kind,
        "subject": subject,
        "statement": claim.statement,
        "lang": "en",
        "value": _value(index, slug, claim),
        "qualifiers": qualifiers,
        "grade": index.claims[claim.id].grade,
        "certainty_reasons": claim.certainty_reasons or _certainty_reasons(index, claim),
        "support": claim.support,
        "reason": claim.reason,
        "citations": [
            {"source": _cited(index, cited.source), "locator": cited.locator, "note": cited.note}
            for cited in claim.citations
        ],
        "links": {"self": link(f"/v1/claims/{claim.id}"), "report": REPORT},
    }


# Most claims have none.
@lru_cache(maxsize=1000)
def _qualifiers(qualifiers: Qualifiers) -> tuple[orjson.Fragment, str]:
    """Qualifiers of a claim as they are shown, and as canonical JSON."""
    shown = qualifiers.model_dump()
    return orjson.Fragment(dump(shown)), sorted_json(shown)


def sorted_json(value: Json) -> str:
    """JSON text with sorted keys: equal values are equal texts."""
    return orjson.dumps(value, default=_members, option=orjson.OPT_SORT_KEYS).decode()


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
    value = dict(vars(claim.value))
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


class ClaimText(NamedTuple):
    """A claim as JSON: as it is shown, and its value and qualifiers as they are stored."""

    claim: seed.AnyClaim
    shown: bytes
    value: str
    qualifiers: str


def claim_texts(index: Index, kind: str, slug: str, claims: Iterable[seed.AnyClaim]) -> list[ClaimText]:
    """Claims of a record as it shows them, by kind and then by id: its document holds the very bytes of each."""
    subject = orjson.Fragment(dump(index.ref(kind, slug)))
    found = []
    for claim in sorted(claims, key=attrgetter("kind", "id")):
        qualifiers, plain = _qualifiers(claim.qualifiers)
        shown = dump(_shown(index, slug, claim, subject, qualifiers))
        found.append(ClaimText(claim, shown, sorted_json(vars(claim.value)), plain))
    return found


def blocks_of(kind: str, record: seed.Record, claims: Sequence[ClaimText]) -> Json:
    """Every block of a detail, known, unknown or not applicable; `claims` are its own, as `claim_texts` gives them."""
    blocks = dict(_empty_blocks(kind, tuple(record.not_applicable)))
    for kind_of_claim, found in groupby(claims, key=attrgetter("claim.kind")):
        block = BLOCK_OF_KIND.get(kind_of_claim, "")
        if block in blocks:
            blocks[block] = known([orjson.Fragment(text.shown) for text in found])
    return blocks


# Most blocks of most records are empty.
@cache
def _empty_blocks(kind: str, not_applicable: tuple[str, ...]) -> Json:
    blocks = [BLOCK_OF_KIND[name] for name in KINDS_OF_TYPE[kind]]
    return {block: known([], applicable=block not in not_applicable) for block in blocks}


def text_shape(text: seed.Text) -> Json:
    """Prose with the claims that it rests on."""
    return {"text": text.text, "lang": "en", "claims": text.claims}


def texts_of(record: seed.Record, names: Iterable[str]) -> Json:
    """Prose sections of a record: each known, with the claims it rests on, or unknown."""
    shown = {"key_messages": known([text_shape(text) for text in record.key_messages])}
    for name in names:
        shown[name] = known([text_shape(record.texts[name])] if name in record.texts else [])
    return shown


def sources_behind(index: Index, record_claims: Iterable[seed.AnyClaim]) -> list[orjson.Fragment]:
    """The sources of a record: independent before commercial ones, then by title."""
    slugs = {cited.source for claim in record_claims for cited in claim.citations}
    found = sorted(
        (index.sources[slug] for slug in slugs), key=lambda one: (one.commercial, one.title.casefold(), one.slug)
    )
    return [_cited(index, one.slug) for one in found]
