"""Search evaluation: mean reciprocal rank, recall at 5, and every miss, over lists of queries with expected records.

Run it over the loaded database: `make evaluate-search`.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.db.read_engine import create_read_engine
from app.queries.releases import get_release
from app.search.index import open_index
from app.search.ranking import search
from app.settings import load_settings
from app.version import code_fingerprint

DIRECTORY = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Evaluation:
    """Figures over a list of queries with their expected records."""

    queries: int
    reciprocal_rank: float
    recall_at_5: float
    nonsense_answered: tuple[str, ...]
    misses: tuple[str, ...]


def evaluate(golden: list[dict[str, Any]], find: Callable[[str], list[str]]) -> Evaluation:
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
    return Evaluation(len(golden), rank, recall, tuple(answered), tuple(misses))


def main() -> None:
    """Print the figures and misses of each file (default: every list beside this module)."""
    files = [Path(argument) for argument in sys.argv[1:]] or [DIRECTORY / "golden.json", DIRECTORY / "held_out.json"]
    settings = load_settings()
    engine = create_read_engine(settings.database_url)
    with engine.transaction() as snapshot:
        revision = get_release(snapshot).revision
        index = open_index(
            snapshot, settings.search_dir, revision, code_fingerprint().rpartition("-")[2], lambda links: links
        )
    engine.dispose()
    for file in files:
        figures = evaluate(
            json.loads(file.read_text(encoding="utf-8")),
            lambda text: [f"{hit.record.type}/{hit.record.slug}" for hit in search(index, text)[1]],
        )
        for miss in figures.misses:
            print(f"miss      {miss}")
        for query in figures.nonsense_answered:
            print(f"answered  {query!r}: nonsense should find nothing")
        print(
            f"{file.stem}: {figures.queries} queries: "
            f"mean reciprocal rank {figures.reciprocal_rank:.3f}, recall at 5 {figures.recall_at_5:.3f}"
        )


if __name__ == "__main__":
    main()
