"""Query parser: from typed text to stems of the index, with phrases, corrections and expansions."""

import bisect
import math
import re
from dataclasses import dataclass, field
from typing import Final

from jellyfish import metaphone
from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.search.index import SearchIndex
from app.search.known_words import is_known_word
from app.search.stemming import (
    LAY_SYNONYMS,
    SPINAL_LEVEL,
    SPINE_REGIONS,
    normalize_levels,
    stem_content_words,
    strip_suffix,
)
from app.text.normalize import normalize

_MIN_CORRECTABLE_LENGTH: Final = 4
_MIN_LENGTH_FOR_ANY_FIRST_LETTER: Final = 7
_MIN_LENGTH_FOR_TWO_EDITS: Final = 8
# Up to this length one letter makes another word (COPD, cord).
_MAX_SHORT_LENGTH: Final = 4
# From this length on, a name of a disease is corrected by one letter.
_MIN_LONG_DISEASE: Final = 9
# Maximum edits to a word that sounds the same, as a share of its letters.
_MAX_SOUND_ALIKE_EDITS: Final = 0.4
# Minimum length of a last word that is treated as a prefix.
_MIN_PREFIX_LENGTH: Final = 4
# Likeness of a word to another one with its stem.
_RELATIVE_LIKENESS: Final = 0.8
_INFLECTION: Final = re.compile(r"(?<=\w\w\w)(?:ies|y|ied|ing|ed|es|e|s|ly)$")
# Endings of which each makes another disease.
_DISEASE_ENDING: Final = re.compile(
    r"(?:itis|itides|osis|oses|algias?|path(?:y|ies)|omas?|ectom(?:y|ies)|otom(?:y|ies)|lysis)$"
)
# Unknown words together weigh no more than this many: a full sentence has more words than the search needs.
_MAX_COUNTED_UNKNOWN: Final = 2
# Weight of an unknown word, as a share of the highest possible weight.
_UNKNOWN_WEIGHT: Final = 0.8


@dataclass
class Interpretation:
    """Explanation of how a query was parsed, as the API returns it."""

    text: str
    words: list[str]
    phrases: list[str]
    corrections: list[tuple[str, str]] = field(default_factory=list)
    expansions: list[tuple[str, str]] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)


@dataclass
class ParsedQuery:
    """Query in stems of the index."""

    interpretation: Interpretation
    # For each term: alternative stem -> likeness (1 is the word itself). Empty for an unknown word.
    terms: list[dict[str, float]]
    weights: list[float]
    phrases: list[tuple[str, ...]]
    # The normalized query, and the same with misspelled words corrected.
    normalized: str
    corrected: str
    # Stems that are clinical vocabulary, not everyday language alone.
    clinical_stems: frozenset[str]

    def __post_init__(self) -> None:
        # Never zero: it is a divisor.
        self.total_weight = sum(self.weights) or 1.0
        self.stems = tuple(dict.fromkeys(stem for alternatives in self.terms for stem in alternatives))
        # The stem of a query of one word without alternatives, else empty.
        self.only_stem = self.stems[0] if len(self.stems) == 1 and self.terms == [{self.stems[0]: 1.0}] else ""


def parse_query(index: SearchIndex, text: str) -> ParsedQuery:
    """Parse a query into weighted terms, each a set of alternative stems."""
    leveled = normalize_levels(text)
    normalized = normalize(leveled)
    phrases = [phrase for phrase in re.findall(r'"([^"]+)"', leveled) if normalize(phrase)] if '"' in leveled else []
    words = [word for word in normalized.split() if stem_content_words(word)]
    interpretation = Interpretation(text, words, phrases)
    terms: list[dict[str, float]] = []
    weights: list[float] = []
    unknown: list[int] = []
    for position, word in enumerate(words):
        word_terms = _split_or_join(index, words, position, interpretation)
        if not word_terms:
            word_terms = [_find_alternatives(index, word, interpretation, last=position == len(words) - 1)]
        word_terms = [alternatives for alternatives in word_terms if alternatives]
        if not word_terms:
            interpretation.ignored.append(word)
            # An unknown word still counts: the more of them, the less of the query was understood.
            terms.append({})
            weights.append(math.log(1 + index.record_count) * _UNKNOWN_WEIGHT)
            unknown.append(len(weights) - 1)
            continue
        for alternatives in word_terms:
            terms.append(alternatives)
            weights.append(_weigh_term(index, word, alternatives) / len(word_terms))
    for position in unknown:
        weights[position] *= min(1.0, _MAX_COUNTED_UNKNOWN / len(unknown))
    corrections = dict(interpretation.corrections)
    corrected = " ".join([corrections.get(word, word) for word in normalized.split()]) if corrections else normalized
    clinical_stems = frozenset(
        stem
        for alternatives in terms
        for stem in alternatives
        if stem in index.name_stems or stem in index.special_stems
    )
    stemmed_phrases = [stem_content_words(phrase) for phrase in phrases]
    return ParsedQuery(interpretation, terms, weights, stemmed_phrases, normalized, corrected, clinical_stems)


def _split_or_join(
    index: SearchIndex, words: list[str], position: int, interpretation: Interpretation
) -> list[dict[str, float]]:
    """Return terms of a word that means several (a compound, an abbreviation) or is half of a compound, else nothing."""
    word = words[position]
    if pair := index.compounds.get(word):
        interpretation.expansions.append((word, " ".join(pair)))
        return [_keep_known_stems(index, {word: 1.0, part: 0.95}) for part in pair]
    if len(words) == 1:
        return []
    if expansion := index.abbreviations.get(word):
        interpretation.expansions.append((word, " ".join(expansion)))
        return [_keep_known_stems(index, {word: 1.0, part: 0.95}) for part in expansion if stem_content_words(part)]
    with_next = word + "".join(words[position + 1 : position + 2])
    with_previous = "".join(words[max(position - 1, 0) : position]) + word
    for joined in (with_next, with_previous):
        if joined != word and joined in index.word_frequency:
            return [_keep_known_stems(index, {word: 1.0, joined: 1.0})]
    return []


def _keep_known_stems(index: SearchIndex, words: dict[str, float]) -> dict[str, float]:
    alternatives: dict[str, float] = {}
    for word, likeness in words.items():
        for stem in stem_content_words(word):
            if stem in index.stem_frequency:
                alternatives.setdefault(stem, likeness)
    return alternatives


def _weigh_term(index: SearchIndex, word: str, alternatives: dict[str, float]) -> float:
    highest = max(alternatives.values())
    weight = max(index.weigh_stem(stem) for stem, likeness in alternatives.items() if likeness == highest)
    # A spinal level says where; the other words say what is wanted.
    return weight / 4 if SPINAL_LEVEL.fullmatch(word) else weight


def _find_alternatives(
    index: SearchIndex, word: str, interpretation: Interpretation, *, last: bool
) -> dict[str, float]:
    """Return stem -> likeness for a word: its own stem, synonyms, stems of the same root, completions, corrections."""
    stem = (stem_content_words(word) or (word,))[0]
    alternatives: dict[str, float] = {}
    if stem in index.stem_frequency and (relative := _find_relative(index, word, stem)) is not None:
        # Another word with this stem is reported, because it may mean something else: stimulant, stimulation.
        alternatives[stem] = 1.0 if relative == word else _RELATIVE_LIKENESS
        if relative != word:
            interpretation.expansions.append((word, relative))
    if synonym := LAY_SYNONYMS.get(word):
        for synonym_stem in stem_content_words(synonym):
            if synonym_stem in index.stem_frequency:
                alternatives.setdefault(synonym_stem, 0.8)
                interpretation.expansions.append((word, synonym))
    if SPINAL_LEVEL.fullmatch(word):
        region_stems = stem_content_words(SPINE_REGIONS[word[0]])
        alternatives.update({region: 0.8 for region in region_stems if region in index.stem_frequency})
        return alternatives
    if alternatives and stem not in index.name_stems:
        # No name has this stem: a name may have another stem of the same root.
        for related in index.name_stems_by_root.get(strip_suffix(stem), ()):
            alternatives.setdefault(related, 0.8)
    # A word of the content is complete: a cyst is no cystitis. One with such a stem gets fewer completions than an unknown one.
    if last and len(word) >= _MIN_PREFIX_LENGTH and word not in index.word_frequency:
        for completion in _find_completions(index, word)[: 4 if alternatives else 12]:
            alternatives.setdefault(completion, 0.9)
    # A word of the language is never another word misspelled.
    if alternatives or is_known_word(index.known_words, word):
        return alternatives
    for correction, likeness in _find_corrections(index, word, stem):
        known_stems = [known for known in stem_content_words(correction) if known in index.stem_frequency]
        if known_stems and not alternatives:
            interpretation.corrections.append((word, correction))
        for known in known_stems:
            alternatives.setdefault(known, likeness)
    return alternatives


def _find_relative(index: SearchIndex, word: str, stem: str) -> str | None:
    """Word of the content that a word with its stem means: itself or an inflection of it, else another word.

    None: only words that medicine keeps apart have the stem, such as cervical for cervicitis.
    """
    if word in index.word_frequency:
        return word
    relatives = index.words_by_stem.get(stem, ())
    if any(_strip_inflection(relative) == _strip_inflection(word) for relative in relatives):
        return word
    ending = _DISEASE_ENDING.search(word)
    apart = [relative for relative in relatives if _DISEASE_ENDING.search(relative) or ending]
    return next((relative for relative in relatives if relative not in apart), None)


def _strip_inflection(word: str) -> str:
    return _INFLECTION.sub("", word)


def _find_completions(index: SearchIndex, prefix: str) -> list[str]:
    """Return the stems that start with the prefix, most frequent first."""
    vocabulary = index.vocabulary
    start = bisect.bisect_left(vocabulary, prefix)
    end = bisect.bisect_left(vocabulary, prefix + "\uffff")
    return sorted(vocabulary[start:end], key=lambda stem: (-index.stem_frequency[stem], stem))


def _find_corrections(index: SearchIndex, word: str, stem: str) -> list[tuple[str, float]]:
    """Return up to four name words that a misspelled word may mean, nearest first, with their likeness."""
    if len(stem) < _MIN_CORRECTABLE_LENGTH or any(letter.isdigit() for letter in word):
        return []
    max_edits = 1 if len(word) < _MIN_LENGTH_FOR_TWO_EDITS else 2
    edits: dict[str, int] = {}
    for length in range(max(_MIN_CORRECTABLE_LENGTH, len(word) - max_edits), len(word) + max_edits + 1):
        edits.update(
            (candidate, int(distance))
            for candidate, distance, _ in process.extract(
                word, index.name_words_by_length.get(length, ()), scorer=OSA.distance, score_cutoff=max_edits, limit=12
            )
            # The first letter of a short word is seldom the wrong one.
            if (distance < 2 and len(word) >= _MIN_LENGTH_FOR_ANY_FIRST_LETTER) or candidate[0] == word[0]
        )
    # Spelled by ear: fantom, kifoplasty.
    sound = metaphone(word)
    for candidate in index.name_words_by_sound.get(sound, ()) if len(sound) >= _MIN_CORRECTABLE_LENGTH else ():
        distance = OSA.distance(word, candidate)
        if distance <= len(word) * _MAX_SOUND_ALIKE_EDITS:
            edits[candidate] = min(edits.get(candidate, distance), distance, max_edits)
    ranked = sorted(
        edits,
        key=lambda candidate: (
            edits[candidate],
            candidate[0] != word[0],
            -index.word_frequency[candidate],
            candidate,
        ),
    )
    if len(word) <= _MAX_SHORT_LENGTH or _DISEASE_ENDING.search(word):
        # A hepatoma is no hematoma, though spelled alike: a slip of the fingers or of the ear is corrected, and one edit of a long word.
        long_word = len(word) >= _MIN_LONG_DISEASE
        ranked = [
            name
            for name in ranked
            if sorted(name) == sorted(word) or metaphone(name) == sound or (long_word and edits[name] == 1)
        ]
    # An abbreviation is no word that can be misspelled.
    ranked = [candidate for candidate in ranked if candidate not in index.abbreviations]
    return [(candidate, 0.85 - 0.1 * edits[candidate]) for candidate in ranked[:4]]
