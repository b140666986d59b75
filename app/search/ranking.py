"""From a query to records, with the reason for each: which name or text matched, and where."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

import tantivy

from app.search.index import (
    BODY,
    CONTEXT,
    IN_BODY,
    IN_CONTEXT,
    IN_SUMMARY,
    KIND_WEIGHT,
    LOOKED_AT,
    NAMES,
    NEAR,
    OF_CHOSEN_TYPES,
    RECORDS,
    SOURCES,
    SUMMARY,
    WORTH,
    Entry,
    Hit,
    Name,
    SearchIndex,
    fit,
    hit_by_name,
    hit_of,
)
from app.search.query_parser import Read, read_query
from app.search.stemming import content_stems, stems

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
# A name of one word, or the summary, must have this share of the query's weight; other texts must have nearly all of it.
MUCH: Final = 0.6
ALL_BUT: Final = 0.85
# In a long query: so many of its words in names of the record, or of what it is joined to, and this share of its weight.
FEW: Final = 2
SOME: Final = 0.33
# So many words of the query are in phrases, with `NEAR` of its weight, that none of the words need be one of the field.
MANY: Final = 3
# A hit has this share of the best one's score.
NEAR_BEST: Final = 0.5
# From this score on something is called so.
WHOLE: Final = 115.0
# Words of the longest name that is looked for inside a query.
_LONGEST: Final = 6
_TERMS: Final = 10_000
_RANK: Final = attrgetter("rank")


def search(index: SearchIndex, text: str, types: tuple[str, ...] = ()) -> tuple[Read, list[Hit]]:
    """Records that match, best first: records, then guide pages, then sources; ties by type and slug."""
    read = read_query(index, text)
    called = _called_so(index, read.folded)
    if not called and not any(read.words):
        return read, []
    hits = [_called(index.entry(place), read, *name) for place, name in called.items()]
    if types:
        hits = [hit for hit in hits if hit.entry.type in types]
    one_word = len(read.words) == 1 and not read.phrases
    judge = _judge_word if one_word else _judge
    contained = {} if one_word else _names_within(index, read.corrected)
    known, plain = index.memo, read.plain if one_word else ""
    # The best score so far; nothing below a share of it comes to be shown.
    best = min(max([hit.score for hit in hits], default=0.0), WHOLE)
    for place in {**contained, **dict.fromkeys(_candidates(index, read, types))}:
        entry = known.get(place) or index.entry(place)
        if place in called or (types and entry.type not in types):
            continue
        # The word as it stands, in a name of which it is enough: nothing else can be better.
        hit = entry.sure.get(plain) or judge(entry, read, NEAR_BEST * best)
        if hit is not None:
            hits.append(hit)
            if hit.score > best:
                best = min(hit.score, WHOLE)
    # Something is called just so: what only speaks of it was not meant.
    apart = "claims" if best == WHOLE else ""
    kept = [hit for hit in hits if hit.score >= NEAR_BEST * best and hit.field != apart]
    # Among equals the plainer name was meant: radiofrequency ablation before one of its forms.
    kept.sort(key=_RANK)
    return read, kept


def _called_so(index: SearchIndex, query: str) -> dict[int, tuple[str, str]]:
    """Records that have the whole query as a name: place -> (kind, text) of the name that is worth most."""
    found: dict[int, tuple[str, str]] = {}
    for kind, text, place in index.exact.get(query, ()):
        held = found.setdefault(place, (kind, text))
        if KIND_WEIGHT.get(kind, 0.9) > KIND_WEIGHT.get(held[0], 0.9):
            found[place] = (kind, text)
    return found


def _names_within(index: SearchIndex, query: str) -> dict[int, None]:
    """Places of the records of which the query has a whole name among its other words."""
    words = query.split()
    found: dict[int, None] = {}
    for start in range(len(words)):
        for end in range(start + 1, min(start + _LONGEST, len(words)) + 1):
            found.update((place, None) for _, _, place in index.exact.get(" ".join(words[start:end]), ()))
    return found


def _candidates(index: SearchIndex, read: Read, types: Collection[str]) -> list[int]:
    """Places of the records that the index ranks highest. No boosts: they would keep it from skipping what cannot win."""
    found: list[int] = []
    alone = read.stems[0] if len(read.stems) == 1 and not types else ""
    for field, most in LOOKED_AT.items():
        if known := index.champions.get((field, alone)):
            found += known
            continue
        here = [name for name in types if (name == "source") == (field == SOURCES)]
        if types and not here:
            continue
        query = tantivy.Query.boolean_query([_term(index, field, stem) for stem in read.stems])
        if types and field == RECORDS:
            # Judged are the best of the wanted types, not those of them among the best of all.
            wanted = [
                (tantivy.Occur.Should, tantivy.Query.term_query(index.schema, "type", name)) for name in sorted(here)
            ]
            # Which type it is does not rank.
            among = tantivy.Query.const_score_query(tantivy.Query.boolean_query(wanted), 0.0)
            query = tantivy.Query.boolean_query([(tantivy.Occur.Must, among), (tantivy.Occur.Must, query)])
        found += [
            address.doc
            for _, address in index.searcher.search(query, OF_CHOSEN_TYPES if types else most, count=False).hits
        ]
    return found


def _called(entry: Entry, read: Read, kind: str, text: str) -> Hit:
    present = [stem for stem in read.stems if stem in entry.where]
    return hit_of(entry, 1000 * KIND_WEIGHT.get(kind, 0.9), ("names", kind, text), present, exact=True)


def _judge(entry: Entry, read: Read, _least: float) -> Hit | None:
    if read.phrases and not all(_has_phrase(entry, phrase) for phrase in read.phrases):
        return None
    where = entry.where
    present = [stem for stem in read.stems if stem in where]
    share = _shares(entry, read, present)
    best = _best_name(entry, read, present) if share.names else None
    if not _meant(entry, share, best, present):
        return None
    score = 60 * (best[0] if best else 0.0) + 60 * share.all
    if best is not None and share.names >= max(share.summary, 0.3):
        return hit_by_name(entry, score, best[1], present)
    return _by_text(entry, score, present, summary=share.summary >= share.body)


def _by_text(entry: Entry, score: float, present: Sequence[str], *, summary: bool) -> Hit:
    field = "summary" if summary and entry.summary else "claims"
    return hit_of(entry, score, (field, "text", entry.summary or entry.name), present, exact=False)


def _judge_word(entry: Entry, read: Read, least: float) -> Hit | None:
    """The same for a query of one word, most of them: by its best reading, with what is known of the record before."""
    where = entry.where
    best, stem, likeness, bits = 0.0, "", 0.0, 0
    for one, alike in read.words[0].items():
        places = where.get(one, 0)
        if (worth := alike * WORTH[places]) > best:
            best, stem, likeness, bits = worth, one, alike, places
    if not bits & NAMES and 60 * best < least:
        return None
    everyday = stem not in read.words_of_field and entry.type != "source"
    enough = likeness >= MIN_COVERAGE[entry.type]
    texts = (bits & SUMMARY and likeness >= MUCH) or (bits & BODY and likeness >= ALL_BUT)
    if bits & NAMES:
        held = entry.best[stem]
        fitting = held.fitting if likeness == 1.0 else fit(held.name, likeness, held.share)
        if everyday and fitting < NEAR:
            return None
        if (enough and (texts or fitting >= MIN_NAME)) or (likeness >= MUCH and stem in entry.alone):
            return hit_by_name(entry, 60 * (fitting + best), held.name, (stem,))
    elif enough and texts and not everyday:
        return _by_text(entry, 60 * best, [stem], summary=bool(bits & SUMMARY))
    return None


def _meant(entry: Entry, share: "Shares", best: tuple[float, Name] | None, present: Sequence[str]) -> bool:
    """Was this record meant, and not merely touched by some words of the query."""
    # A title is in everyone's language too.
    everyday = entry.type != "source" and not share.field
    if everyday and not (best and best[0] >= NEAR) and not (share.named >= MANY and share.names >= NEAR):
        return False
    if share.named >= FEW and share.all >= SOME:
        return True
    # Common words alone (pain, back) find nothing in texts: a record must be meant, not merely mention.
    texts = share.summary >= MUCH or share.body >= ALL_BUT
    if share.anywhere >= MIN_COVERAGE[entry.type] and (texts or (best is not None and best[0] >= MIN_NAME)):
        return True
    return best is not None and _has_whole_name(entry, present, share.names)


@dataclass(slots=True)
class Shares:
    """Shares (0 to 1) of the query's weight that parts of a record have."""

    names: float = 0.0
    summary: float = 0.0
    body: float = 0.0
    # Any of them, and any of them by what the place is worth.
    anywhere: float = 0.0
    all: float = 0.0
    # Words of the query that names have, its own or of what it is joined to.
    named: int = 0
    # One of the words at least is a word of the field, not only of everyone's language.
    field: bool = False


def _shares(entry: Entry, read: Read, present: Sequence[str]) -> Shares:
    found = Shares(field=not read.words_of_field.isdisjoint(present))
    where = entry.where
    for alternatives, weight in zip(read.words, read.weights, strict=True):
        in_names = in_context = in_summary = in_body = 0.0
        for stem in present:
            likeness = alternatives.get(stem)
            if likeness is None:
                continue
            bits = where[stem]
            if bits & NAMES and likeness > in_names:
                in_names = likeness
            if bits & CONTEXT and likeness > in_context:
                in_context = likeness
            if bits & SUMMARY and likeness > in_summary:
                in_summary = likeness
            if bits & BODY and likeness > in_body:
                in_body = likeness
        found.names += weight * in_names
        found.summary += weight * in_summary
        found.body += weight * in_body
        found.anywhere += weight * max(in_names, in_context, in_summary, in_body)
        found.all += weight * max(in_names, IN_CONTEXT * in_context, IN_SUMMARY * in_summary, IN_BODY * in_body)
        if max(in_names, in_context) >= MUCH:
            found.named += 1
    total = read.total
    found.names, found.summary, found.body = found.names / total, found.summary / total, found.body / total
    found.anywhere, found.all = found.anywhere / total, found.all / total
    return found


def _best_name(entry: Entry, read: Read, present: Sequence[str]) -> tuple[float, Name] | None:
    """The name that fits best, and how well."""
    best: tuple[float, float, Name] | None = None
    for name in entry.names:
        worths = name.worth
        matched = [stem for stem in present if stem in worths]
        if not matched:
            continue
        coverage = 0.0
        for alternatives, weight in zip(read.words, read.weights, strict=True):
            coverage += weight * max([alternatives.get(stem, 0.0) for stem in matched])
        part = sum([worths[stem] for stem in matched]) / name.total
        score = fit(name, coverage / read.total, part)
        if best is None or (score, name.weight) > best[:2]:
            best = (score, name.weight, name)
    return best and (best[0], best[2])


def _has_whole_name(entry: Entry, present: Sequence[str], share: float) -> bool:
    """Does the query have a whole name among its other words: one of several words, or one that is much of the query."""
    have = frozenset(present)
    return any((len(name.stems) > 1 or share >= MUCH) and have.issuperset(name.stems) for name in entry.names)


def _has_phrase(entry: Entry, phrase: tuple[str, ...]) -> bool:
    size = len(phrase)
    texts = [name.stems for name in entry.names] + [content_stems(entry.summary)]
    return any(phrase == words[place : place + size] for words in texts for place in range(len(words) - size + 1))


def _term(index: SearchIndex, field: str, stem: str) -> Any:  # noqa: ANN401 - tantivy's own query
    """A stem looked for. Words of queries are few and come again: the parts are kept."""
    held = index.terms
    part = held.get((field, stem))
    if part is None:
        if len(held) > _TERMS:
            held.clear()
        term = tantivy.Query.term_query(index.schema, field, stem, index_option="freq")
        part = held[field, stem] = (tantivy.Occur.Should, term)
    return part


def highlights(text: str, present: Iterable[str]) -> list[tuple[int, int]]:
    """Where words with these stems stand in a plain text: offsets in characters, ends excluded."""
    standing = _standing(text)
    found = [span for stem in present if stem in standing for span in standing[stem]]
    return found if len(found) < 2 else sorted(set(found))


@lru_cache(maxsize=8_192)
def _standing(text: str) -> dict[str, list[tuple[int, int]]]:
    """Stem -> where words with it stand in a text."""
    found: dict[str, list[tuple[int, int]]] = {}
    for match in re.finditer(r"[^\W_]+", text):
        for stem in stems(match[0]):
            found.setdefault(stem, []).append((match.start(), match.end()))
    return found
