"""Disagreements: two sources that answer the same question in opposite ways. `docs/content/disagreements.md` states the rules."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import combinations
from typing import Final

from app.domain import vocabulary
from app.domain.durations import duration_to_days
from app.domain.json import Json
from app.domain.values import FindingValue, RecommendationValue, ReliefDurationValue
from app.read_model.claim_order import is_commercial
from app.seed import schema as seed
from app.text.normalize import normalize

Claims = Sequence[seed.AnyClaimIn]
_SUPPORTIVE: Final = frozenset({"for", "conditional"})
_OPPOSED: Final = frozenset({"against", "insufficient"})
# Words that say nothing of who was treated, with what, or what was measured.
_EMPTY_WORDS: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "any",
        "are",
        "as",
        "at",
        "by",
        "for",
        "from",
        "had",
        "has",
        "have",
        "in",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "than",
        "that",
        "the",
        "their",
        "them",
        "they",
        "this",
        "to",
        "was",
        "were",
        "who",
        "whom",
        "with",
        "people",
        "person",
        "patient",
        "patients",
        "adult",
        "adults",
        "group",
        "trial",
        "trials",
        "study",
        "studies",
        "rct",
        "only",
        "other",
        "outcome",
        "outcomes",
        "primary",
        "secondary",
        "mean",
        "score",
        "scores",
        "painful",
        "symptomatic",
        "program",
        "programme",
    ]
)
_SYNONYMS: Final = {"spinal": "spine", "vertebra": "spine", "vertebral": "spine"}
# "headache days per 28 days" counts headache days.
_PERIOD: Final = re.compile(r"\b(?:a|per|each|every) (?:\d+ )?(?:day|week|month|year)s?\b")
_DIAGNOSTIC_STEMS: Final = ("diagnos", "prognos", "accura", "sensitivity", "specificity", "validity", "test")
_THERAPEUTIC_STEMS: Final = ("therap", "treat")
# A follow-up of up to this many times another is of the same question.
_MAX_TIME_RATIO: Final = 2.0


def find_conflicts(record: seed.RecordIn, sources: Mapping[str, seed.SourceIn]) -> list[Json]:
    """Find the disagreements among the claims of a record: each has its dimension and its positions."""
    is_procedure = isinstance(record, seed.ProcedureIn)
    has_both_intents = isinstance(record, seed.ProcedureIn) and len(set(record.intents)) > 1

    def have_same_intent(claim: seed.AnyClaimIn, other: seed.AnyClaimIn) -> bool:
        return not has_both_intents or _is_diagnostic(claim) == _is_diagnostic(other)

    def is_same_recommendation(claim: seed.AnyClaimIn, other: seed.AnyClaimIn) -> bool:
        return (
            have_same_intent(claim, other)
            and _are_same(_get_recommended_topic(claim), _get_recommended_topic(other))
            # On another record than a procedure, the scope says what is recommended.
            and (is_procedure or _are_same(claim.value.scope, other.value.scope))
            and _are_same(claim.qualifiers.technique, other.qualifiers.technique)
        )

    def is_same_finding(claim: seed.AnyClaimIn, other: seed.AnyClaimIn) -> bool:
        return have_same_intent(claim, other) and _is_same_finding(claim, other)

    recommendations = [claim for claim in record.claims if isinstance(claim.value, RecommendationValue)]
    findings = [claim for claim in record.claims if isinstance(claim.value, FindingValue)]
    estimates = list_comparable_estimates(record.claims, sources)
    return [
        *(
            _build_conflict("recommendation", "Bodies take different positions", _label_positions(cluster))
            for cluster in _find_clusters(recommendations, is_same_recommendation, _do_bodies_oppose)
        ),
        *(
            _build_conflict("finding", _describe_comparator(cluster[0]), _label_directions(cluster))
            for cluster in _find_clusters(findings, is_same_finding, _do_findings_oppose)
        ),
        *(
            _build_conflict("relief_duration", "Estimates of relief have no duration in common", _label_spans(cluster))
            for cluster in _find_clusters(estimates, is_same_estimate, do_estimates_differ)
        ),
    ]


def _find_clusters(
    claims: Claims,
    is_same_question: Callable[[seed.AnyClaimIn, seed.AnyClaimIn], bool],
    do_oppose: Callable[[seed.AnyClaimIn, seed.AnyClaimIn], bool],
) -> list[list[seed.AnyClaimIn]]:
    """Group opposing claims: all claims of a group are on the same question, and each opposes another one of it.

    Every opposing pair is in a group.
    """
    ordered = sorted(claims, key=lambda claim: claim.id)
    clusters: list[list[seed.AnyClaimIn]] = []
    for first, second in combinations(ordered, 2):
        if any(first in cluster and second in cluster for cluster in clusters):
            continue
        if not (do_oppose(first, second) and is_same_question(first, second)):
            continue
        cluster = [first, second]
        for claim in ordered:
            opposes_any = claim not in cluster and any(do_oppose(claim, member) for member in cluster)
            if opposes_any and all(is_same_question(claim, member) for member in cluster):
                cluster.append(claim)
        clusters.append(cluster)
    return clusters


def _are_independent(claim: seed.AnyClaimIn, other: seed.AnyClaimIn) -> bool:
    return {citation.source for citation in claim.citations}.isdisjoint(citation.source for citation in other.citations)


# Recommendations


def _do_bodies_oppose(claim: seed.ClaimIn[RecommendationValue], other: seed.ClaimIn[RecommendationValue]) -> bool:
    positions = {claim.value.position, other.value.position}
    return (
        not positions.isdisjoint(_SUPPORTIVE)
        and not positions.isdisjoint(_OPPOSED)
        and not is_same_body(claim.value.body, other.value.body)
        and _are_independent(claim, other)
    )


def is_same_body(body: str, other: str) -> bool:
    """Whether one name contains the words of the other: "NICE" and "NICE TA159" are one body."""
    words, other_words = _list_words(body), _list_words(other)
    return words <= other_words or other_words <= words


def _get_recommended_topic(claim: seed.ClaimIn[RecommendationValue]) -> str | None:
    return claim.qualifiers.population or claim.value.scope


def _is_diagnostic(claim: seed.AnyClaimIn) -> bool:
    topic = claim.value.outcome if isinstance(claim.value, FindingValue) else claim.value.scope
    texts = [text for text in (topic, claim.qualifiers.technique) if text] or [claim.statement]
    words = normalize(" ".join(texts)).split()
    return any(word.startswith(_DIAGNOSTIC_STEMS) for word in words) and not any(
        word.startswith(_THERAPEUTIC_STEMS) for word in words
    )


def _label_positions(cluster: Claims) -> list[tuple[str, str]]:
    return [(claim.value.position, claim.id) for claim in cluster]


# Findings


def _is_same_finding(claim: seed.ClaimIn[FindingValue], other: seed.ClaimIn[FindingValue]) -> bool:
    qualifiers, others = claim.qualifiers, other.qualifiers
    is_sham = qualifiers.comparator_is_sham
    return (
        is_sham is others.comparator_is_sham
        and (is_sham is True or _are_same(qualifiers.comparator, others.comparator))
        and _are_same(qualifiers.population, others.population)
        and _are_same(qualifiers.technique, others.technique)
        and _are_same(claim.value.outcome, other.value.outcome)
        and _have_like_times(claim, other)
    )


def _have_like_times(claim: seed.ClaimIn[FindingValue], other: seed.ClaimIn[FindingValue]) -> bool:
    if claim.value.at is None or other.value.at is None:
        return _are_same(_get_time(claim), _get_time(other))
    days = sorted((duration_to_days(claim.value.at), duration_to_days(other.value.at)))
    return days[1] <= _MAX_TIME_RATIO * days[0]


def _get_time(claim: seed.ClaimIn[FindingValue]) -> str | None:
    return claim.value.at_label or claim.qualifiers.time or claim.value.at


def _do_findings_oppose(claim: seed.ClaimIn[FindingValue], other: seed.ClaimIn[FindingValue]) -> bool:
    directions = {claim.value.direction, other.value.direction}
    return (
        "favors" in directions
        and not directions.isdisjoint({"no_difference", "against"})
        # Without a comparison there is no direction.
        and all(_is_compared(member) for member in (claim, other))
        and _are_independent(claim, other)
    )


def _is_compared(claim: seed.AnyClaimIn) -> bool:
    return claim.qualifiers.comparator is not None or claim.qualifiers.comparator_is_sham is True


def _describe_comparator(claim: seed.AnyClaimIn) -> str:
    match claim.qualifiers.comparator_is_sham:
        case True:
            return "Studies against a sham differ"
        case False:
            return "Studies against another treatment differ"
    return "Studies whose comparator is not said to be a sham differ"


def _label_directions(cluster: Claims) -> list[tuple[str, str]]:
    return [(claim.value.direction, claim.id) for claim in cluster]


# Estimates of relief


def list_comparable_estimates(
    claims: Iterable[seed.AnyClaimIn], sources: Mapping[str, seed.SourceIn]
) -> list[seed.ClaimIn[ReliefDurationValue]]:
    """List the estimates of relief that may disagree: independent ones with a figure."""
    return [
        claim
        for claim in claims
        if isinstance(claim.value, ReliefDurationValue)
        and claim.value.statistic not in vocabulary.NO_ESTIMATE - {"up_to"}
        and (claim.value.min or claim.value.max)
        and not is_commercial(claim, sources)
    ]


def is_same_estimate(claim: seed.ClaimIn[ReliefDurationValue], other: seed.ClaimIn[ReliefDurationValue]) -> bool:
    """Whether two estimates of a procedure are of the same intent, measure, population, technique and definition."""
    qualifiers, others = claim.qualifiers, other.qualifiers
    return (
        claim.value.intent == other.value.intent
        and claim.value.measure == other.value.measure
        and _are_same(qualifiers.population, others.population)
        and _are_same(qualifiers.technique, others.technique)
        and _are_same(qualifiers.definition, others.definition)
    )


def do_estimates_differ(claim: seed.ClaimIn[ReliefDurationValue], other: seed.ClaimIn[ReliefDurationValue]) -> bool:
    """Whether two estimates of different sources have no duration in common."""
    return _are_independent(claim, other) and (_ends_before(claim, other) or _ends_before(other, claim))


def _ends_before(claim: seed.ClaimIn[ReliefDurationValue], other: seed.ClaimIn[ReliefDurationValue]) -> bool:
    # Relief that was still present when observation ended has no end.
    end, start = None if claim.value.ongoing else claim.value.max, other.value.min
    return end is not None and start is not None and duration_to_days(end) < duration_to_days(start)


def _label_spans(cluster: list[seed.ClaimIn[ReliefDurationValue]]) -> list[tuple[str, str]]:
    """Label the estimates that end before another one begins `shorter`, and the others `longer`."""
    return [
        ("shorter" if any(_ends_before(claim, other) for other in cluster) else "longer", claim.id) for claim in cluster
    ]


# Questions


@lru_cache(maxsize=10_000)
def _list_words(text: str) -> frozenset[str]:
    """List the words of a text that have content, without plural endings and numbers."""
    kept = _PERIOD.sub(" ", normalize(text)).split()
    words = (word for word in kept if word not in _EMPTY_WORDS and not word.isdigit())
    singular = (word.removesuffix("s") if len(word) > 3 else word for word in words)
    return frozenset(_SYNONYMS.get(word, word) for word in singular)


def _are_same(text: str | None, other: str | None) -> bool:
    """Whether both are unstated, or both are stated and one has all the words of the other."""
    if text is None or other is None:
        return text is other
    words, other_words = _list_words(text), _list_words(other)
    return words <= other_words or other_words <= words


def _build_conflict(claim_kind: str, dimension: str, labeled_claims: list[tuple[str, str]]) -> Json:
    claims_by_position: dict[str, list[str]] = {}
    for position, claim_id in labeled_claims:
        claims_by_position.setdefault(position, []).append(claim_id)
    positions = [{"position": position, "claims": sorted(ids)} for position, ids in sorted(claims_by_position.items())]
    return {"claim_kind": claim_kind, "dimension": dimension, "positions": positions}
