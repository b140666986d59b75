"""Nearest name: the one answer to "what was probably meant", for slugs, filter values, seed findings and parameters."""

from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz, process
from rapidfuzz.distance import DamerauLevenshtein

from app.search.folding import fold

# Below this likeness (0 to 100) a suggestion would be a guess.
THRESHOLD = 62.0


def _likeness(query: str, choice: str, **_: object) -> float:
    """Of a whole name, of a part of it (epidurel, epidural steroid injection), and of transposed letters."""
    whole = 100 * DamerauLevenshtein.normalized_similarity(query, choice)
    return max(whole, 0.95 * fuzz.token_set_ratio(query, choice), 0.9 * _best_word(query, choice))


def _best_word(query: str, choice: str) -> float:
    return max((100 * DamerauLevenshtein.normalized_similarity(query, word) for word in choice.split()), default=0)


def nearest(query: str, choices: Iterable[str], *, most: int = 5) -> list[str]:
    """Choices nearest to the query, best first, ties by the choice itself. Empty when nothing is near."""
    wanted = fold(query)[:200]
    if not wanted:
        return []
    folded: dict[str, list[str]] = {}
    for choice in choices:
        folded.setdefault(fold(choice), []).append(choice)
    found: Sequence[tuple[str, float, int]] = process.extract(
        wanted, list(folded), scorer=_likeness, score_cutoff=THRESHOLD, limit=max(most * 4, 20)
    )
    ranked = sorted(found, key=lambda hit: (-round(hit[1], 3), hit[0]))
    return [choice for name, _, _ in ranked for choice in sorted(folded[name])][:most]
