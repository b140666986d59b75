"""Nearest name: the one answer to "what was probably meant", for slugs, filter values, seed findings and parameters."""

from collections.abc import Iterable, Mapping
from typing import Any

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from app.text.normalize import fold

# Below this likeness (0 to 100) a suggestion would be a guess.
THRESHOLD = 62.0
# What likeness of all words, and of the best single word, is worth beside likeness of the whole.
_WORDS = 0.95
_ONE_WORD = 0.9


class Choices:
    """Names to choose from, folded once: asking again costs no folding."""

    def __init__(self, texts: Iterable[str]) -> None:
        self.texts: dict[str, list[str]] = {}
        for text in texts:
            self.texts.setdefault(fold(text), []).append(text)
        self.names = list(self.texts)
        self.having: dict[str, list[str]] = {}
        for name in self.names:
            for word in set(name.split()):
                self.having.setdefault(word, []).append(name)
        self.words = list(self.having)


def nearest(query: str, choices: Choices | Iterable[str], *, most: int = 5) -> list[str]:
    """Choices nearest to the query, best first, ties by the choice itself. Empty when nothing is near.

    A name is near as a whole (transposed letters), by its words (epidural steroid injection, injection of steroid), or
    by one word (epidurel).
    """
    wanted = fold(query)[:200]
    if not wanted:
        return []
    known = choices if isinstance(choices, Choices) else Choices(choices)
    found: dict[str, float] = {}
    alike = OSA.normalized_similarity
    for name, likeness in _near(wanted, known.names, alike, THRESHOLD / 100).items():
        found[name] = 100 * likeness
    # One word against all words of a name is what comes next.
    if " " in wanted:
        for name, likeness in _near(wanted, known.names, fuzz.token_set_ratio, THRESHOLD / _WORDS).items():
            found[name] = max(found.get(name, 0.0), _WORDS * likeness)
    for word, likeness in _near(wanted, known.words, alike, THRESHOLD / _ONE_WORD / 100).items():
        for name in known.having[word]:
            found[name] = max(found.get(name, 0.0), _ONE_WORD * 100 * likeness)
    ranked = sorted(found, key=lambda name: (-round(found[name], 3), name))
    return [text for name in ranked[:most] for text in sorted(known.texts[name])][:most]


def _near(wanted: str, names: list[str], scorer: Any, cutoff: float) -> Mapping[str, float]:  # noqa: ANN401 - a scorer of rapidfuzz
    found = process.extract(wanted, names, scorer=scorer, score_cutoff=cutoff, limit=None)
    return {name: score for name, score, _ in found}
