"""From a query to records, with the reason for each: which name or text matched, and where."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
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
    SOURCE_FIELD,
    SUMMARY_WEIGHT,
    Hit,
    IndexedName,
    IndexedRecord,
    SearchIndex,
    build_hit,
    build_name_hit,
    compute_fit,
)
from app.search.query_parser import ParsedQuery, parse_query
from app.search.stemming import stem_content_words, stem_words

# Below this share of the query's weight a record was not meant.
MIN_COVERAGE: Final = {
    "procedure": 0.5,
    "condition": 0.45,
    "pain_generator": 0.5,
    "risk": 0.6,
    "guide_page": 0.6,
    "source": 0.75,
}
# Below this worth (0 to about 1.1) a name is touched by a word or two, not meant.
MIN_NAME_FIT: Final = 0.3
# A name of one word, or the summary, must have this share of the query's weight; other texts must have nearly all of it.
MIN_TEXT_SHARE: Final = 0.6
MIN_BODY_SHARE: Final = 0.85
# In a long query: so many of its words in names of the record, or of what it is joined to, and this share of its weight.
MIN_NAMED_TERMS: Final = 2
MIN_LONG_QUERY_SHARE: Final = 0.33
# So many words of the query are in phrases, with `NEAR` of its weight, that none of the words need be one of the field.
MIN_PHRASE_TERMS: Final = 3
# A hit has this share of the best one's score.
MIN_SHARE_OF_BEST: Final = 0.5
# From this score on something is called so.
EXACT_SCORE: Final = 115.0
# Words of the longest name that is looked for inside a query.
_MAX_NAME_WORDS: Final = 6
_MAX_CACHED_TERMS: Final = 10_000
_SORT_KEY: Final = attrgetter("sort_key")


def search(index: SearchIndex, text: str, types: tuple[str, ...] = ()) -> tuple[ParsedQuery, list[Hit]]:
    """Records that match, best first: records, then guide pages, then sources; ties by type and slug."""
    read = parse_query(index, text)
    called = _find_exact_names(index, read.normalized)
    if not called and not any(read.terms):
        return read, []
    hits = [_build_exact_hit(index.get_record(place), read, *name) for place, name in called.items()]
    if types:
        hits = [hit for hit in hits if hit.record.type in types]
    one_word = len(read.terms) == 1 and not read.phrases
    judge = _score_single_term if one_word else _score_record
    contained = {} if one_word else _find_names_within(index, read.corrected)
    known, plain = index.record_cache, read.only_stem if one_word else ""
    # The best score so far; nothing below a share of it comes to be shown.
    best = min(max([hit.score for hit in hits], default=0.0), EXACT_SCORE)
    for place in {**contained, **dict.fromkeys(_find_candidates(index, read, types))}:
        entry = known.get(place) or index.get_record(place)
        if place in called or (types and entry.type not in types):
            continue
        # The word as it stands, in a name of which it is enough: nothing else can be better.
        hit = entry.hits_by_stem.get(plain) or judge(entry, read, MIN_SHARE_OF_BEST * best)
        if hit is not None:
            hits.append(hit)
            if hit.score > best:
                best = min(hit.score, EXACT_SCORE)
    # Something is called just so: what only speaks of it was not meant.
    apart = "claims" if best == EXACT_SCORE else ""
    kept = [hit for hit in hits if hit.score >= MIN_SHARE_OF_BEST * best and hit.matched_field != apart]
    # Among equals the plainer name was meant: radiofrequency ablation before one of its forms.
    kept.sort(key=_SORT_KEY)
    return read, kept


def _find_exact_names(index: SearchIndex, query: str) -> dict[int, tuple[str, str]]:
    """Records that have the whole query as a name: place -> (kind, text) of the name that is worth most."""
    found: dict[int, tuple[str, str]] = {}
    for kind, text, place in index.exact_names.get(query, ()):
        held = found.setdefault(place, (kind, text))
        if NAME_KIND_WEIGHT.get(kind, 0.9) > NAME_KIND_WEIGHT.get(held[0], 0.9):
            found[place] = (kind, text)
    return found


def _find_names_within(index: SearchIndex, query: str) -> dict[int, None]:
    """Places of the records of which the query has a whole name among its other words."""
    words = query.split()
    found: dict[int, None] = {}
    for start in range(len(words)):
        for end in range(start + 1, min(start + _MAX_NAME_WORDS, len(words)) + 1):
            found.update((place, None) for _, _, place in index.exact_names.get(" ".join(words[start:end]), ()))
    return found


def _find_candidates(index: SearchIndex, read: ParsedQuery, types: Collection[str]) -> list[int]:
    """Places of the records that the index ranks highest. No boosts: they would keep it from skipping what cannot win."""
    found: list[int] = []
    alone = read.stems[0] if len(read.stems) == 1 and not types else ""
    for field, most in MAX_CANDIDATES.items():
        if known := index.champions.get((field, alone)):
            found += known
            continue
        here = [name for name in types if (name == "source") == (field == SOURCE_FIELD)]
        if types and not here:
            continue
        query = tantivy.Query.boolean_query([_get_term_query(index, field, stem) for stem in read.stems])
        if types and field == RECORD_FIELD:
            # Judged are the best of the wanted types, not those of them among the best of all.
            wanted = [
                (tantivy.Occur.Should, tantivy.Query.term_query(index.schema, "type", name)) for name in sorted(here)
            ]
            # Which type it is does not rank.
            among = tantivy.Query.const_score_query(tantivy.Query.boolean_query(wanted), 0.0)
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, among), (tantivy.Occur.Must, query)])
        found += [
            address.doc
            for _, address in index.searcher.search(query, MAX_CANDIDATES_OF_TYPES if types else most, count=False).hits
        ]
    return found


def _build_exact_hit(entry: IndexedRecord, read: ParsedQuery, kind: str, text: str) -> Hit:
    present = [stem for stem in read.stems if stem in entry.field_masks]
    return build_hit(entry, 1000 * NAME_KIND_WEIGHT.get(kind, 0.9), ("names", kind, text), present, exact=True)


def _score_record(entry: IndexedRecord, read: ParsedQuery, _least: float) -> Hit | None:
    if read.phrases and not all(_has_phrase(entry, phrase) for phrase in read.phrases):
        return None
    where = entry.field_masks
    present = [stem for stem in read.stems if stem in where]
    share = _compute_coverage(entry, read, present)
    best = _find_best_name(entry, read, present) if share.names else None
    if not _passes_threshold(entry, share, best, present):
        return None
    score = 60 * (best[0] if best else 0.0) + 60 * share.weighted
    if best is not None and share.names >= max(share.summary, 0.3):
        return build_name_hit(entry, score, best[1], present)
    return _build_text_hit(entry, score, present, summary=share.summary >= share.body)


def _build_text_hit(entry: IndexedRecord, score: float, present: Sequence[str], *, summary: bool) -> Hit:
    field = "summary" if summary and entry.summary else "claims"
    return build_hit(entry, score, (field, "text", entry.summary or entry.name), present, exact=False)


def _score_single_term(entry: IndexedRecord, read: ParsedQuery, least: float) -> Hit | None:
    """The same for a query of one word, most of them: by its best reading, with what is known of the record before."""
    where = entry.field_masks
    best, stem, likeness, bits = 0.0, "", 0.0, 0
    for one, alike in read.terms[0].items():
        places = where.get(one, 0)
        if (worth := alike * FIELD_WEIGHT_BY_MASK[places]) > best:
            best, stem, likeness, bits = worth, one, alike, places
    if not bits & IN_NAMES and 60 * best < least:
        return None
    everyday = stem not in read.clinical_stems and entry.type != "source"
    enough = likeness >= MIN_COVERAGE[entry.type]
    texts = (bits & IN_SUMMARY and likeness >= MIN_TEXT_SHARE) or (bits & IN_BODY and likeness >= MIN_BODY_SHARE)
    if bits & IN_NAMES:
        held = entry.best_names[stem]
        fitting = held.fit if likeness == 1.0 else compute_fit(held.name, likeness, held.name_share)
        if everyday and fitting < GOOD_NAME_FIT:
            return None
        if (enough and (texts or fitting >= MIN_NAME_FIT)) or (
            likeness >= MIN_TEXT_SHARE and stem in entry.one_stem_names
        ):
            return build_name_hit(entry, 60 * (fitting + best), held.name, (stem,))
    elif enough and texts and not everyday:
        return _build_text_hit(entry, 60 * best, [stem], summary=bool(bits & IN_SUMMARY))
    return None


def _passes_threshold(
    entry: IndexedRecord, share: "Coverage", best: tuple[float, IndexedName] | None, present: Sequence[str]
) -> bool:
    """Was this record meant, and not merely touched by some words of the query."""
    # A title is in everyone's language too.
    everyday = entry.type != "source" and not share.is_clinical
    if (
        everyday
        and not (best and best[0] >= GOOD_NAME_FIT)
        and not (share.named_terms >= MIN_PHRASE_TERMS and share.names >= GOOD_NAME_FIT)
    ):
        return False
    if share.named_terms >= MIN_NAMED_TERMS and share.weighted >= MIN_LONG_QUERY_SHARE:
        return True
    # Common words alone (pain, back) find nothing in texts: a record must be meant, not merely mention.
    texts = share.summary >= MIN_TEXT_SHARE or share.body >= MIN_BODY_SHARE
    if share.anywhere >= MIN_COVERAGE[entry.type] and (texts or (best is not None and best[0] >= MIN_NAME_FIT)):
        return True
    return best is not None and _has_whole_name(entry, present, share.names)


@dataclass(slots=True)
class Coverage:
    """Shares (0 to 1) of the query's weight that parts of a record have."""

    names: float = 0.0
    summary: float = 0.0
    body: float = 0.0
    # Any of them, and any of them by what the place is worth.
    anywhere: float = 0.0
    weighted: float = 0.0
    # Words of the query that names have, its own or of what it is joined to.
    named_terms: int = 0
    # One of the words at least is a word of the field, not only of everyone's language.
    is_clinical: bool = False


def _compute_coverage(entry: IndexedRecord, read: ParsedQuery, present: Sequence[str]) -> Coverage:
    found = Coverage(is_clinical=not read.clinical_stems.isdisjoint(present))
    where = entry.field_masks
    for alternatives, weight in zip(read.terms, read.weights, strict=True):
        in_names = in_context = in_summary = in_body = 0.0
        for stem in present:
            likeness = alternatives.get(stem)
            if likeness is None:
                continue
            bits = where[stem]
            if bits & IN_NAMES and likeness > in_names:
                in_names = likeness
            if bits & IN_CONTEXT and likeness > in_context:
                in_context = likeness
            if bits & IN_SUMMARY and likeness > in_summary:
                in_summary = likeness
            if bits & IN_BODY and likeness > in_body:
                in_body = likeness
        found.names += weight * in_names
        found.summary += weight * in_summary
        found.body += weight * in_body
        found.anywhere += weight * max(in_names, in_context, in_summary, in_body)
        found.weighted += weight * max(
            in_names, CONTEXT_WEIGHT * in_context, SUMMARY_WEIGHT * in_summary, BODY_WEIGHT * in_body
        )
        if max(in_names, in_context) >= MIN_TEXT_SHARE:
            found.named_terms += 1
    total = read.total_weight
    found.names, found.summary, found.body = found.names / total, found.summary / total, found.body / total
    found.anywhere, found.weighted = found.anywhere / total, found.weighted / total
    return found


def _find_best_name(
    entry: IndexedRecord, read: ParsedQuery, present: Sequence[str]
) -> tuple[float, IndexedName] | None:
    """The name that fits best, and how well."""
    best: tuple[float, float, IndexedName] | None = None
    for name in entry.names:
        worths = name.stem_weights
        matched = [stem for stem in present if stem in worths]
        if not matched:
            continue
        coverage = 0.0
        for alternatives, weight in zip(read.terms, read.weights, strict=True):
            coverage += weight * max([alternatives.get(stem, 0.0) for stem in matched])
        part = sum([worths[stem] for stem in matched]) / name.total_weight
        score = compute_fit(name, coverage / read.total_weight, part)
        if best is None or (score, name.kind_weight) > best[:2]:
            best = (score, name.kind_weight, name)
    return best and (best[0], best[2])


def _has_whole_name(entry: IndexedRecord, present: Sequence[str], share: float) -> bool:
    """Does the query have a whole name among its other words: one of several words, or one that is much of the query."""
    have = frozenset(present)
    return any((len(name.stems) > 1 or share >= MIN_TEXT_SHARE) and have.issuperset(name.stems) for name in entry.names)


def _has_phrase(entry: IndexedRecord, phrase: tuple[str, ...]) -> bool:
    size = len(phrase)
    texts = [name.stems for name in entry.names] + [stem_content_words(entry.summary)]
    return any(phrase == words[place : place + size] for words in texts for place in range(len(words) - size + 1))


def _get_term_query(index: SearchIndex, field: str, stem: str) -> Any:  # noqa: ANN401 - tantivy's own query
    """A stem looked for. Words of queries are few and come again: the parts are kept."""
    held = index.term_query_cache
    part = held.get((field, stem))
    if part is None:
        if len(held) > _MAX_CACHED_TERMS:
            held.clear()
        term = tantivy.Query.term_query(index.schema, field, stem, index_option="freq")
        part = held[field, stem] = (tantivy.Occur.Should, term)
    return part


def find_highlights(text: str, present: Iterable[str]) -> list[tuple[int, int]]:
    """Where words with these stems stand in a plain text: offsets in characters, ends excluded."""
    standing = _find_stem_spans(text)
    found = [span for stem in present if stem in standing for span in standing[stem]]
    return found if len(found) < 2 else sorted(set(found))


@lru_cache(maxsize=8_192)
def _find_stem_spans(text: str) -> dict[str, list[tuple[int, int]]]:
    """Stem -> where words with it stand in a text."""
    found: dict[str, list[tuple[int, int]]] = {}
    for match in re.finditer(r"[^\W_]+", text):
        for stem in stem_words(match[0]):
            found.setdefault(stem, []).append((match.start(), match.end()))
    return found
