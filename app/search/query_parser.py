"""From what a person types to stems that the index has: words, phrases, corrections, expansions."""

import bisect
import math
import re
from dataclasses import dataclass, field
from typing import Final

from jellyfish import metaphone
from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.search.index import LOOKED_AT, RECORDS, SearchIndex
from app.search.stemming import LEXICON, ONE_LEVEL, PARTS, content_stems, levels, root
from app.text.normalize import fold

# A correction may change one letter of a short word, two of a long one.
_LONG: Final = 7
_SHORT: Final = 4
# A word that sounds the same may differ in this share of its letters.
_HEARD: Final = 0.4
# A beginning that is read as a word has this many letters.
_BEGINNING: Final = 4
# Words that nothing has count as no more than so many: whoever writes a sentence writes more than is looked for.
_MOST_UNKNOWN: Final = 2
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
    # The query folded; and that with misspelt words as they were read.
    folded: str
    corrected: str
    # Stems that are words of the field, and not only of everyone's language.
    words_of_field: frozenset[str]

    def __post_init__(self) -> None:
        # Never zero: shares are taken of it.
        self.total = sum(self.weights) or 1.0
        self.stems = tuple(dict.fromkeys(stem for alternatives in self.words for stem in alternatives))
        # The stem of a query of one word that is read as nothing else.
        self.plain = self.stems[0] if len(self.stems) == 1 and self.words == [{self.stems[0]: 1.0}] else ""


def read_query(index: SearchIndex, text: str) -> Read:
    """Words, phrases, corrections and expansions of a query."""
    plain = levels(text)
    folded = fold(plain)
    phrases = [one for one in re.findall(r'"([^"]+)"', plain) if fold(one)] if '"' in plain else []
    words = [word for word in folded.split() if content_stems(word)]
    interpreted = Interpreted(text, words, phrases)
    alternatives: list[dict[str, float]] = []
    weights: list[float] = []
    unknown: list[int] = []
    for place, word in enumerate(words):
        parts = _parts(index, words, place, interpreted)
        found = parts or [_alternatives(index, word, interpreted, last=place == len(words) - 1)]
        found = [one for one in found if one]
        if not found:
            interpreted.ignored.append(word)
            # A word that nothing has still counts: the more of them, the less was understood.
            alternatives.append({})
            weights.append(math.log(1 + index.total) * UNKNOWN)
            unknown.append(len(weights) - 1)
            continue
        for one in found:
            alternatives.append(one)
            weights.append(_weight(index, word, one) / len(found))
    for place in unknown:
        weights[place] *= min(1.0, _MOST_UNKNOWN / len(unknown))
    meant = dict(interpreted.corrections)
    corrected = " ".join([meant.get(word, word) for word in folded.split()]) if meant else folded
    of_field = frozenset(stem for one in alternatives for stem in one if stem in index.named)
    stems = [content_stems(one) for one in phrases]
    return Read(interpreted, alternatives, weights, stems, folded, corrected, of_field)


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
    weight = max(index.worth(stem) for stem, likeness in alternatives.items() if likeness == best)
    # A level says where; what is looked for say the other words.
    return weight / 4 if ONE_LEVEL.fullmatch(word) else weight


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
    # A word that many records have stands for itself; into one that few have, less is read than into one that none has.
    if last and len(word) >= _BEGINNING and index.frequency.get(stem, 0) < LOOKED_AT[RECORDS]:
        for one in _begin(index, word)[: 4 if found else 12]:
            found.setdefault(one, 0.9)
    if found:
        return found
    for one, likeness in _corrections(index, word, stem):
        known = [other for other in content_stems(one) if other in index.frequency]
        if known and not found:
            interpreted.corrections.append((word, one))
        for other in known:
            found.setdefault(other, likeness)
    return found


def _begin(index: SearchIndex, prefix: str) -> list[str]:
    """Stems of the vocabulary that begin so, the most frequent first."""
    keys = index.vocabulary
    start = bisect.bisect_left(keys, prefix)
    end = bisect.bisect_left(keys, prefix + "\uffff")
    return sorted(keys[start:end], key=lambda one: (-index.frequency[one], one))


def _corrections(index: SearchIndex, word: str, stem: str) -> list[tuple[str, float]]:
    """Words that a misspelt word was probably meant to be, nearest first, with their likeness; none when nothing is near."""
    if len(stem) < _SHORT or any(letter.isdigit() for letter in word):
        return []
    edits = 1 if len(word) < _LONG else 2
    lengths = range(max(_SHORT, len(word) - edits), len(word) + edits + 1)
    near: dict[str, int] = {}
    for length in lengths:
        near.update(
            (found, int(distance))
            for found, distance, _ in process.extract(
                word, index.spellings.get(length, ()), scorer=OSA.distance, score_cutoff=edits, limit=12
            )
            # The first letter of a short word is seldom the wrong one.
            if len(word) >= _LONG or found[0] == word[0]
        )
    # Written as it sounds: fantom, kifoplasty.
    sound = metaphone(word)
    for found in index.sounds.get(sound, ()) if len(sound) >= _SHORT else ():
        distance = OSA.distance(word, found)
        if distance <= len(word) * _HEARD:
            near[found] = min(near.get(found, distance), distance, edits)
    ranked = sorted(near, key=lambda one: (near[one], one[0] != word[0], -index.spelled[one], one))
    return [(one, 0.85 - 0.1 * near[one]) for one in ranked[:4]]
