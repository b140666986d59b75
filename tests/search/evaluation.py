"""Search evaluation: mean reciprocal rank, recall at 5, junk and every miss over lists of queries with expected records.

Run it on the loaded database: `make evaluate-search`, or `python -m search.evaluation FILE...` for lists that are not in the
repository. A file is a JSON array of {"q", "expect", "kind", "related"}: `expect` are slugs, or type/slug, all equally good;
without any, every hit is junk but the `related` (a type is every record of it): what has to do with the query, though it is not
what was asked for.
"""

import json
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.domain.json import Json
from app.http.preparation import internal_context
from app.http.search import search_records
from app.main import create_app
from app.settings import load_settings

DIRECTORY = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Evaluation:
    """Metrics over a list of queries with their expected records."""

    query_count: int
    mean_reciprocal_rank: float
    recall_at_5: float
    # Queries that should have no hits, and those of them that have.
    nonsense_count: int
    nonsense_with_hits: tuple[str, ...]
    misses: tuple[str, ...]


def read_cases(file: Path) -> list[Json]:
    """Queries of a file, in the spelling of the lists of this directory."""
    return [
        {
            "query": case.get("q", case.get("query")),
            "expected": case.get("expect", case.get("expected")),
            "related": case.get("related", []),
            "kind": case.get("kind", ""),
        }
        for case in json.loads(file.read_text(encoding="utf-8"))
    ]


def evaluate(cases: list[Json], find: Callable[[str], list[str]]) -> Evaluation:
    """Run every query. `find` returns "type/slug" of each hit, best first; the expected records are equally good."""
    ranks, misses, nonsense, nonsense_count = [], [], [], 0
    for case in cases:
        query, expected = case["query"], case["expected"]
        hits = find(query)
        if case["kind"] == "emergency" and not expected:
            # What matters of it is its notice.
            continue
        if case["kind"] == "nonsense" or not expected:
            nonsense_count += 1
            hits = [hit for hit in hits if not {hit, *hit.split("/")} & {*case.get("related", ())}]
            nonsense += [f"{query!r}: {hits[:2]}"] if hits else []
            continue
        rank = next((rank for rank, hit in enumerate(hits, 1) if {hit, hit.partition("/")[2]} & {*expected}), 0)
        ranks.append(rank)
        if rank != 1:
            misses.append(f"{query!r}: expected {expected[0]} first, got rank {rank or 'none'}; top {hits[:2]}")
    count = len(ranks) or 1
    mean_reciprocal_rank = sum(1 / rank for rank in ranks if rank) / count
    recall_at_5 = sum(1 for rank in ranks if 0 < rank <= 5) / count
    return Evaluation(len(cases), mean_reciprocal_rank, recall_at_5, nonsense_count, tuple(nonsense), tuple(misses))


def main() -> None:
    """Print the metrics and misses of each file given as an argument (default: the lists in this directory)."""
    files = [Path(argument) for argument in sys.argv[1:]] or [
        DIRECTORY / f"{name}.json" for name in ("golden", "held_out", "vocabulary", "no_record", "no_record_held_out")
    ]
    with tempfile.TemporaryDirectory() as directory:
        service = create_app(load_settings().model_copy(update={"search_dir": Path(directory)}))
        with internal_context(service.app) as ctx:
            for file in files:
                print_evaluation(
                    file, lambda text: [f"{hit.record.type}/{hit.record.slug}" for hit in search_records(ctx, text)[1]]
                )


def print_evaluation(file: Path, find: Callable[[str], list[str]]) -> None:
    """Print the misses of one file of queries, and its metrics by kind and in all."""
    cases = read_cases(file)
    by_kind: dict[str, list[Json]] = {}
    for case in cases:
        by_kind.setdefault(case["kind"] or "no kind", []).append(case)
    for kind, of_kind in by_kind.items():
        evaluation = evaluate(of_kind, find)
        for miss in evaluation.misses:
            print(f"miss      {miss}")
        for query in evaluation.nonsense_with_hits:
            print(f"junk      {query}")
        print_metrics(f"{file.stem}, {kind}", evaluation)
    print_metrics(file.stem, evaluate(cases, find))


def print_metrics(label: str, evaluation: Evaluation) -> None:
    """Print the metrics of a list in a line: ranks of the queries with expected records, junk of those without."""
    parts = []
    if evaluation.query_count > evaluation.nonsense_count:
        parts.append(f"mean reciprocal rank {evaluation.mean_reciprocal_rank:.3f}")
        parts.append(f"recall at 5 {evaluation.recall_at_5:.3f}")
    if evaluation.nonsense_count:
        share = len(evaluation.nonsense_with_hits) / evaluation.nonsense_count
        parts.append(f"junk {share:.1%} of {evaluation.nonsense_count}")
    print(f"{label}: {evaluation.query_count} queries: {', '.join(parts)}")


if __name__ == "__main__":
    main()
