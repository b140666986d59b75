"""Red flags: emergencies that a query describes in any wording, misspelled words included."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.search.stemming import stem_words
from app.text.normalize import normalize

# All ways to say that something cannot be done, as `normalize` leaves them.
_CANNOT: Final = re.compile(
    r"\b(?:can not|can t|cant|cannot|could not|couldn t|couldnt|unable to|not able to|no longer able to|won t|wont)\b"
)
# Shorter words are never corrected: changing one letter makes a different word.
_MIN_CORRECTABLE_LENGTH: Final = 5
_MIN_LENGTH_FOR_TWO_EDITS: Final = 8


@dataclass(frozen=True)
class RedFlags:
    """Emergency phrases, each as a tuple of slots (stems of which one must be in the text) and the ids of its claims."""

    phrases: tuple[tuple[tuple[frozenset[str], ...], tuple[str, ...]], ...]
    # Words of the phrases as spelled.
    phrase_words: frozenset[str]

    @cached_property
    def phrases_by_stem(self) -> dict[str, list[int]]:
        """Stem -> indexes of the phrases with that stem in their narrowest slot: no other phrase can match."""
        by_stem: dict[str, list[int]] = {}
        for index, (slots, _) in enumerate(self.phrases):
            for stem in min(slots, key=len):
                by_stem.setdefault(stem, []).append(index)
        return by_stem

    @cached_property
    def correctable_words(self) -> list[str]:
        """Phrase words that a misspelled word can be corrected to."""
        return sorted(word for word in self.phrase_words if len(word) >= _MIN_CORRECTABLE_LENGTH)

    def find_claims(self, text: str, known_words: Collection[str]) -> list[str]:
        """Return ids of the claims about emergencies that a text describes, without duplicates.

        `known_words` are not corrected.
        """
        stems: set[str] = set()
        words = _normalize_phrase(text).split()
        # Adjacent words that a phrase writes as one: thunder clap.
        compounds = (first + second for first, second in pairwise(words))
        stems.update(stem for word in compounds if word in self.phrase_words for stem in stem_words(word))
        for word in words:
            stems.update(stem_words(word))
            if len(word) >= _MIN_CORRECTABLE_LENGTH and word not in self.phrase_words and word not in known_words:
                stems.update(self._correct(word))
        indexes = sorted({index for stem in stems for index in self.phrases_by_stem.get(stem, ())})
        matches = [
            claims for slots, claims in map(self.phrases.__getitem__, indexes) if all(stems & slot for slot in slots)
        ]
        return list(dict.fromkeys(claim for claims in matches for claim in claims))

    def _correct(self, word: str) -> tuple[str, ...]:
        max_edits = 1 if len(word) < _MIN_LENGTH_FOR_TWO_EDITS else 2
        nearest = process.extract(word, self.correctable_words, scorer=OSA.distance, score_cutoff=max_edits, limit=1)
        return stem_words(nearest[0][0]) if nearest else ()


def build_red_flags(flags: Iterable[dict[str, list[str]]]) -> RedFlags:
    """Build red flags from the editorial map. Words of a phrase match in any order; `a/b` is one slot with two choices."""
    phrases, phrase_words = [], set[str]()
    for flag in flags:
        for phrase in flag["phrases"]:
            choices_by_slot = [[_normalize_phrase(choice) for choice in slot.split("/")] for slot in phrase.split()]
            phrase_words.update(word for choices in choices_by_slot for word in choices)
            slots = tuple(
                frozenset(stem for word in choices for stem in stem_words(word)) for choices in choices_by_slot
            )
            phrases.append((slots, tuple(flag["claims"])))
    return RedFlags(tuple(phrases), frozenset(phrase_words))


def _normalize_phrase(text: str) -> str:
    return _CANNOT.sub("cannot", normalize(text))
