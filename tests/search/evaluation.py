"""Search evaluation: mean reciprocal rank, recall at 5 and every miss over lists of queries with expected records.

Run it on the loaded database: `make evaluate-search`.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.db.read_engine import create_read_engine
from app.domain.json import Json
from app.queries.releases import get_release
from app.search.index import SearchIndex, open_index, write_index
from app.search.ranking import search
from app.settings import load_settings

DIRECTORY = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Evaluation:
    """Metrics over a list of queries with their expected records."""

    query_count: int
    mean_reciprocal_rank: float
    recall_at_5: float
    nonsense_with_hits: tuple[str, ...]
    misses: tuple[str, ...]


def evaluate(cases: list[Json], find: Callable[[str], list[str]]) -> Evaluation:
    """Run every query. `find` returns "type/slug" of each hit, best first; the expected records are equally good."""
    ranks, misses, nonsense = [], [], []
    for case in cases:
        query, expected = case["query"], case["expected"]
        hits = find(query)
        if case["kind"] == "nonsense":
            nonsense += [query] if hits else []
        elif expected:
            rank = next((rank for rank, hit in enumerate(hits, 1) if hit in expected), 0)
            ranks.append(rank)
            if rank != 1:
                misses.append(f"{query!r}: expected {expected[0]} first, got rank {rank or 'none'}; top {hits[:2]}")
    count = len(ranks) or 1
    mean_reciprocal_rank = sum(1 / rank for rank in ranks if rank) / count
    recall_at_5 = sum(1 for rank in ranks if 0 < rank <= 5) / count
    return Evaluation(len(cases), mean_reciprocal_rank, recall_at_5, tuple(nonsense), tuple(misses))


def main() -> None:
    """Print the metrics and misses of each file given as an argument (default: both lists in this directory)."""
    files = [Path(argument) for argument in sys.argv[1:]] or [DIRECTORY / "golden.json", DIRECTORY / "held_out.json"]
    settings = load_settings()
    engine = create_read_engine(settings.database_url)
    with tempfile.TemporaryDirectory() as directory:
        with engine.transaction() as snapshot:
            revision = get_release(snapshot).revision
            write_index(snapshot, Path(directory))
        engine.dispose()
        index = open_index(Path(directory), revision, lambda links: links)
        for file in files:
            print_evaluation(file, index)


def print_evaluation(file: Path, index: SearchIndex) -> None:
    """Print the misses and metrics of one file of queries."""
    evaluation = evaluate(
        json.loads(file.read_text(encoding="utf-8")),
        lambda text: [f"{hit.record.type}/{hit.record.slug}" for hit in search(index, text)[1]],
    )
    for miss in evaluation.misses:
        print(f"miss      {miss}")
    for query in evaluation.nonsense_with_hits:
        print(f"nonsense  {query!r}: should have no hits")
    print(
        f"{file.stem}: {evaluation.query_count} queries: "
        f"mean reciprocal rank {evaluation.mean_reciprocal_rank:.3f}, recall at 5 {evaluation.recall_at_5:.3f}"
    )


if __name__ == "__main__":
    main()
