"""Report of the drills: runs them in sequence, prints a table and optionally writes it as JSON."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drills.testbed import Fixtures

from app.domain.json import Json


def main(drills: Sequence[Any], arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Break things on purpose and count what callers notice.")
    parser.add_argument("--only", default="", help="Run only the drills whose name contains this text.")
    parser.add_argument("--write", type=Path, help="Write the table as JSON to this file.")
    options = parser.parse_args(arguments)
    fixtures, rows, failures = Fixtures(), [], []
    try:
        for drill in drills:
            if options.only in drill.name:
                row, failure = run(fixtures, drill)
                rows.append(row)
                failures += [f"{drill.name}: {failure}"] if failure else []
    finally:
        fixtures.close()
    width = max(len(row["name"]) for row in rows)
    print(f"\n{'drill':{width}}  requests  errors  wrong bodies  p99.9 ms  worst ms")
    for row in rows:
        print(
            f"{row['name']:{width}}  {row['requests']:8}  {row['errors']:6}  {row['wrong_bodies']:12}  {row['p999_ms']:8}  {row['worst_ms']:8}"
        )
    for failure in failures:
        print(f"FAILED  {failure}")
    if options.write and not failures:
        options.write.parent.mkdir(parents=True, exist_ok=True)
        options.write.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 1 if failures else 0


def run(fixtures: Fixtures, drill: Any) -> tuple[Json, str]:
    """Run a drill; returns its row of the table and the reason of its failure, or an empty string."""
    start, failure = time.monotonic(), ""
    row = {"name": drill.name, "requests": 0, "errors": 0, "wrong_bodies": 0, "p999_ms": 0, "worst_ms": 0}
    try:
        with fixtures.create_testbed() as testbed:
            tally = drill.run(testbed)
    except (AssertionError, TimeoutError, OSError) as error:
        failure = f"{type(error).__name__}: {str(error)[:2000]}"
    else:
        row |= {"requests": tally.requests, "errors": tally.errors, "wrong_bodies": tally.wrong_bodies}
        row["p999_ms"] = round(1000 * tally.get_latency_quantile(0.999))
        row["worst_ms"] = round(1000 * max(tally.latencies, default=0.0))
        failure = find_failure(drill, tally)
    print(
        f"{'FAILED' if failure else 'ok':7} {drill.name} ({time.monotonic() - start:.0f} s)",
        file=sys.stderr,
        flush=True,
    )
    return row, failure


def find_failure(drill: Any, tally: Any) -> str:
    reasons = dict(tally.reasons.most_common(5))
    if tally.requests < 50:
        return f"only {tally.requests} requests were sent"
    if drill.expects_wrong_bodies:
        return "" if tally.wrong_bodies and not tally.errors else f"the wrong bodies were not detected: {reasons}"
    return f"{reasons}" if tally.errors or tally.wrong_bodies else ""
