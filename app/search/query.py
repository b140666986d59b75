"""From a query to records, with the reason for each: which name or text matched, and where."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import tantivy

from app.search.folding import fold
from app.search.index import BODY, NAMES, SUMMARY, TYPES, Entry, SearchIndex
from app.search.understand import Read, read_query
from app.search.words import content_stems, levels, stems

# What a match in a name of this kind is worth.
KIND_WEIGHT: Final = {"preferred": 1.0, "synonym": 0.95, "abbreviation": 0.95, "lay_name": 0.93, "patient_phrase": 0.85}
# The best that the index finds are judged; what comes after them is not counted either.
CANDIDATES: Final = 50
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
MIN_NAME: Final = 0.3
# A name of one word must have this share of the query's weight.
MUCH: Final = 0.6
_TERMS: Final = 10_000
_BOOSTS: Final = (("names", 6.0), ("summary", 1.5), ("body", 0.5))


@dataclass(slots=True)
class Hit:
    """A record found, and why."""

    entry: Entry
    score: float
    field: str
    kind: str
    text: str
    exact: bool
    # Stems of the query that the record has.
    present: list[str]


def search(index: SearchIndex, text: str, types: tuple[str, ...] = ()) -> tuple[Read, list[Hit]]:
    """Records that match, best first: records, then guide pages, then sources; ties by type and slug."""
    read = read_query(index, text)
    query = fold(levels(text))
    called = _called_so(index, query)
    if not called and not any(read.words):
        return read, []
    wanted = sorted(set(types or TYPES))
    hits = []
    for address in _candidates(index, read, called, wanted):
        entry = index.entry(address)
        if (hit := _judge(entry, read, called.get(entry.key))) is not None:
            hits.append(hit)
    # Something is called just so: what only speaks of it was not meant.
    if any(hit.exact or (hit.field == "names" and hit.score >= 100) for hit in hits):
        hits = [hit for hit in hits if hit.field != "claims"]
    hits.sort(key=_place)
    return read, hits


def _place(hit: Hit) -> tuple[Any, ...]:
    # Among equals the plainer name was meant: radiofrequency ablation before one of its forms.
    entry = hit.entry
    return entry.group, -round(hit.score, 2), entry.tie


def _called_so(index: SearchIndex, query: str) -> dict[str, tuple[str, str]]:
    """Records that have the whole query as a name: key -> (kind, text) of the name that is worth most."""
    found: dict[str, tuple[str, str]] = {}
    for kind, text, type_, slug in index.exact.get(query, ()):
        held = found.setdefault(f"{type_}/{slug}", (kind, text))
        if KIND_WEIGHT.get(kind, 0.9) > KIND_WEIGHT.get(held[0], 0.9):
            found[f"{type_}/{slug}"] = (kind, text)
    return found


def _candidates(index: SearchIndex, read: Read, called: Iterable[str], types: Collection[str]) -> list[Any]:
    parts: list[Any] = []
    for alternatives, weight in zip(read.words, read.weights, strict=True):
        for stem, likeness in alternatives.items():
            parts += _terms(index, stem, likeness * weight)
    for key in called:
        term = tantivy.Query.term_query(index.schema, "key", key)
        parts.append((tantivy.Occur.Should, tantivy.Query.boost_query(term, 1000.0)))
    most = CANDIDATES
    query = tantivy.Query.boolean_query(parts)
    if len(types) < len(TYPES):
        # Judged are the best of the wanted types, not those of them among the best of all.
        wanted = [(tantivy.Occur.Should, tantivy.Query.term_query(index.schema, "type", name)) for name in types]
        # Which type it is does not rank.
        among = tantivy.Query.const_score_query(tantivy.Query.boolean_query(wanted), 0.0)
        query = tantivy.Query.boolean_query([(tantivy.Occur.Must, among), (tantivy.Occur.Must, query)])
    found = index.searcher.search(query, most, count=False)
    return [address for _, address in found.hits]


def _judge(entry: Entry, read: Read, called: tuple[str, str] | None) -> Hit | None:
    where = entry.where
    present = [stem for stem in read.stems if stem in where]
    if read.phrases and not all(_has_phrase(entry, phrase) for phrase in read.phrases):
        return None
    if called is not None:
        kind, text = called
        return Hit(entry, 1000 * KIND_WEIGHT.get(kind, 0.9), "names", kind, text, exact=True, present=present)
    names, summary, body, anywhere = _coverage(entry, read, present)
    # Common words alone (pain, back) find nothing in texts: a record must be meant, not merely mention.
    much = anywhere >= MIN_COVERAGE[entry.type] and (names >= 0.3 or summary >= 0.6 or body >= 0.85)
    if not much and not (names and _has_whole_name(entry, present, names)):
        return None
    best = _best_name(entry, read, present) if names else None
    # A word or two of a long name among other words: a record must be meant, not merely touched.
    if much and (best is None or best[0] < MIN_NAME) and summary < 0.6 and body < 0.85:
        return None
    score = (best[0] * 100 if best else 0.0) + 30 * names + 12 * summary + 6 * body
    if best is not None and names >= max(summary, 0.3):
        return Hit(entry, score, "names", best[1], best[2], exact=False, present=present)
    where_found = "summary" if summary >= body and entry.summary else "claims"
    return Hit(entry, score, where_found, "text", entry.summary or entry.name, exact=False, present=present)


def _coverage(entry: Entry, read: Read, present: list[str]) -> tuple[float, float, float, float]:
    """Shares of the query's weight (0 to 1) that names, summary, body, and all of them together have."""
    names = summary = body = anywhere = 0.0
    where = entry.where
    if len(read.words) == 1:
        # Most queries: the share of the one word is its likeness.
        alternatives = read.words[0]
        for stem in present:
            likeness, bits = alternatives[stem], where[stem]
            if bits & NAMES and likeness > names:
                names = likeness
            if bits & SUMMARY and likeness > summary:
                summary = likeness
            if bits & BODY and likeness > body:
                body = likeness
        return names, summary, body, max(names, summary, body)
    for alternatives, weight in zip(read.words, read.weights, strict=True):
        in_names = in_summary = in_body = 0.0
        for stem in present:
            likeness, bits = alternatives.get(stem, 0.0), where[stem]
            if bits & NAMES and likeness > in_names:
                in_names = likeness
            if bits & SUMMARY and likeness > in_summary:
                in_summary = likeness
            if bits & BODY and likeness > in_body:
                in_body = likeness
        names += weight * in_names
        summary += weight * in_summary
        body += weight * in_body
        anywhere += weight * max(in_names, in_summary, in_body)
    total = read.total
    return names / total, summary / total, body / total, anywhere / total


def _best_name(entry: Entry, read: Read, present: list[str]) -> tuple[float, str, str] | None:
    """The name that fits best: (score, kind, text)."""
    best: tuple[float, float, str, str] | None = None
    for kind, text, words in entry.names:
        matched = [stem for stem in present if stem in words]
        if not matched:
            continue
        coverage = 0.0
        for alternatives, weight in zip(read.words, read.weights, strict=True):
            coverage += weight * max([alternatives.get(stem, 0.0) for stem in matched])
        coverage /= read.total
        precision = len(matched) / len(set(words))
        complete = 0.15 if precision == 1.0 and coverage > 0.95 else 0.0
        worth = KIND_WEIGHT.get(kind, 0.9)
        score = worth * (coverage * (0.55 + 0.45 * precision) + complete)
        if best is None or (score, worth) > best[:2]:
            best = (score, worth, kind, text)
    return best and (best[0], best[2], best[3])


def _has_whole_name(entry: Entry, present: list[str], share: float) -> bool:
    """Does the query have a whole name among its other words: one of several words, or one that is much of the query."""
    have = frozenset(present)
    return any((len(words) > 1 or share >= MUCH) and have.issuperset(words) for _, _, words in entry.names)


def _has_phrase(entry: Entry, phrase: tuple[str, ...]) -> bool:
    size = len(phrase)
    texts = [words for _, _, words in entry.names] + [content_stems(entry.summary)]
    return any(phrase == words[place : place + size] for words in texts for place in range(len(words) - size + 1))


def _terms(index: SearchIndex, stem: str, weight: float) -> list[Any]:
    """A stem looked for in every field. Words of queries are few and come again: the parts are kept."""
    held = index.terms
    parts = held.get((stem, weight))
    if parts is None:
        if len(held) > _TERMS:
            held.clear()
        term, boosted = tantivy.Query.term_query, tantivy.Query.boost_query
        parts = held[stem, weight] = [
            (tantivy.Occur.Should, boosted(term(index.schema, name, stem), boost * weight)) for name, boost in _BOOSTS
        ]
    return parts


def highlights(text: str, present: Iterable[str]) -> list[tuple[int, int]]:
    """Where words with these stems stand in a plain text: offsets in characters, ends excluded."""
    standing = _standing(text)
    return sorted({span for stem in present for span in standing.get(stem, ())})


@lru_cache(maxsize=8_192)
def _standing(text: str) -> dict[str, list[tuple[int, int]]]:
    """Stem -> where words with it stand in a text."""
    found: dict[str, list[tuple[int, int]]] = {}
    for match in re.finditer(r"[^\W_]+", text):
        for stem in stems(match[0]):
            found.setdefault(stem, []).append((match.start(), match.end()))
    return found
