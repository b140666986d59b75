"""From what a person types to stems that the index has: words, phrases, corrections, expansions."""

import bisect
import math
import re
from dataclasses import dataclass, field
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import DamerauLevenshtein

from app.search.folding import fold
from app.search.index import SearchIndex
from app.search.words import LEXICON, ONE_LEVEL, PARTS, content_stems, levels, root

# A correction may change one letter of a short word, two of a long one.
_LONG: Final = 7
_SHORT: Final = 4
# Worth of a word that nothing has, as a share of the rarest word there could be.
UNKNOWN: Final = 0.8


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
class Read:
    """A query as the index sees it: alternatives of each word, with what the word is worth."""

    interpreted: Interpreted
    # For each word of the query: stem -> likeness (1 is the word itself).
    words: list[dict[str, float]]
    weights: list[float]
    phrases: list[tuple[str, ...]]

    def __post_init__(self) -> None:
        # Never zero: shares are taken of it.
        self.total = sum(self.weights) or 1.0
        self.stems = tuple(dict.fromkeys(stem for alternatives in self.words for stem in alternatives))


def read_query(index: SearchIndex, text: str) -> Read:
    """Words, phrases, corrections and expansions of a query."""
    plain = levels(text)
    phrases = [one for one in re.findall(r'"([^"]+)"', plain) if fold(one)]
    words = [word for word in fold(plain).split() if content_stems(word)]
    interpreted = Interpreted(text, words, phrases)
    alternatives: list[dict[str, float]] = []
    weights: list[float] = []
    for place, word in enumerate(words):
        parts = _parts(index, words, place, interpreted)
        found = parts or [_alternatives(index, word, interpreted, last=place == len(words) - 1)]
        found = [one for one in found if one]
        if not found:
            interpreted.ignored.append(word)
            # A word that nothing has still counts: the more of them, the less was understood.
            alternatives.append({})
            weights.append(math.log(1 + index.total) * UNKNOWN)
            continue
        for one in found:
            alternatives.append(one)
            weights.append(_weight(index, word, one) / len(found))
    return Read(interpreted, alternatives, weights, [content_stems(one) for one in phrases])


def _parts(index: SearchIndex, words: list[str], place: int, interpreted: Interpreted) -> list[dict[str, float]]:
    """Alternatives of a word that stands for several (an abbreviation, two words in one), or is half of one."""
    word = words[place]
    if two := index.written_apart.get(word):
        interpreted.expansions.append((word, " ".join(two)))
        return [_known(index, {word: 1.0, part: 0.95}) for part in two]
    if len(words) == 1:
        return []
    if long := index.abbreviations.get(word):
        interpreted.expansions.append((word, " ".join(long)))
        return [_known(index, {word: 1.0, part: 0.95}) for part in long if content_stems(part)]
    after, before = word + "".join(words[place + 1 : place + 2]), "".join(words[max(place - 1, 0) : place]) + word
    for joined in (after, before):
        if joined != word and joined in index.spelled:
            return [_known(index, {word: 1.0, joined: 1.0})]
    return []


def _known(index: SearchIndex, words: dict[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for word, likeness in words.items():
        for stem in content_stems(word):
            if stem in index.frequency:
                found.setdefault(stem, likeness)
    return found


def _weight(index: SearchIndex, word: str, alternatives: dict[str, float]) -> float:
    best = max(alternatives.values())
    weight = max(_worth(index, stem) for stem, likeness in alternatives.items() if likeness == best)
    # A level says where; what is looked for say the other words.
    return weight / 4 if ONE_LEVEL.fullmatch(word) else weight


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
    if ONE_LEVEL.fullmatch(word):
        found.update({one: 0.8 for one in content_stems(PARTS[word[0]]) if one in index.frequency})
        return found
    if found and stem not in index.named:
        # Known from texts alone: a name may have another word of the same root.
        for one in index.relatives.get(root(stem), ()):
            found.setdefault(one, 0.8)
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
    keys = index.vocabulary
    start = bisect.bisect_left(keys, prefix)
    end = bisect.bisect_left(keys, prefix + "\uffff")
    return sorted(keys[start:end], key=lambda one: (-index.frequency[one], one))


def _corrections(index: SearchIndex, word: str, stem: str) -> list[tuple[str, float]]:
    """Stems that a misspelt word was probably meant to be, nearest first; none when nothing is near."""
    if len(stem) < _SHORT or any(letter.isdigit() for letter in word):
        return []
    edits = 1 if len(word) < _LONG else 2
    near = [
        found
        for length in range(max(_SHORT, len(word) - edits), len(word) + edits + 1)
        for found in process.extract(
            word, index.spellings.get(length, ()), scorer=DamerauLevenshtein.distance, score_cutoff=edits, limit=12
        )
    ]
    ranked = sorted(
        ((one, distance) for one, distance, _ in near),
        key=lambda pair: (pair[1], pair[0][0] != word[0], -index.spelled[pair[0]], pair[0]),
    )
    found: dict[str, float] = {}
    for one, distance in ranked[:4]:
        for other in content_stems(one):
            if other in index.frequency:
                found.setdefault(other, 0.75 - 0.1 * distance)
    return list(found.items())
