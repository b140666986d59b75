"""How well search finds what was meant: mean reciprocal rank, recall at 5, and every miss."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Report:
    """Figures over a list of queries with their expected records."""

    queries: int
    reciprocal_rank: float
    recall_at_5: float
    nonsense_answered: tuple[str, ...]
    misses: tuple[str, ...]


def report(golden: list[dict[str, Any]], find: Callable[[str], list[str]]) -> Report:
    """Run every query. `find` gives "type/slug" of each hit, best first; an expected list holds equally good answers."""
    ranks, misses, answered = [], [], []
    for one in golden:
        found = find(one["query"])
        if one["kind"] == "nonsense":
            answered += [one["query"]] if found else []
        elif one["expected"]:
            place = next((n for n, hit in enumerate(found, 1) if hit in one["expected"]), 0)
            ranks.append(place)
            if place != 1:
                misses.append(
                    f"{one['query']!r}: expected {one['expected'][0]} at 1, found at {place or 'no place'}; first {found[:2]}"
                )
    count = len(ranks) or 1
    rank = sum(1 / place for place in ranks if place) / count
    recall = sum(1 for place in ranks if 0 < place <= 5) / count
    return Report(len(golden), rank, recall, tuple(answered), tuple(misses))
