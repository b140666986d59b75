"""Nearest names: what the caller probably meant, for slugs, filter values, parameters and seed findings."""

from collections.abc import Iterable, Mapping
from typing import Any

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from app.text.normalize import normalize

# Below this similarity (0 to 100) a suggestion would be a guess.
MIN_SIMILARITY = 62.0
# A match by all words, or by one word, scores a little lower than a match of the whole.
_ALL_WORDS_FACTOR = 0.95
_ONE_WORD_FACTOR = 0.9


class SuggestionIndex:
    """Candidates normalized once, for repeated queries."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts_by_name: dict[str, set[str]] = {}
        for text in texts:
            self.texts_by_name.setdefault(normalize(text), set()).add(text)
        self.names = list(self.texts_by_name)
        self.names_by_word: dict[str, list[str]] = {}
        for name in self.names:
            for word in set(name.split()):
                self.names_by_word.setdefault(word, []).append(name)
        self.words = list(self.names_by_word)


def find_nearest(query: str, candidates: SuggestionIndex | Iterable[str], *, limit: int = 5) -> list[str]:
    """Return the candidates nearest to the query, best first, ties in alphabetical order; empty if none is near.

    A name is near as a whole (transposed letters), by its words (epidural steroid injection, injection of steroid), or
    by one word (epidurel).
    """
    normalized = normalize(query)[:200]
    if not normalized:
        return []
    index = candidates if isinstance(candidates, SuggestionIndex) else SuggestionIndex(candidates)
    compare = OSA.normalized_similarity
    scores: dict[str, float] = {}
    for name, similarity in _find_similar(normalized, index.names, compare, MIN_SIMILARITY / 100).items():
        scores[name] = 100 * similarity
    # For a query of one word, the comparison of words below is enough.
    if " " in normalized:
        cutoff = MIN_SIMILARITY / _ALL_WORDS_FACTOR
        for name, similarity in _find_similar(normalized, index.names, fuzz.token_set_ratio, cutoff).items():
            scores[name] = max(scores.get(name, 0.0), _ALL_WORDS_FACTOR * similarity)
    cutoff = MIN_SIMILARITY / _ONE_WORD_FACTOR / 100
    for word, similarity in _find_similar(normalized, index.words, compare, cutoff).items():
        for name in index.names_by_word[word]:
            scores[name] = max(scores.get(name, 0.0), _ONE_WORD_FACTOR * 100 * similarity)
    ranked = sorted(scores, key=lambda name: (-round(scores[name], 3), name))
    return [text for name in ranked[:limit] for text in sorted(index.texts_by_name[name])][:limit]


def _find_similar(query: str, choices: list[str], scorer: Any, cutoff: float) -> Mapping[str, float]:  # noqa: ANN401 - a scorer of rapidfuzz
    matches = process.extract(query, choices, scorer=scorer, score_cutoff=cutoff, limit=None)
    return {choice: score for choice, score, _ in matches}
