"""Nearest name: the one answer to "what was probably meant", for slugs, filter values, seed findings and parameters."""

from collections.abc import Iterable, Mapping
from typing import Any

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from app.text.normalize import normalize

# Below this likeness (0 to 100) a suggestion would be a guess.
MIN_SIMILARITY = 62.0
# What likeness of all words, and of the best single word, is worth beside likeness of the whole.
_ALL_WORDS_FACTOR = 0.95
_ONE_WORD_FACTOR = 0.9


class SuggestionIndex:
    """Names to choose from, folded once: asking again costs no folding."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts_by_name: dict[str, list[str]] = {}
        for text in texts:
            self.texts_by_name.setdefault(normalize(text), []).append(text)
        self.names = list(self.texts_by_name)
        self.names_by_word: dict[str, list[str]] = {}
        for name in self.names:
            for word in set(name.split()):
                self.names_by_word.setdefault(word, []).append(name)
        self.words = list(self.names_by_word)


def find_nearest(query: str, candidates: SuggestionIndex | Iterable[str], *, limit: int = 5) -> list[str]:
    """Choices nearest to the query, best first, ties by the choice itself. Empty when nothing is near.

    A name is near as a whole (transposed letters), by its words (epidural steroid injection, injection of steroid), or
    by one word (epidurel).
    """
    wanted = normalize(query)[:200]
    if not wanted:
        return []
    known = candidates if isinstance(candidates, SuggestionIndex) else SuggestionIndex(candidates)
    found: dict[str, float] = {}
    alike = OSA.normalized_similarity
    for name, likeness in _find_similar(wanted, known.names, alike, MIN_SIMILARITY / 100).items():
        found[name] = 100 * likeness
    # One word against all words of a name is what comes next.
    if " " in wanted:
        for name, likeness in _find_similar(
            wanted, known.names, fuzz.token_set_ratio, MIN_SIMILARITY / _ALL_WORDS_FACTOR
        ).items():
            found[name] = max(found.get(name, 0.0), _ALL_WORDS_FACTOR * likeness)
    for word, likeness in _find_similar(wanted, known.words, alike, MIN_SIMILARITY / _ONE_WORD_FACTOR / 100).items():
        for name in known.names_by_word[word]:
            found[name] = max(found.get(name, 0.0), _ONE_WORD_FACTOR * 100 * likeness)
    ranked = sorted(found, key=lambda name: (-round(found[name], 3), name))
    return [text for name in ranked[:limit] for text in sorted(known.texts_by_name[name])][:limit]


def _find_similar(wanted: str, names: list[str], scorer: Any, cutoff: float) -> Mapping[str, float]:  # noqa: ANN401 - a scorer of rapidfuzz
    found = process.extract(wanted, names, scorer=scorer, score_cutoff=cutoff, limit=None)
    return {name: score for name, score, _ in found}
