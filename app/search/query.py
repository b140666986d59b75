"""From what a person types to records, with the reason for each: which name or text matched, and where."""

import bisect
import math
import re
from dataclasses import dataclass, field
from typing import Any, Final

import tantivy
from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from app.search.folding import fold
from app.search.index import TYPES, Entry, SearchIndex
from app.search.words import LEXICON, content_stems, levels, stems

# What a match in a name of this kind is worth.
KIND_WEIGHT: Final = {"preferred": 1.0, "synonym": 0.95, "abbreviation": 0.95, "lay_name": 0.93, "patient_phrase": 0.85}
GROUPS: Final = {"guide_page": 1, "source": 2}
ORDER: Final = {name: place for place, name in enumerate(TYPES)}
CANDIDATES: Final = 60
# Below this share of the query's weight a record was not meant.
MIN_COVERAGE: Final = {
    "procedure": 0.5,
    "condition": 0.45,
    "pain_generator": 0.5,
    "risk": 0.6,
    "guide_page": 0.6,
    "source": 0.7,
}
# A correction may change one letter of a short word, two of a long one.
_LONG: Final = 8
_SHORT: Final = 4


@dataclass
class Interpreted:
    """How a query was read."""

    text: str
    words: list[str]
    phrases: list[str]
    corrections: list[tuple[str, str]] = field(default_factory=list)
    expansions: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


@dataclass
class Hit:
    """A record found, and why."""

    entry: Entry
    score: float
    field: str
    kind: str
    text: str
    exact: bool


@dataclass
class Read:
    """A query as the index sees it: alternatives of each word, with what the word is worth."""

    interpreted: Interpreted
    # For each word of the query: stem -> likeness (1 is the word itself).
    words: list[dict[str, float]]
    weights: list[float]
    phrases: list[tuple[str, ...]]


def read_query(index: SearchIndex, text: str) -> Read:
    """Words, phrases, corrections and expansions of a query."""
    plain = levels(text)
    phrases = [one for one in re.findall(r'"([^"]+)"', plain) if fold(one)]
    words = _joined(index, [word for word in fold(plain).split() if content_stems(word)])
    interpreted = Interpreted(text, words, phrases)
    alternatives, weights = [], []
    for place, word in enumerate(words):
        found = _alternatives(index, word, interpreted, last=place == len(words) - 1)
        if found:
            alternatives.append(found)
            weights.append(
                max(_worth(index, stem) for stem, likeness in found.items() if likeness == max(found.values()))
            )
        else:
            interpreted.ignored.append(word)
            # A word that nothing has still counts: the more of them, the less was understood.
            alternatives.append({})
            weights.append(math.log(1 + index.total) * 0.8)
    return Read(interpreted, alternatives, weights, [content_stems(one) for one in phrases])


def _joined(index: SearchIndex, words: list[str]) -> list[str]:
    """Two words that this release writes as one (radio frequency) are read as one."""
    found: list[str] = []
    for word in words:
        if found and found[-1] + word in index.spelled:
            found[-1] += word
        else:
            found.append(word)
    return found


def _worth(index: SearchIndex, stem: str) -> float:
    return math.log(1 + index.total / index.frequency.get(stem, 1)) + 0.3


def _alternatives(index: SearchIndex, word: str, interpreted: Interpreted, *, last: bool) -> dict[str, float]:
    stem = (content_stems(word) or (word,))[0]
    found: dict[str, float] = {}
    if stem in index.frequency:
        found[stem] = 1.0
    if extra := LEXICON.get(word):
        for one in content_stems(extra):
            if one in index.frequency:
                found.setdefault(one, 0.8)
                interpreted.expansions.append((word, extra))
    if last and len(word) >= 3:
        for one in _begin(index, word)[:12]:
            found.setdefault(one, 0.9)
    if found:
        return found
    found.update(_corrections(index, word, stem))
    if found:
        interpreted.corrections.append((word, next(iter(found))))
    return found


def _begin(index: SearchIndex, prefix: str) -> list[str]:
    """Stems of the vocabulary that begin so, the most frequent first."""
    keys = index.__dict__.setdefault("_sorted", sorted(index.frequency))
    start = bisect.bisect_left(keys, prefix)
    end = bisect.bisect_left(keys, prefix + "\uffff")
    return sorted(keys[start:end], key=lambda one: (-index.frequency[one], one))


def _corrections(index: SearchIndex, word: str, stem: str) -> list[tuple[str, float]]:
    """Stems that a misspelt word was probably meant to be, nearest first; none when nothing is near."""
    if len(stem) < _SHORT or any(letter.isdigit() for letter in word):
        return []
    edits = 1 if len(word) < _LONG - 2 else 2
    keys = index.__dict__.setdefault("_spelled", list(index.spelled))
    near = process.extract(word, keys, scorer=DamerauLevenshtein.distance, score_cutoff=edits, limit=12)
    ranked = sorted(
        ((one, distance) for one, distance, _ in near if len(one) >= _SHORT),
        key=lambda pair: (pair[1], pair[0][0] != word[0], -index.spelled[pair[0]], pair[0]),
    )
    found: dict[str, float] = {}
    for one, distance in ranked[:4]:
        for other in content_stems(one):
            if other in index.frequency:
                found.setdefault(other, 0.75 - 0.1 * distance)
    return list(found.items())


def search(index: SearchIndex, text: str, types: tuple[str, ...] = ()) -> tuple[Read, list[Hit]]:
    """Records that match, best first: records, then guide pages, then sources; ties by type and slug."""
    read = read_query(index, text)
    wanted = set(types) or set(TYPES)
    query = fold(levels(text))
    if not any(read.words) and query not in index.exact:
        return read, []
    hits = []
    seen: set[int] = set()
    for address in _candidates(index, read, query):
        if address.doc in seen:
            continue
        seen.add(address.doc)
        entry = index.entry(address)
        if entry.type in wanted and (hit := _judge(entry, read, query)) is not None:
            hits.append(hit)
    # Among equals the plainer name was meant: radiofrequency ablation before one of its forms.
    if any(hit.exact or (hit.field == "names" and hit.score >= 100) for hit in hits):
        # Something is called just so: what only speaks of it was not meant.
        hits = [hit for hit in hits if hit.field != "claims"]
    hits.sort(
        key=lambda hit: (
            GROUPS.get(hit.entry.type, 0),
            -round(hit.score, 2),
            len(hit.entry.name.split()),
            ORDER[hit.entry.type],
            hit.entry.slug,
        )
    )
    return read, hits


def _candidates(index: SearchIndex, read: Read, query: str) -> list[Any]:
    parts = []
    for alternatives, weight in zip(read.words, read.weights, strict=True):
        for stem, likeness in alternatives.items():
            for name, boost in (("names", 6.0), ("summary", 1.5), ("body", 0.5)):
                term = tantivy.Query.term_query(index.schema, name, stem)
                parts.append((tantivy.Occur.Should, tantivy.Query.boost_query(term, boost * likeness * weight)))
    for _, _, type_, slug in index.exact.get(query, ()):
        key = tantivy.Query.term_query(index.schema, "key", f"{type_}/{slug}")
        parts.append((tantivy.Occur.Should, tantivy.Query.boost_query(key, 1000.0)))
    most = CANDIDATES + 140 if index.total < 5_000 else CANDIDATES
    found = index.searcher.search(tantivy.Query.boolean_query(parts), most)
    return [address for _, address in found.hits]


def _judge(entry: Entry, read: Read, query: str) -> Hit | None:
    everything = {stem for _, _, words in entry.names for stem in words} | entry.summary_stems | entry.body_stems
    for phrase in read.phrases:
        if not set(phrase) <= everything or not _has_phrase(entry, phrase):
            return None
    total = sum(read.weights)
    best: tuple[float, str, str, bool] | None = None
    for kind, text, words in entry.names:
        score, exact = _name_score(kind, text, words, read, query, total)
        if score and (best is None or (score, KIND_WEIGHT.get(kind, 0.9)) > (best[0], KIND_WEIGHT.get(best[1], 0.9))):
            best = (score, kind, text, exact)
    names = {stem for _, _, words in entry.names for stem in words}
    in_names = _coverage(names, read, total)
    in_summary = _coverage(entry.summary_stems, read, total)
    in_body = _coverage(entry.body_stems, read, total)
    covered = _coverage(everything, read, total)
    if best is not None and best[3]:
        return Hit(entry, 1000 * best[0], "names", best[1], best[2], exact=True)
    # Common words alone (pain, back) find nothing in texts: a record must be meant, not merely mention.
    if covered < MIN_COVERAGE[entry.type] or (in_names < 0.3 and in_summary < 0.6 and in_body < 0.85):
        return None
    score = (best[0] if best else 0.0) * 100 + 30 * in_names + 12 * in_summary + 6 * in_body
    if best is not None and in_names >= max(in_summary, 0.3):
        return Hit(entry, score, "names", best[1], best[2], exact=False)
    if in_summary >= in_body and entry.summary:
        return Hit(entry, score, "summary", "text", entry.summary, exact=False)
    return Hit(entry, score, "claims", "text", entry.summary or entry.name, exact=False)


def _has_phrase(entry: Entry, phrase: tuple[str, ...]) -> bool:
    size = len(phrase)
    texts = [words for _, _, words in entry.names] + [content_stems(entry.summary)]
    return any(phrase == words[place : place + size] for words in texts for place in range(len(words) - size + 1))


def _coverage(words: set[str] | frozenset[str], read: Read, total: float) -> float:
    found = 0.0
    for alternatives, weight in zip(read.words, read.weights, strict=True):
        found += weight * max((likeness for stem, likeness in alternatives.items() if stem in words), default=0.0)
    return found / total if total else 0.0


def _name_score(
    kind: str, text: str, words: tuple[str, ...], read: Read, query: str, total: float
) -> tuple[float, bool]:
    worth = KIND_WEIGHT.get(kind, 0.9)
    if fold(levels(text)) == query:
        return worth, True
    if not words:
        return 0.0, False
    mine = set(words)
    coverage = _coverage(mine, read, total)
    if not coverage:
        return 0.0, False
    matched = sum(1 for stem in mine if any(stem in alternatives for alternatives in read.words))
    precision = matched / len(mine)
    complete = 0.15 if precision == 1.0 and coverage > 0.95 else 0.0
    score: float = worth * (coverage * (0.55 + 0.45 * precision) + complete)
    return score, False


def suggest(index: SearchIndex, text: str, limit: int = 10) -> list[tuple[str, str, str, str, str]]:
    """Names that begin so (at any word), else names nearest to it: (text, kind, type, slug, name)."""
    wanted = fold(levels(text))
    if not wanted:
        return []
    keys = index.starts
    start = bisect.bisect_left(keys, (wanted,))
    found: dict[tuple[str, str], tuple[Any, ...]] = {}
    for row in keys[start : start + 400]:
        if not row[0].startswith(wanted):
            break
        _offer(found, row, wanted)
    if not found and len(wanted) >= 3:
        corrected = []
        for word in wanted.split():
            exact = bisect.bisect_left(keys, (word,))
            if exact < len(keys) and keys[exact][0].startswith(word):
                corrected.append(word)
                continue
            near = _nearest_start(index, word)
            if near is None:
                return []
            corrected.append(near)
        again = " ".join(corrected)
        if again != wanted:
            return suggest(index, again, limit)
        scored = [
            row for row in keys if all(any(part.startswith(word) for part in row[0].split()) for word in corrected)
        ]
        for row in scored[:200]:
            _offer(found, row, wanted)
    ranked = sorted(found.values(), key=lambda row: row[0])
    return [(row[1][1], row[1][2], row[1][3], row[1][4], row[1][5]) for row in ranked[:limit]]


def _offer(
    found: dict[tuple[str, str], tuple[Any, ...]], row: tuple[str, str, str, str, str, str], wanted: str
) -> None:
    _, text, kind, type_, slug, _ = row
    whole = fold(levels(text))
    rank = (
        not whole.startswith(wanted),
        whole != wanted,
        GROUPS.get(type_, 0),
        kind != "preferred",
        len(whole),
        ORDER[type_],
        slug,
    )
    key = (type_, slug)
    if key not in found or rank < found[key][0]:
        found[key] = (rank, row)


def _nearest_start(index: SearchIndex, word: str) -> str | None:
    words: list[str] = index.__dict__.setdefault("_words", sorted({row[0].split()[0] for row in index.starts}))
    edits = 1 if len(word) < 6 else 2
    best: tuple[int, str] | None = None
    for candidate, distance, _ in process.extract(
        word, words, scorer=DamerauLevenshtein.distance, score_cutoff=edits, limit=5
    ):
        best = min(best or (distance, candidate), (int(distance), candidate))
    if best is None and len(word) >= 4:
        # A word still being typed is compared with beginnings of its own length.
        heads = {one[: len(word)]: one for one in words if len(one) > len(word)}
        for head, distance, _ in process.extract(
            word, list(heads), scorer=DamerauLevenshtein.distance, score_cutoff=1, limit=5
        ):
            best = min(best or (distance, heads[head]), (int(distance), heads[head]))
    return best[1] if best else None


def highlights(text: str, read: Read) -> list[tuple[int, int]]:
    """Where words of the query stand in a plain text: offsets in characters, ends excluded."""
    wanted = {stem for alternatives in read.words for stem in alternatives}
    return [
        (match.start(), match.end())
        for match in re.finditer(r"[^\W_]+", text)
        if (found := stems(match[0])) and any(stem in wanted for stem in found)
    ]
