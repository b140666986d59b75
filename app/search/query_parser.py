"""From what a person types to stems that the index has: words, phrases, corrections, expansions."""

import bisect
import math
import re
from dataclasses import dataclass, field
from typing import Final

from jellyfish import metaphone
from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.search.index import MAX_CANDIDATES, RECORD_FIELD, SearchIndex
from app.search.stemming import (
    LAY_SYNONYMS,
    SPINAL_LEVEL,
    SPINE_REGIONS,
    normalize_levels,
    stem_content_words,
    strip_suffix,
)
from app.text.normalize import normalize

# A correction may change one letter of a short word, two of a long one.
_MIN_LENGTH_FOR_TWO_EDITS: Final = 7
_MIN_CORRECTABLE_LENGTH: Final = 4
# A word that sounds the same may differ in this share of its letters.
_MAX_SOUND_ALIKE_EDITS: Final = 0.4
# A beginning that is read as a word has this many letters.
_MIN_PREFIX_LENGTH: Final = 4
# Words that nothing has count as no more than so many: whoever writes a sentence writes more than is looked for.
_MAX_COUNTED_UNKNOWN: Final = 2
# Worth of a word that nothing has, as a share of the rarest word there could be.
_UNKNOWN_WEIGHT: Final = 0.8


@dataclass
class Interpretation:
    """How a query was read."""

    text: str
    words: list[str]
    phrases: list[str]
    corrections: list[tuple[str, str]] = field(default_factory=list)
    expansions: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


@dataclass
class ParsedQuery:
    """A query as the index sees it: alternatives of each word, with what the word is worth."""

    interpretation: Interpretation
    # For each word of the query: stem -> likeness (1 is the word itself).
    terms: list[dict[str, float]]
    weights: list[float]
    phrases: list[tuple[str, ...]]
    # The query folded; and that with misspelt words as they were read.
    normalized: str
    corrected: str
    # Stems that are words of the field, and not only of everyone's language.
    clinical_stems: frozenset[str]

    def __post_init__(self) -> None:
        # Never zero: shares are taken of it.
        self.total_weight = sum(self.weights) or 1.0
        self.stems = tuple(dict.fromkeys(stem for alternatives in self.terms for stem in alternatives))
        # The stem of a query of one word that is read as nothing else.
        self.only_stem = self.stems[0] if len(self.stems) == 1 and self.terms == [{self.stems[0]: 1.0}] else ""


def parse_query(index: SearchIndex, text: str) -> ParsedQuery:
    """Words, phrases, corrections and expansions of a query."""
    plain = normalize_levels(text)
    folded = normalize(plain)
    phrases = [one for one in re.findall(r'"([^"]+)"', plain) if normalize(one)] if '"' in plain else []
    words = [word for word in folded.split() if stem_content_words(word)]
    interpreted = Interpretation(text, words, phrases)
    alternatives: list[dict[str, float]] = []
    weights: list[float] = []
    unknown: list[int] = []
    for place, word in enumerate(words):
        parts = _split_or_join(index, words, place, interpreted)
        found = parts or [_find_alternatives(index, word, interpreted, last=place == len(words) - 1)]
        found = [one for one in found if one]
        if not found:
            interpreted.ignored.append(word)
            # A word that nothing has still counts: the more of them, the less was understood.
            alternatives.append({})
            weights.append(math.log(1 + index.record_count) * _UNKNOWN_WEIGHT)
            unknown.append(len(weights) - 1)
            continue
        for one in found:
            alternatives.append(one)
            weights.append(_weigh_term(index, word, one) / len(found))
    for place in unknown:
        weights[place] *= min(1.0, _MAX_COUNTED_UNKNOWN / len(unknown))
    meant = dict(interpreted.corrections)
    corrected = " ".join([meant.get(word, word) for word in folded.split()]) if meant else folded
    of_field = frozenset(stem for one in alternatives for stem in one if stem in index.name_stems)
    stems = [stem_content_words(one) for one in phrases]
    return ParsedQuery(interpreted, alternatives, weights, stems, folded, corrected, of_field)


def _split_or_join(
    index: SearchIndex, words: list[str], place: int, interpreted: Interpretation
) -> list[dict[str, float]]:
    """Alternatives of a word that stands for several (an abbreviation, two words in one), or is half of one."""
    word = words[place]
    if two := index.compounds.get(word):
        interpreted.expansions.append((word, " ".join(two)))
        return [_keep_known_stems(index, {word: 1.0, part: 0.95}) for part in two]
    if len(words) == 1:
        return []
    if long := index.abbreviations.get(word):
        interpreted.expansions.append((word, " ".join(long)))
        return [_keep_known_stems(index, {word: 1.0, part: 0.95}) for part in long if stem_content_words(part)]
    after, before = word + "".join(words[place + 1 : place + 2]), "".join(words[max(place - 1, 0) : place]) + word
    for joined in (after, before):
        if joined != word and joined in index.word_frequency:
            return [_keep_known_stems(index, {word: 1.0, joined: 1.0})]
    return []


def _keep_known_stems(index: SearchIndex, words: dict[str, float]) -> dict[str, float]:
    found: dict[str, float] = {}
    for word, likeness in words.items():
        for stem in stem_content_words(word):
            if stem in index.stem_frequency:
                found.setdefault(stem, likeness)
    return found


def _weigh_term(index: SearchIndex, word: str, alternatives: dict[str, float]) -> float:
    best = max(alternatives.values())
    weight = max(index.weigh_stem(stem) for stem, likeness in alternatives.items() if likeness == best)
    # A level says where; what is looked for say the other words.
    return weight / 4 if SPINAL_LEVEL.fullmatch(word) else weight


def _find_alternatives(index: SearchIndex, word: str, interpreted: Interpretation, *, last: bool) -> dict[str, float]:
    stem = (stem_content_words(word) or (word,))[0]
    found: dict[str, float] = {}
    if stem in index.stem_frequency:
        found[stem] = 1.0
    if extra := LAY_SYNONYMS.get(word):
        for one in stem_content_words(extra):
            if one in index.stem_frequency:
                found.setdefault(one, 0.8)
                interpreted.expansions.append((word, extra))
    if SPINAL_LEVEL.fullmatch(word):
        found.update({one: 0.8 for one in stem_content_words(SPINE_REGIONS[word[0]]) if one in index.stem_frequency})
        return found
    if found and stem not in index.name_stems:
        # Known from texts alone: a name may have another word of the same root.
        for one in index.name_stems_by_root.get(strip_suffix(stem), ()):
            found.setdefault(one, 0.8)
    # A word that many records have stands for itself; into one that few have, less is read than into one that none has.
    if last and len(word) >= _MIN_PREFIX_LENGTH and index.stem_frequency.get(stem, 0) < MAX_CANDIDATES[RECORD_FIELD]:
        for one in _find_completions(index, word)[: 4 if found else 12]:
            found.setdefault(one, 0.9)
    if found:
        return found
    for one, likeness in _find_corrections(index, word, stem):
        known = [other for other in stem_content_words(one) if other in index.stem_frequency]
        if known and not found:
            interpreted.corrections.append((word, one))
        for other in known:
            found.setdefault(other, likeness)
    return found


def _find_completions(index: SearchIndex, prefix: str) -> list[str]:
    """Stems of the vocabulary that begin so, the most frequent first."""
    keys = index.vocabulary
    start = bisect.bisect_left(keys, prefix)
    end = bisect.bisect_left(keys, prefix + "\uffff")
    return sorted(keys[start:end], key=lambda one: (-index.stem_frequency[one], one))


def _find_corrections(index: SearchIndex, word: str, stem: str) -> list[tuple[str, float]]:
    """Words that a misspelt word was probably meant to be, nearest first, with their likeness; none when nothing is near."""
    if len(stem) < _MIN_CORRECTABLE_LENGTH or any(letter.isdigit() for letter in word):
        return []
    edits = 1 if len(word) < _MIN_LENGTH_FOR_TWO_EDITS else 2
    lengths = range(max(_MIN_CORRECTABLE_LENGTH, len(word) - edits), len(word) + edits + 1)
    near: dict[str, int] = {}
    for length in lengths:
        near.update(
            (found, int(distance))
            for found, distance, _ in process.extract(
                word, index.name_words_by_length.get(length, ()), scorer=OSA.distance, score_cutoff=edits, limit=12
            )
            # The first letter of a short word is seldom the wrong one.
            if len(word) >= _MIN_LENGTH_FOR_TWO_EDITS or found[0] == word[0]
        )
    # Written as it sounds: fantom, kifoplasty.
    sound = metaphone(word)
    for found in index.name_words_by_sound.get(sound, ()) if len(sound) >= _MIN_CORRECTABLE_LENGTH else ():
        distance = OSA.distance(word, found)
        if distance <= len(word) * _MAX_SOUND_ALIKE_EDITS:
            near[found] = min(near.get(found, distance), distance, edits)
    ranked = sorted(near, key=lambda one: (near[one], one[0] != word[0], -index.word_frequency[one], one))
    return [(one, 0.85 - 0.1 * near[one]) for one in ranked[:4]]
