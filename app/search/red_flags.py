"""Emergencies in a person's own words: which red flags a query describes, however it is put or misspelt."""

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

# All the ways to say that something cannot be done, as `fold` leaves them, are one word.
_CANNOT: Final = re.compile(
    r"\b(?:can not|can t|cant|cannot|could not|couldn t|couldnt|unable to|not able to|no longer able to|won t|wont)\b"
)
# Shorter words are never corrected: one letter makes another word of them.
_MIN_CORRECTABLE_LENGTH: Final = 5
_MIN_LENGTH_FOR_TWO_EDITS: Final = 8


@dataclass(frozen=True)
class RedFlags:
    """Described emergencies: for each phrase its places, each the stems that may stand there, and the claims that answer."""

    phrases: tuple[tuple[tuple[frozenset[str], ...], tuple[str, ...]], ...]
    phrase_words: frozenset[str]

    @cached_property
    def phrases_by_stem(self) -> dict[str, list[int]]:
        """Stem -> phrases of which it may stand at the place that fewest stems may: no other phrase need be looked at."""
        found: dict[str, list[int]] = {}
        for number, (places, _) in enumerate(self.phrases):
            for stem in min(places, key=len):
                found.setdefault(stem, []).append(number)
        return found

    @cached_property
    def correctable_words(self) -> list[str]:
        """Every word of a phrase that a misspelt one may be meant to be."""
        return sorted(word for word in self.phrase_words if len(word) >= _MIN_CORRECTABLE_LENGTH)

    def find_claims(self, text: str, known: Collection[str]) -> list[str]:
        """Claims of the emergencies that a text describes, each once. `known` words are spelled as they were meant."""
        have: set[str] = set()
        words = _normalize_phrase(text).split()
        # Two neighbours that a phrase writes as one (thunder clap) are both.
        neighbours = (one + other for one, other in pairwise(words))
        have.update(stem for word in neighbours if word in self.phrase_words for stem in stem_words(word))
        for word in words:
            have.update(stem_words(word))
            if len(word) >= _MIN_CORRECTABLE_LENGTH and word not in self.phrase_words and word not in known:
                have.update(self._correct(word))
        near = sorted({number for stem in have for number in self.phrases_by_stem.get(stem, ())})
        found = [claims for places, claims in map(self.phrases.__getitem__, near) if all(have & one for one in places)]
        return list(dict.fromkeys(claim for claims in found for claim in claims))

    def _correct(self, word: str) -> tuple[str, ...]:
        near = process.extract(
            word,
            self.correctable_words,
            scorer=OSA.distance,
            score_cutoff=1 if len(word) < _MIN_LENGTH_FOR_TWO_EDITS else 2,
            limit=1,
        )
        return stem_words(near[0][0]) if near else ()


def build_red_flags(raw: Iterable[dict[str, list[str]]]) -> RedFlags:
    """Red flags of the editorial map. Words of a phrase may come in any order; `a/b` at one place is either."""
    phrases, spelled = [], set[str]()
    for flag in raw:
        for phrase in flag["phrases"]:
            written = [[_normalize_phrase(one) for one in place.split("/")] for place in phrase.split()]
            spelled.update(word for place in written for word in place)
            places = tuple(frozenset(stem for word in place for stem in stem_words(word)) for place in written)
            phrases.append((places, tuple(flag["claims"])))
    return RedFlags(tuple(phrases), frozenset(spelled))


def _normalize_phrase(text: str) -> str:
    return _CANNOT.sub("cannot", normalize(text))
