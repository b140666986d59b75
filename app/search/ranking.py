"""Ranking: from a query to scored hits, each with the name or text that matched."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import takewhile
from operator import attrgetter
from typing import Any, Final

import tantivy

from app.search.index import (
    BODY_WEIGHT,
    CONTEXT_WEIGHT,
    FIELD_WEIGHT_BY_MASK,
    GOOD_NAME_FIT,
    IN_BODY,
    IN_CONTEXT,
    IN_NAMES,
    IN_SUMMARY,
    MAX_CANDIDATES,
    MAX_CANDIDATES_OF_TYPES,
    NAME_KIND_WEIGHT,
    RECORD_FIELD,
    REGIONAL_TYPES,
    SOURCE_FIELD,
    SUMMARY_WEIGHT,
    Hit,
    IndexedName,
    IndexedRecord,
    SearchIndex,
    build_hit,
    build_name_hit,
    compute_fit,
    shares_one_word,
)
from app.search.panics import panics_as_errors
from app.search.query_parser import ParsedQuery, parse_query
from app.search.stemming import LAY_SYNONYMS, find_body_regions, find_spine_regions, stem_content_words
from app.text.normalize import fold_inflection, normalize
from app.text.stems import stem_words

# Minimum share of the query's weight that a record must cover.
MIN_COVERAGE: Final = {
    "procedure": 0.5,
    "condition": 0.45,
    "pain_generator": 0.5,
    "risk": 0.6,
    "guide_page": 0.6,
    "source": 0.75,
}
# Below this fit (0 to 1.15) a name merely shares a word or two with the query.
MIN_NAME_FIT: Final = 0.3
# Minimum share of the query's weight in the summary (or in a name of one word), and in the other texts.
MIN_TEXT_SHARE: Final = 0.6
MIN_BODY_SHARE: Final = 0.85
# A long query matches by this many terms in names or linked names, with this share of its weight.
MIN_NAMED_TERMS: Final = 2
MIN_LONG_QUERY_SHARE: Final = 0.33
# With this many terms in a patient phrase, and a share of `GOOD_NAME_FIT`, no term needs to be clinical vocabulary.
MIN_PHRASE_TERMS: Final = 3
# In a query of so few words each says what is wanted: this share of its weight must be in names or linked names, some of it in
# own names, unless most of a name stands in it. Cubital tunnel syndrome is no carpal tunnel syndrome.
MIN_NAMED_SHARE: Final = {2: 0.7, 3: 0.7, 4: 0.5}
MIN_OWN_SHARE: Final = 0.2
# Least share of such a query that a whole name must be, and most of a name or phrase.
MIN_WHOLE_NAME_SHARE: Final = 0.4
MIN_MOST_NAME_SHARE: Final = 0.5
# Less of a phrase than this is no answer to a query of so few words, if the record's own names have none of them.
MIN_PHRASE_SHARE: Final = 0.5
MAX_FRAGMENT_TERMS: Final = 3
# What is most of a name.
MOST_OF_NAME: Final = 0.8
# Minimum score of a hit as a share of the best score.
MIN_SHARE_OF_BEST: Final = 0.5
# From this score on, the query is a name of the record.
EXACT_SCORE: Final = 115.0
# Least score of a procedure or condition whose whole name is in the query, and what each word of the name adds. Names of risks
# and structures are words of any question: pain, infection, shoulder.
NAMED_TYPES: Final = frozenset({"procedure", "condition"})
NAMED_SCORE: Final = 45.0
NAMED_WORD_SCORE: Final = 10.0
# What is left of the score of a record of another region of the body than the query names.
OTHER_REGION_FACTOR: Final = 0.7
# What is left of the score of another record where a procedure is wanted. What was done before says only when: headache after an
# injection.
OTHER_TYPE_FACTOR: Final = 0.7
_AFTER: Final = frozenset({"after", "during", "following", "from", "since"})
_OTHER_TYPES: Final = frozenset({"condition", "pain_generator", "risk"})
# Number of words in the longest name that is looked up inside a query.
_MAX_NAME_WORDS: Final = 12
_MAX_CACHED_TERMS: Final = 10_000
_SORT_KEY: Final = attrgetter("sort_key")


def search(index: SearchIndex, text: str, types: tuple[str, ...] = ()) -> tuple[ParsedQuery, list[Hit]]:
    """Return the parsed query and its hits: records, then guide pages, then sources, each by score, then type and slug."""
    query = parse_query(index, text)
    exact_names = _find_exact_names(index, query.normalized)
    if not exact_names and not any(query.terms):
        return query, []
    hits = [_build_exact_hit(index.get_record(doc_id), query, *name) for doc_id, name in exact_names.items()]
    if types:
        hits = [hit for hit in hits if hit.record.type in types]
    single_term = len(query.terms) == 1 and not query.phrases
    score_candidate = _score_single_term if single_term else _score_record
    contained = {} if single_term else _find_names_within(index, query.corrected)
    cached_records, only_stem = index.record_cache, query.only_stem if single_term else ""
    # Hits below a share of the best score so far are dropped at the end. Sources come last, however well their titles match.
    best_score = min(max([hit.score for hit in hits if hit.record.type != "source"], default=0.0), EXACT_SCORE)
    for doc_id in {**contained, **dict.fromkeys(_find_candidates(index, query, types))}:
        record = cached_records.get(doc_id) or index.get_record(doc_id)
        if doc_id in exact_names or (types and record.type not in types):
            continue
        # The uncorrected word in a name that fits well is the best possible match.
        hit = record.hits_by_stem.get(only_stem) or score_candidate(record, query, MIN_SHARE_OF_BEST * best_score)
        if doc_id in contained:
            hit = _add_named_hit(record, query, hit, *contained[doc_id])
        if hit is not None:
            hits.append(hit)
            if hit.score > best_score and record.type != "source":
                best_score = min(hit.score, EXACT_SCORE)
    _lift_named_hits(query, hits, [index.get_record(doc_id) for doc_id in _find_outermost(contained)])
    if body_words := find_body_regions(query.interpretation.words):
        _lower_hits_of_other_regions(hits, body_words)
    if wanted := _find_wanted_stems(index, query):
        _lower_hits_without(hits, wanted)
    # A question about the neck is not answered by a record of the lower back.
    if regions := find_spine_regions(query.interpretation.words):
        hits = [hit for hit in hits if hit.exact or not _is_of_other_region(hit.record, regions)]
    # When the query is a name, records that only mention it were not meant.
    excluded_field = "claims" if best_score == EXACT_SCORE else ""
    best_source = max([best_score, *(min(hit.score, EXACT_SCORE) for hit in hits if hit.record.type == "source")])
    kept = [
        hit
        for hit in hits
        if hit.score >= MIN_SHARE_OF_BEST * (best_source if hit.record.type == "source" else best_score)
        and hit.matched_field != excluded_field
    ]
    # Among equals the shorter name was meant: radiofrequency ablation before one of its forms.
    kept.sort(key=_SORT_KEY)
    if len(query.stems) > 1 and len({hit.score for hit in kept}) < len(kept):
        # Of two with the same other name, that whose own name has more of the query.
        kept.sort(key=lambda hit: (*hit.sort_key[:2], -len(hit.record.preferred_stems.intersection(query.stems))))
    return query, kept


def list_nearest_topics(index: SearchIndex, query: ParsedQuery) -> list[str]:
    """Names of the procedures, conditions and structures that share most with a query without hits."""
    topics = []
    for doc_id in _find_candidates(index, query, ()) if query.stems else ():
        record = index.get_record(doc_id)
        matched = query.clinical_stems & record.name_stems
        if matched and record.type in REGIONAL_TYPES:
            topics.append((-sum(map(index.weigh_stem, matched)), record.tie_break, record.name))
    return [name for _, _, name in sorted(topics)]


def _is_of_other_region(record: IndexedRecord, regions: set[str]) -> bool:
    """Whether the name of a record names a region of the spine, and none of these."""
    own_regions = find_spine_regions(normalize(record.name).split())
    return bool(own_regions) and own_regions.isdisjoint(regions) and record.type in REGIONAL_TYPES


def _lower_hits_of_other_regions(hits: list[Hit], body_words: dict[str, str]) -> None:
    """Lower the score of records of other regions of the body than the query names, unless their names have its word."""
    regions = set(body_words.values())
    stems = [stem for word in body_words for stem in stem_content_words(word)]
    for hit in hits:
        record = hit.record
        if (
            record.body_regions
            and record.body_regions.isdisjoint(regions)
            and not hit.exact
            and not any(record.field_masks.get(stem, 0) & IN_NAMES for stem in stems)
        ):
            hit.set_score(round(hit.score * OTHER_REGION_FACTOR, 2))


def _find_wanted_stems(index: SearchIndex, query: ParsedQuery) -> set[str]:
    """Stems of the query that say a procedure is wanted."""
    if index.procedure_stems.isdisjoint(query.stems):
        return set()
    words = takewhile(lambda word: word not in _AFTER, query.corrected.split())
    stems = {stem for word in words for stem in stem_content_words(LAY_SYNONYMS.get(word, word))}
    return stems & index.procedure_stems


def _lower_hits_without(hits: list[Hit], wanted: set[str]) -> None:
    """Lower the score of what is no procedure and has no name with a wanted stem."""
    for hit in hits:
        record = hit.record
        if record.type in _OTHER_TYPES and not hit.exact and record.name_stems.isdisjoint(wanted):
            hit.set_score(round(hit.score * OTHER_TYPE_FACTOR, 2))


def _find_exact_names(index: SearchIndex, normalized: str) -> dict[int, tuple[str, str]]:
    """Return document id -> (kind, text) of the highest-weighted name that is the whole query."""
    exact_names: dict[int, tuple[str, str]] = {}
    for name_kind, text, doc_id in index.exact_names.get(normalized, ()):
        best = exact_names.setdefault(doc_id, (name_kind, text))
        if NAME_KIND_WEIGHT[name_kind] > NAME_KIND_WEIGHT[best[0]]:
            exact_names[doc_id] = (name_kind, text)
    return exact_names


def _find_names_within(index: SearchIndex, normalized: str) -> dict[int, tuple[int, str]]:
    """Return document id -> (words, text) of the longest name that is contained whole in the query; 0 words: a phrase.

    Only names count, not the phrases of patients: their words are those of any question.
    """
    names: dict[int, tuple[int, str]] = {}
    # Epidurals for back pain name the epidural.
    for words in {tuple(form.split()): None for form in (normalized, fold_inflection(normalized))}:
        for start in range(len(words)):
            for end in range(start + 1, min(start + _MAX_NAME_WORDS, len(words)) + 1):
                for name_kind, text, doc_id in index.exact_names.get(" ".join(words[start:end]), ()):
                    length = 0 if name_kind == "patient_phrase" else end - start
                    names[doc_id] = max(names.get(doc_id, (0, "")), (length, text))
    return names


def _find_outermost(names: dict[int, tuple[int, str]]) -> list[int]:
    """Documents of names that are in no longer one: knee osteoarthritis says more than osteoarthritis."""
    forms = {doc_id: f" {normalize(text)} " for doc_id, (words, text) in names.items() if words}
    return [
        doc_id for doc_id, form in forms.items() if not any(form != other and form in other for other in forms.values())
    ]


def _add_named_hit(record: IndexedRecord, query: ParsedQuery, hit: Hit | None, words: int, text: str) -> Hit | None:
    """Hit of a record whose name is in the query, whatever is around the name: at least the score of such a name.

    A phrase of several words counts in a short query.
    """
    name = next(name for name in record.names if name.text == text)
    if not _can_be_named(record, query) or (
        words == 0 and (hit or len(name.stems) < 2 or len(query.terms) not in MIN_NAMED_SHARE)
    ):
        return hit
    score = NAMED_SCORE + NAMED_WORD_SCORE * (words or len(name.stems))
    if hit is not None and hit.score >= score:
        return hit
    return build_name_hit(record, score, name, [stem for stem in query.stems if stem in record.field_masks])


def _can_be_named(record: IndexedRecord, query: ParsedQuery) -> bool:
    """Whether a name of the record in the query says that it is meant: that of a risk, if the rest is everyday words."""
    if record.type == "risk":
        return query.clinical_stems <= record.name_stems and not query.interpretation.ignored
    return record.type in NAMED_TYPES


def _lift_named_hits(query: ParsedQuery, hits: list[Hit], named: Collection[IndexedRecord]) -> None:
    """Put a record whose name is in the query before those whose names and phrases have little else of it.

    Another clinical word, or two other words, say that more than the name was meant.
    """
    refs = {(record.type, record.slug) for record in named if _can_be_named(record, query)}
    if not refs or len(hits) < 2:
        return
    # Headache after an injection is not the injection; side effects of an injection are.
    tells_when = not _AFTER.isdisjoint(query.corrected.split())
    rivals = [hit for hit in hits if (hit.record.type, hit.record.slug) not in refs and not hit.exact]
    for hit in hits:
        if (hit.record.type, hit.record.slug) not in refs:
            continue
        weights = {stem: 2 if stem in query.clinical_stems else 1 for stem in query.stems}
        others = {stem: weight for stem, weight in weights.items() if stem not in hit.record.name_stems}
        best = max(
            [
                rival.score
                for rival in rivals
                if _weigh_named(rival.record, others) < 2 or (rival.record.type == "risk" and not tells_when)
            ],
            default=0.0,
        )
        if best >= hit.score:
            hit.set_score(best + 0.01)


def _weigh_named(record: IndexedRecord, weights: dict[str, int]) -> int:
    masks = record.field_masks
    return sum([weight for stem, weight in weights.items() if masks.get(stem, 0) & IN_NAMES])


@panics_as_errors()
def _find_candidates(index: SearchIndex, query: ParsedQuery, types: Collection[str]) -> list[int]:
    """Return ids of the documents that tantivy ranks highest.

    The query has no boosts: with boosts tantivy cannot skip documents that cannot win.
    """
    doc_ids: list[int] = []
    single_stem = query.stems[0] if len(query.stems) == 1 and not types else ""
    for field, max_candidates in MAX_CANDIDATES.items():
        if champions := index.champions.get((field, single_stem)):
            doc_ids += champions
            continue
        field_types = [record_type for record_type in types if (record_type == "source") == (field == SOURCE_FIELD)]
        if types and not field_types:
            continue
        index_query = tantivy.Query.boolean_query([_get_term_query(index, field, stem) for stem in query.stems])
        if types and field == RECORD_FIELD:
            # Filtered in tantivy: the best of these types, not those of them among the best of all.
            type_terms = [
                (tantivy.Occur.Should, tantivy.Query.term_query(index.schema, "type", record_type))
                for record_type in sorted(field_types)
            ]
            # The type does not influence the rank.
            type_filter = tantivy.Query.const_score_query(tantivy.Query.boolean_query(type_terms), 0.0)
            index_query = tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, type_filter), (tantivy.Occur.Must, index_query)]
            )
        limit = MAX_CANDIDATES_OF_TYPES if types else max_candidates
        doc_ids += [address.doc for _, address in index.searcher.search(index_query, limit, count=False).hits]
    return doc_ids


def _build_exact_hit(record: IndexedRecord, query: ParsedQuery, name_kind: str, text: str) -> Hit:
    matched_stems = [stem for stem in query.stems if stem in record.field_masks]
    score = 1000 * NAME_KIND_WEIGHT[name_kind]
    return build_hit(record, score, ("names", name_kind, text), matched_stems, exact=True)


def _score_record(record: IndexedRecord, query: ParsedQuery, _min_score: float) -> Hit | None:
    if query.phrases and not all(_has_phrase(record, phrase) for phrase in query.phrases):
        return None
    field_masks = record.field_masks
    matched_stems = [stem for stem in query.stems if stem in field_masks]
    coverage = _compute_coverage(record, query, matched_stems)
    # First, because it is faster than the best name.
    if not _passes_short_query(record, query, coverage):
        return None
    best = _find_best_name(record, query, matched_stems) if coverage.names else None
    if (
        best is not None
        and len(query.terms) <= MAX_FRAGMENT_TERMS
        and record.name_stems.isdisjoint(matched_stems)
        and _is_small_part_of_phrase(best[1], query.stems)
    ):
        return None
    if not _passes_threshold(record, coverage, best, matched_stems):
        return None
    score = 60 * (best[0] if best else 0.0) + 60 * coverage.weighted
    if best is not None and coverage.names >= max(coverage.summary, 0.3):
        return build_name_hit(record, score, best[1], matched_stems)
    return _build_text_hit(record, score, matched_stems, summary=coverage.summary >= coverage.body)


def _build_text_hit(record: IndexedRecord, score: float, matched_stems: Sequence[str], *, summary: bool) -> Hit:
    field = "summary" if summary and record.summary else "claims"
    return build_hit(record, score, (field, "text", record.summary or record.name), matched_stems, exact=False)


def _score_single_term(record: IndexedRecord, query: ParsedQuery, min_score: float) -> Hit | None:
    """Score like `_score_record`, but faster: a single term, as in most queries, needs only its best alternative."""
    field_masks = record.field_masks
    weight, stem, likeness, mask = 0.0, "", 0.0, 0
    for candidate, candidate_likeness in query.terms[0].items():
        candidate_mask = field_masks.get(candidate, 0)
        if (candidate_weight := candidate_likeness * FIELD_WEIGHT_BY_MASK[candidate_mask]) > weight:
            weight, stem, likeness, mask = candidate_weight, candidate, candidate_likeness, candidate_mask
    if not mask & IN_NAMES and 60 * weight < min_score:
        return None
    everyday = stem not in query.clinical_stems and record.type != "source"
    covered = likeness >= MIN_COVERAGE[record.type]
    in_texts = (mask & IN_SUMMARY and likeness >= MIN_TEXT_SHARE) or (mask & IN_BODY and likeness >= MIN_BODY_SHARE)
    if mask & IN_NAMES and (best := record.best_names.get(stem)):
        fit = best.fit if likeness == 1.0 else compute_fit(best.name, likeness, best.name_share)
        if everyday and fit < GOOD_NAME_FIT:
            return None
        whole_name = likeness >= MIN_TEXT_SHARE and stem in record.one_stem_names
        if (covered and (in_texts or fit >= MIN_NAME_FIT)) or whole_name:
            return build_name_hit(record, 60 * (fit + weight), best.name, (stem,))
    elif covered and in_texts and not everyday:
        return _build_text_hit(record, 60 * weight, [stem], summary=bool(mask & IN_SUMMARY))
    return None


def _passes_threshold(
    record: IndexedRecord, coverage: "Coverage", best: tuple[float, IndexedName] | None, matched_stems: Sequence[str]
) -> bool:
    """Tell whether the record was meant, and does not merely share some words with the query."""
    fit = best[0] if best is not None else 0.0
    # A source has no clinical names: its title is everyday language.
    everyday = record.type != "source" and not coverage.is_clinical
    phrase = coverage.named_terms >= MIN_PHRASE_TERMS and coverage.names >= GOOD_NAME_FIT
    if everyday and fit < GOOD_NAME_FIT and not phrase:
        return False
    if coverage.named_terms >= MIN_NAMED_TERMS and coverage.weighted >= MIN_LONG_QUERY_SHARE:
        return True
    # A word that the content does not have asks for something else, unless a whole name is beside it.
    if coverage.has_unknown and coverage.named_terms < MIN_NAMED_TERMS:
        return best is not None and _has_whole_name(record, matched_stems, coverage.names)
    # Common words alone (pain, back) do not match texts: a record must be about them, not merely mention them.
    in_texts = coverage.summary >= MIN_TEXT_SHARE or coverage.body >= MIN_BODY_SHARE
    if coverage.anywhere >= MIN_COVERAGE[record.type] and (in_texts or fit >= MIN_NAME_FIT):
        return True
    return best is not None and _has_whole_name(record, matched_stems, coverage.names)


@dataclass(slots=True)
class Coverage:
    """Shares (0 to 1) of the query's weight that the fields of a record cover."""

    names: float = 0.0
    summary: float = 0.0
    body: float = 0.0
    # Any field; and any field, weighted by field.
    anywhere: float = 0.0
    weighted: float = 0.0
    # Number of terms in names of the record or of linked records, and their share; a misspelled word counts in full.
    named_terms: int = 0
    named_share: float = 0.0
    # At least one matched stem is clinical vocabulary.
    is_clinical: bool = False
    # The query has a word that no record has.
    has_unknown: bool = False


def _compute_coverage(record: IndexedRecord, query: ParsedQuery, matched_stems: Sequence[str]) -> Coverage:
    coverage = Coverage(
        is_clinical=not query.clinical_stems.isdisjoint(matched_stems),
        has_unknown=bool(query.interpretation.ignored),
    )
    field_masks = record.field_masks
    for alternatives, weight in zip(query.terms, query.weights, strict=True):
        in_names = in_context = in_summary = in_body = 0.0
        for stem in matched_stems:
            likeness = alternatives.get(stem)
            if likeness is None:
                continue
            mask = field_masks[stem]
            if mask & IN_NAMES and likeness > in_names:
                in_names = likeness
            if mask & IN_CONTEXT and likeness > in_context:
                in_context = likeness
            if mask & IN_SUMMARY and likeness > in_summary:
                in_summary = likeness
            if mask & IN_BODY and likeness > in_body:
                in_body = likeness
        coverage.names += weight * in_names
        coverage.summary += weight * in_summary
        coverage.body += weight * in_body
        coverage.anywhere += weight * max(in_names, in_context, in_summary, in_body)
        coverage.weighted += weight * max(
            in_names, CONTEXT_WEIGHT * in_context, SUMMARY_WEIGHT * in_summary, BODY_WEIGHT * in_body
        )
        if max(in_names, in_context) >= MIN_TEXT_SHARE:
            coverage.named_terms += 1
            coverage.named_share += weight / query.total_weight
    total = query.total_weight
    coverage.names, coverage.summary, coverage.body = (
        coverage.names / total,
        coverage.summary / total,
        coverage.body / total,
    )
    coverage.anywhere, coverage.weighted = coverage.anywhere / total, coverage.weighted / total
    return coverage


def _find_best_name(
    record: IndexedRecord, query: ParsedQuery, matched_stems: Sequence[str]
) -> tuple[float, IndexedName] | None:
    """Return the best fit and its name, or None if no name has a stem of the query."""
    best: tuple[float, float, IndexedName] | None = None
    for name in record.names:
        stem_weights = name.stem_weights
        name_stems = [stem for stem in matched_stems if stem in stem_weights]
        if not name_stems or shares_one_word(name, len(name_stems)):
            continue
        covered = 0.0
        for alternatives, weight in zip(query.terms, query.weights, strict=True):
            covered += weight * max([alternatives.get(stem, 0.0) for stem in name_stems])
        name_share = sum([stem_weights[stem] for stem in name_stems]) / name.total_weight
        fit = compute_fit(name, covered / query.total_weight, name_share)
        if best is None or (fit, name.kind_weight) > best[:2]:
            best = (fit, name.kind_weight, name)
    return best and (best[0], best[2])


def _has_whole_name(record: IndexedRecord, matched_stems: Sequence[str], share: float) -> bool:
    """Tell whether the query contains a whole name: one of several words, or one word that is most of the query."""
    matched = frozenset(matched_stems)
    return any(
        (len(name.stems) > 1 or share >= MIN_TEXT_SHARE) and matched.issuperset(name.stems) for name in record.names
    )


def _passes_short_query(record: IndexedRecord, query: ParsedQuery, coverage: "Coverage") -> bool:
    min_share = MIN_NAMED_SHARE.get(len(query.terms), 0.0)
    if min_share == 0.0 or record.type == "guide_page":
        return True
    return coverage.names >= MIN_OWN_SHARE and (
        coverage.named_share >= min_share
        or (
            coverage.named_share >= MIN_WHOLE_NAME_SHARE
            and any(_is_name_meant(name, query, coverage.named_share) for name in record.names)
        )
    )


def _is_small_part_of_phrase(name: IndexedName, stems: Sequence[str]) -> bool:
    """Whether a short query shares less than half of a phrase: lip injections are not lips that swell."""
    return (
        name.name_kind == "patient_phrase"
        and sum([name.stem_weights.get(stem, 0.0) for stem in stems]) < MIN_PHRASE_SHARE * name.total_weight
    )


def _is_name_meant(name: IndexedName, query: ParsedQuery, share: float) -> bool:
    """Tell whether a short query that the record covers by a share has the name, or most of it, beside other words.

    A word and its synonym are one word of the name: a pump is no intrathecal pump.
    """
    terms = sum(not alternatives.keys().isdisjoint(name.stem_weights) for alternatives in query.terms)
    if terms < 2:
        return share >= MIN_TEXT_SHARE and len(name.stem_weights) == terms
    if share >= MIN_WHOLE_NAME_SHARE and name.name_kind != "patient_phrase" and terms >= len(name.stem_weights):
        return True
    matched = sum([weight for stem, weight in name.stem_weights.items() if stem in query.stems])
    return share >= MIN_MOST_NAME_SHARE and matched >= MOST_OF_NAME * name.total_weight


def _has_phrase(record: IndexedRecord, phrase: tuple[str, ...]) -> bool:
    size = len(phrase)
    texts = [name.stems for name in record.names] + [stem_content_words(record.summary)]
    return any(phrase == stems[start : start + size] for stems in texts for start in range(len(stems) - size + 1))


def _get_term_query(index: SearchIndex, field: str, stem: str) -> Any:  # noqa: ANN401 - tantivy's own query
    """Return the clause for a stem, cached: queries share most of their words."""
    cache = index.term_query_cache
    clause = cache.get((field, stem))
    if clause is None:
        if len(cache) > _MAX_CACHED_TERMS:
            cache.clear()
        term = tantivy.Query.term_query(index.schema, field, stem, index_option="freq")
        clause = cache[field, stem] = (tantivy.Occur.Should, term)
    return clause


def find_highlights(text: str, stems: Iterable[str]) -> list[tuple[int, int]]:
    """Return (start, end) of each word with one of the stems, in code points, end excluded."""
    spans_by_stem = _find_stem_spans(text)
    spans = [span for stem in stems if stem in spans_by_stem for span in spans_by_stem[stem]]
    return spans if len(spans) < 2 else sorted(set(spans))


@lru_cache(maxsize=8_192)
def _find_stem_spans(text: str) -> dict[str, list[tuple[int, int]]]:
    """Return stem -> (start, end) of each word with that stem."""
    spans_by_stem: dict[str, list[tuple[int, int]]] = {}
    for match in re.finditer(r"[^\W_]+", text):
        for stem in stem_words(match[0]):
            spans_by_stem.setdefault(stem, []).append((match.start(), match.end()))
    return spans_by_stem
