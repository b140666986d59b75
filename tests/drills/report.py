"""Runs drills one after the other, prints the table, and writes it down where that is asked for."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drills.bench import Shared


def main(drills: Sequence[Any], arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Break things on purpose and count what callers notice.")
    parser.add_argument("--only", default="", help="Only drills whose name has this in it.")
    parser.add_argument("--write", type=Path, help="Write the table as JSON to this file.")
    options = parser.parse_args(arguments)
    shared, rows, failed = Shared(), [], []
    try:
        for drill in drills:
            if options.only in drill.name:
                row, fault = run(shared, drill)
                rows.append(row)
                failed += [f"{drill.name}: {fault}"] if fault else []
    finally:
        shared.close()
    width = max(len(row["name"]) for row in rows)
    print(f"\n{'drill':{width}}  requests  errors  wrong bodies  worst ms")
    for row in rows:
        print(
            f"{row['name']:{width}}  {row['requests']:8}  {row['errors']:6}  {row['wrong_bodies']:12}  {row['worst_ms']:8}"
        )
    for line in failed:
        print(f"FAILED  {line}")
    if options.write and not failed:
        options.write.parent.mkdir(parents=True, exist_ok=True)
        options.write.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 1 if failed else 0


def run(shared: Shared, drill: Any) -> tuple[dict[str, Any], str]:
    began, fault = time.monotonic(), ""
    row = {"name": drill.name, "requests": 0, "errors": 0, "wrong_bodies": 0, "worst_ms": 0}
    try:
        with shared.bench() as bench:
            tally = drill.run(bench)
    except (AssertionError, TimeoutError, OSError) as error:
        fault = f"{type(error).__name__}: {str(error)[:2000]}"
    else:
        row |= {"requests": tally.requests, "errors": tally.errors, "wrong_bodies": tally.wrong_bodies}
        row["worst_ms"] = round(1000 * max(tally.latencies, default=0.0))
        fault = verdict(drill, tally)
    print(
        f"{'FAILED' if fault else 'ok':7} {drill.name} ({time.monotonic() - began:.0f} s)", file=sys.stderr, flush=True
    )
    return row, fault


def verdict(drill: Any, tally: Any) -> str:
    worst = dict(tally.reasons.most_common(5))
    if tally.requests < 50:
        return f"only {tally.requests} requests were made"
    if drill.must_catch:
        return "" if tally.wrong_bodies and not tally.errors else f"the wrong bodies were not noticed: {worst}"
    return f"{worst}" if tally.errors or tally.wrong_bodies else ""
