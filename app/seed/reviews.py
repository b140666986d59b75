"""Reviews by named clinicians: what a review of a record covers, its hash, and whether a review still holds. Pure."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import orjson

from app.domain import vocabulary
from app.domain.claim_kinds import SAFETY_KINDS
from app.domain.json import Json
from app.domain.record_types import RECORD_TYPES, REVIEWED_TYPES
from app.domain.values import (
    IndicationValue,
    ProcedureRiskValue,
    RecommendationValue,
    ReliefDurationValue,
    TargetValue,
)
from app.seed import schema as seed
from app.seed.bundle import Bundle
from app.seed.diff import RECORD_TYPE_BY_FOLDER, canonicalize
from app.seed.problems import SeedProblem, did_you_mean

# Members of a record that hold ids of claims which a text rests on.
_TEXT_MEMBERS: Final = ("key_messages", "texts", "summary", "items", "related")


@dataclass(frozen=True, slots=True)
class ReviewState:
    """Latest review of a record, and whether what was reviewed has changed since."""

    review: seed.ReviewIn
    lapsed: bool


@dataclass(frozen=True)
class ReviewedContent:
    """What a review of a record covers, as plain JSON of the seed files."""

    record: Json
    # Claims of other records that the record shows, by id: those that its texts rest on, those about a risk, the safety
    # claims of narrower records, positions on its procedures, and the serious risks and relief of those that it lists.
    other_claims: dict[str, Json]
    # Seriousness in the catalog of every risk that these claims are about: it decides which risks come first.
    seriousness: dict[str, str]
    # Sources that any of these claims cites, by slug.
    sources: dict[str, Json]

    @cached_property
    def sha256(self) -> str:
        """Hash of the canonical JSON: independent of file layout, key order and the order of claims."""
        content = canonicalize(
            {
                "record": self.record,
                "claims": self.other_claims,
                "seriousness": self.seriousness,
                "sources": self.sources,
            }
        )
        return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def find_reviewed_record(bundle: Bundle, entity: str) -> tuple[str, str]:
    """Type and slug of a record that is reviewed, from its folder and slug. Raises ValueError with a suggestion."""
    folder, _, slug = entity.partition("/")
    record_type = RECORD_TYPE_BY_FOLDER.get(folder, "")
    if record_type in REVIEWED_TYPES and entity in bundle.entities:
        return record_type, slug
    folders = [RECORD_TYPES[reviewed].folder for reviewed in REVIEWED_TYPES]
    known = [candidate for candidate in bundle.entities if candidate.partition("/")[0] in folders]
    example = "; expected a folder and a slug, such as procedures/vertebroplasty"
    msg = f"No record {entity!r}{did_you_mean(entity, known, example)}"
    raise ValueError(msg)


def collect_reviewed_content(bundle: Bundle, record_type: str, slug: str) -> ReviewedContent:
    """Collect what a review of a record covers. Raises KeyError if there is no such record."""
    record = bundle.entities[_get_entity(record_type, slug)]
    own_ids = {claim["id"] for claim in record.get("claims", ())}
    cited_ids = set(_iter_cited_ids([record.get(member) for member in _TEXT_MEMBERS]))
    is_shown = _build_shown_test(bundle, record_type, slug)
    other_claims = {
        claim.id: _get_claim(bundle, subject_type, subject_slug, claim.id)
        for subject_type, subject_slug, claim in bundle.claims()
        if claim.id not in own_ids and (claim.id in cited_ids or is_shown(subject_type, subject_slug, claim))
    }
    claims = [*record.get("claims", ()), *other_claims.values()]
    sources = {citation["source"] for claim in claims for citation in claim["citations"]}
    risks = {claim["value"]["risk"] for claim in claims if "risk" in claim["value"]}
    return ReviewedContent(
        record,
        other_claims,
        {risk.slug: risk.seriousness for risk in bundle.risks if risk.slug in risks},
        {source: bundle.entities[f"sources/{source}"] for source in sorted(sources)},
    )


def _build_shown_test(bundle: Bundle, record_type: str, slug: str) -> Callable[[str, str, seed.AnyClaimIn], bool]:
    """Build a test whether a record shows a claim of another record, from the type and slug of that record and the claim."""
    narrower = _find_narrower(bundle, record_type, slug)
    listed = {slug} if record_type == "procedure" else set(_iter_listed(bundle, record_type, {slug, *narrower}))
    forms = listed.union(*(_find_narrower(bundle, "procedure", procedure) for procedure in listed))
    # What a body says of a broader procedure it says of its forms.
    broader = {
        procedure.slug
        for procedure in bundle.procedures
        if not listed.isdisjoint(_find_narrower(bundle, "procedure", procedure.slug))
    }
    usual = {risk.slug: risk.seriousness for risk in bundle.risks}

    def is_shown(subject_type: str, subject_slug: str, claim: seed.AnyClaimIn) -> bool:
        value = claim.value
        own = {subject_slug} if subject_type == "procedure" else set[str]()
        match value:
            case _ if subject_type == record_type and subject_slug in narrower and claim.kind in SAFETY_KINDS:
                return True
            case RecommendationValue():
                return not (forms | broader).isdisjoint(own.union(value.procedures))
            case ProcedureRiskValue():
                is_serious = not vocabulary.SERIOUS.isdisjoint({value.seriousness, usual[value.risk]})
                return (record_type == "risk" and value.risk == slug) or (is_serious and not forms.isdisjoint(own))
            case ReliefDurationValue():
                return record_type != "procedure" and not listed.isdisjoint(own)
        return False

    return is_shown


def _iter_listed(bundle: Bundle, record_type: str, slugs: set[str]) -> Iterator[str]:
    """Yield the procedures that a condition or pain generator and its narrower records list, by what sources say of them."""
    for procedure in bundle.procedures:
        for claim in procedure.claims:
            linked = getattr(claim.value, record_type, None)
            if isinstance(claim.value, IndicationValue | TargetValue) and linked in slugs:
                yield procedure.slug


def find_review_states(bundle: Bundle) -> dict[tuple[str, str], ReviewState]:
    """Latest review by record type and slug; one that holds comes before one that lapsed."""
    latest: dict[tuple[str, str], tuple[bool, str, str]] = {}
    for file, review in bundle.reviews.items():
        key = (not is_lapsed(bundle, review), review.reviewed_on, file)
        record = (review.type, review.slug)
        latest[record] = max(key, latest.get(record, key))
    return {
        record: ReviewState(bundle.reviews[file], lapsed=not holds)
        for record, (holds, _, file) in sorted(latest.items())
    }


def is_lapsed(bundle: Bundle, review: seed.ReviewIn) -> bool:
    """Tell whether what was reviewed has changed since."""
    return collect_reviewed_content(bundle, review.type, review.slug).sha256 != review.sha256


def list_lapsed_reviews(bundle: Bundle) -> list[SeedProblem]:
    """List the reviews that no longer hold: no errors, because content may change before it is reviewed again."""
    warnings = []
    for name, review in sorted(bundle.reviews.items()):
        if is_lapsed(bundle, review):
            file = f"reviews/{name}.json"
            message = (
                f"the review by {review.reviewer} of {review.reviewed_on} has lapsed: {review.slug!r} has changed since;"
                f" read it again with `procedure-kb review {_get_entity(review.type, review.slug)}`"
            )
            warnings.append(SeedProblem(file, bundle.find_line(file, "/sha256"), "/sha256", message))
    return warnings


def render_reviewed_content(bundle: Bundle, content: ReviewedContent) -> Iterator[str]:
    """Yield what is to be read, line by line: the record, its claims, those of other records, and their sources."""
    record = content.record
    yield f"# {record.get('name') or record['title']}"
    for name, value in record.items():
        if name not in ("claims", "$schema"):
            yield from _render_member(name, value)
    subjects = {claim.id: f"{subject_type} {slug}" for subject_type, slug, claim in bundle.claims()}
    for heading, claims in (
        ("Claims", record.get("claims", [])),
        ("Claims of other records that it shows", content.other_claims.values()),
    ):
        yield from ("", f"## {heading}") if claims else ()
        for claim in sorted(claims, key=lambda claim: str(claim["id"])):
            yield from ("", f"{claim['id']} ({subjects[claim['id']]})", f"  {claim['statement']}")
            for name, value in claim.items():
                if name not in ("id", "statement"):
                    yield f"  {name}: {_to_text(value)}"
    yield from ("", "## Risks by seriousness") if content.seriousness else ()
    yield from (f"{risk}: {seriousness}" for risk, seriousness in content.seriousness.items())
    yield from ("", "## Sources") if content.sources else ()
    for slug, source in content.sources.items():
        yield f"{slug}: {_to_text({name: value for name, value in source.items() if name != 'slug'})}"
    yield from ("", f"SHA-256 {content.sha256}")


def _render_member(name: str, value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """Yield a member of a record; texts have a line each."""
    if name in _TEXT_MEMBERS and value:
        yield f"{name}:"
        parts = value.items() if isinstance(value, dict) else enumerate(value, 1)
        yield from (f"  {part}: {_to_text(text)}" for part, text in parts)
    else:
        yield f"{name}: {_to_text(value)}"


def _to_text(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _get_entity(record_type: str, slug: str) -> str:
    return f"{RECORD_TYPES[record_type].folder}/{slug}"


def _get_claim(bundle: Bundle, record_type: str, slug: str, claim_id: str) -> Json:
    claims: list[Json] = bundle.entities[_get_entity(record_type, slug)]["claims"]
    return next(claim for claim in claims if claim["id"] == claim_id)


def _iter_cited_ids(value: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    """Yield the ids in every list `claims` below a value."""
    if isinstance(value, dict):
        yield from (claim for claim in value.get("claims", ()) if isinstance(claim, str))
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _iter_cited_ids(part)


def _find_narrower(bundle: Bundle, record_type: str, slug: str) -> set[str]:
    """Slugs of all records below a record, at any depth."""
    records: Iterable[seed.RecordIn] = [record for type_, record in bundle.records() if type_ == record_type]
    narrower, pending = set[str](), [slug]
    while pending:
        parent = pending.pop()
        children = {record.slug for record in records if parent in record.broader} - narrower
        narrower |= children
        pending += children
    return narrower
