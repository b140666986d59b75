"""The bench: our service beside two references in one run. Ratios are what counts; figures belong to the machine."""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import brotli
import httpx
from benchmarks.chart import build_growth_chart
from benchmarks.reference import load_plain_database
from benchmarks.servers import Server, measure_latency, measure_throughput, check_tools, run_service, record_responses, run_reference
from benchmarks.synthetic import build_synthetic_content, build_word
from checkout import ROOT
from sqlalchemy import create_engine

from app.settings import load_settings

ReportProgress = Callable[[str], None]
GOALS: Final = {
    "detail": (0.80, 8.0),
    "look-up": (0.80, 4.0),
    "search": (0.80, 4.0),
    "list": (0.80, 4.0),
    "304": (0.85, None),
}
GROWTH_GOALS: Final = {"detail": 1.3, "look-up": 1.6, "search": 1.5, "list": 1.3}
_MAX_URLS: Final = 64
_STARTS: Final = 7
# Seconds of one turn of a server, before another has its own: a busy moment of the machine hits all alike.
_ROUND_SECONDS: Final = 1
# The same where sizes are compared, and how many of them for one of the others: one request at a time needs no time to begin.
_GROWTH_ROUND_SECONDS: Final = 0.25
_GROWTH_ROUNDS: Final = 4


@dataclass
class Workload:
    """Addresses of one kind of request, for us and for the plain application."""

    service: list[str]
    plain: list[str]


@dataclass
class Size:
    """One size of the synthetic release, loaded."""

    count: int
    folder: Path
    workloads: dict[str, Workload]
    load_seconds: float
    load_mib: float
    # Workload -> median of each turn, in milliseconds.
    latencies: dict[str, list[float]] = field(default_factory=dict)

    @property
    def median_latencies(self) -> dict[str, float]:
        """Workload -> median of its turns."""
        return {name: statistics.median(found) for name, found in self.latencies.items()}

    @property
    def database_url(self) -> str:
        """Where ours reads."""
        return f"sqlite:///{self.folder / 'kb.sqlite3'}"


def prepare_size(count: int, folder: Path, *, beside: bool) -> Size:
    """Load the release, in a process of its own: memory is measured there. `beside`: for the plain application too."""
    folder.mkdir(parents=True, exist_ok=True)
    made = subprocess.run(
        [sys.executable, "-m", "benchmarks.run", "--load", str(count), str(folder), "beside" if beside else "alone"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    facts = json.loads(made.stdout.strip().splitlines()[-1])
    step = max(1, count // _MAX_URLS)
    slugs = [f"procedure-{n}" for n in range(0, count, step)][:_MAX_URLS]
    generators = [f"generator-{n}" for n in range(facts["generators"])][:_MAX_URLS]
    words = [build_word(n) for n in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597)]
    workloads = {
        "detail": Workload([f"/v1/procedures/{one}" for one in slugs], [f"/procedures/{one}" for one in slugs]),
        "look-up": Workload(
            [f"/v1/pain-generators/{one}/procedures" for one in generators],
            [f"/pain-generators/{one}/procedures" for one in generators],
        ),
        "search": Workload([f"/v1/search?q={one}" for one in words], [f"/search?q={one}" for one in words]),
        "list": Workload(["/v1/procedures?limit=20"], ["/procedures?limit=20"]),
    }
    return Size(count, folder, workloads, facts["seconds"], facts["mib"])


def measure_throughputs(size: Size, *, turns: int, say: ReportProgress) -> dict[str, dict[str, list[float]]]:
    """Requests a second of ours (warm, cold, 304), of the bare and of the plain application, in turns."""
    found: dict[str, dict[str, list[float]]] = {}
    with ExitStack() as stack:
        warm: Server = stack.enter_context(run_service(size.database_url, size.folder / "search", cached=True))
        cold: Server = stack.enter_context(run_service(size.database_url, size.folder / "search", cached=False))
        plain: Server = stack.enter_context(
            run_reference("plain", size.folder / "plain.sqlite3", size.workloads["list"].plain[0])
        )
        targets = [target for workload in size.workloads.values() for target in workload.service]
        recorded = record_responses(warm, targets)
        record_responses(cold, targets)
        (size.folder / "recorded.json").write_text(json.dumps(recorded), encoding="utf-8")
        bare: Server = stack.enter_context(run_reference("bare", size.folder / "recorded.json", targets[0]))
        for turn in range(turns):
            say(f"throughput, turn {turn + 1} of {turns}")
            for name, workload in size.workloads.items():
                none = [""] * len(workload.service)
                row = found.setdefault(name, {})

                def run(kind: str, server: Server, asked: list[str], tags: list[str], into: Any) -> None:
                    into.setdefault(kind, []).append(measure_throughput(server, asked, tags, seconds=_ROUND_SECONDS, work=size.folder))

                run("bare", bare, workload.service, none, row)
                run("warm", warm, workload.service, none, row)
                run("cold", cold, workload.service, none, row)
                run("plain", plain, workload.plain, [""] * len(workload.plain), row)
            detail = size.workloads["detail"].service
            tags = [recorded[f"{one}?"]["etag"] for one in detail]
            row = found.setdefault("304", {})
            run("bare", bare, detail, tags, row)
            run("warm", warm, detail, tags, row)
    return found


def measure_growth(sizes: list[Size], *, turns: int, say: ReportProgress) -> None:
    """Medians of one answer at each size, in turns."""
    with ExitStack() as stack:
        servers = [
            (size, stack.enter_context(run_service(size.database_url, size.folder / "search", cached=False))) for size in sizes
        ]
        for turn in range(turns):
            say(f"growth, turn {turn + 1} of {turns}")
            for name in sizes[0].workloads:
                for size, cold in servers:
                    median = measure_latency(cold, size.workloads[name].service, seconds=_GROWTH_ROUND_SECONDS)
                    size.latencies.setdefault(name, []).append(median)


def measure_shipped_content(database: str, search_dir: Path) -> dict[str, float]:
    """Of a loaded database: seconds to the first answer (median of several starts), resident memory, and the largest
    detail compressed.
    """
    starts = []
    for _ in range(_STARTS):
        with run_service(database, search_dir, cached=True) as server:
            starts.append(server.seconds_to_first_answer)
    with run_service(database, search_dir, cached=True) as server, httpx.Client(base_url=server.base) as client:
        memory = server.memory_mib()
        largest = 0
        target = "/v1/procedures?limit=100"
        slugs = [one["slug"] for one in client.get(target).json()["items"]]
        for slug in slugs:
            body = client.get(f"/v1/procedures/{slug}", headers={"Accept-Encoding": "identity"}).content
            largest = max(largest, len(brotli.compress(body, quality=5)))
        return {
            "start_seconds": round(statistics.median(starts), 2),
            "slowest_start_seconds": round(max(starts), 2),
            "memory_mib": round(memory, 1),
            "largest_detail_kb": round(largest / 1000, 1),
        }


def bench(sizes: list[int], *, turns: int, work: Path, shipped: str, out: Path, say: ReportProgress) -> str:
    """Measure, write `bench.json`, `bench.md` and `growth.svg` below `out`, and return the table."""
    check_tools()
    if (os.cpu_count() or 1) < 2:
        say("one core only: server and load share it, ratios will be low")
    made: list[Size] = []
    for count in sizes:
        say(f"loading {count}")
        # Only the first size is measured beside the others.
        made.append(prepare_size(count, work / str(count), beside=not made))
    rates = measure_throughputs(made[0], turns=turns, say=say)
    measure_growth(made, turns=turns * _GROWTH_ROUNDS, say=say)
    rest = measure_shipped_content(shipped, work / "search") if shipped else {}
    facts = {
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
            "turns": turns,
        },
        "throughput": _build_ratios(rates),
        "growth": [{"procedures": size.count, **{k: round(v, 3) for k, v in size.median_latencies.items()}} for size in made],
        "growth_ratio": {
            name: round(_compare(made[-1].latencies[name], made[0].latencies[name]), 2) for name in made[0].latencies
        },
        "loading": [
            {"procedures": size.count, "seconds": round(size.load_seconds, 1), "mib": round(size.load_mib)}
            for size in made
        ],
        "shipped": rest,
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "bench.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    (out / "growth.svg").write_text(build_growth_chart({s.count: s.median_latencies for s in made}), encoding="utf-8")
    table = _render_report(facts)
    (out / "bench.md").write_text(table, encoding="utf-8")
    return table


def _compare(ours: list[float], theirs: list[float]) -> float:
    """Median of the ratios of neighbouring turns: what slowed the machine down for a while slowed both."""
    return statistics.median(mine / other for mine, other in zip(ours, theirs, strict=True))


def _build_ratios(rates: dict[str, dict[str, list[float]]]) -> list[dict[str, Any]]:
    rows = []
    for name, row in rates.items():
        warm_goal, cold_goal = GOALS[name]
        shown: dict[str, Any] = {"workload": name}
        shown |= {kind: round(statistics.median(turns)) for kind, turns in row.items()}
        shown["warm_to_bare"] = round(_compare(row["warm"], row["bare"]), 2)
        shown["warm_goal"] = warm_goal
        shown["cold_to_plain"] = round(_compare(row["cold"], row["plain"]), 1) if "cold" in row else None
        shown["cold_goal"] = cold_goal
        rows.append(shown)
    return rows


def _render_report(facts: dict[str, Any]) -> str:
    lines = [
        "# Performance",
        "",
        "Printed by `make bench`; `bench.json` holds the same. One uvicorn worker on one core, 16",
        "connections from another core, synthetic release. Ratios compare servers of the same run; rates are of this machine.",
        "Cold: the response cache is off. What is made once of a release (records of the text index, totals, the first rows of",
        "a look-up) is kept as always, as the plain application keeps its database pages. Servers take short turns; a rate is",
        "the median of its turns, a ratio the median of the ratios of neighbouring turns.",
        "",
        "| | warm req/s | bare ASGI | ratio (goal) | cold req/s | plain FastAPI + SQLModel | ratio (goal) |",
        "| --- | --: | --: | --: | --: | --: | --: |",
    ]
    for row in facts["throughput"]:
        cold = f"{row.get('cold', '-')} | {row.get('plain', '-')}"
        ratio = f"{row['cold_to_plain']} x ({row['cold_goal']:g} x)" if row["cold_to_plain"] else "-"
        lines.append(
            f"| {row['workload']} | {row['warm']} | {row['bare']} | {row['warm_to_bare']:.2f} ({row['warm_goal']:.2f}) | {cold} | {ratio} |"
        )
    lines += ["", "Cold median of one answer in ms, one connection, as the content grows:", ""]
    names = list(GROWTH_GOALS)
    lines += [f"| procedures | {' | '.join(names)} |", "| --: | " + "--: | " * len(names)]
    lines += [
        f"| {row['procedures']} | {' | '.join(f'{row[name]:.3f}' for name in names)} |" for row in facts["growth"]
    ]
    if len(facts["growth"]) > 1:
        ratios = " | ".join(f"{facts['growth_ratio'][name]:.2f} ({GROWTH_GOALS[name]:g})" for name in names)
        lines.append(f"| ratio (goal) | {ratios} |")
    lines += ["", "![Growth](growth.svg)", "", "| procedures | loading s | peak MiB |", "| --: | --: | --: |"]
    lines += [f"| {row['procedures']} | {row['seconds']} | {row['mib']} |" for row in facts["loading"]]
    if rest := facts["shipped"]:
        lines += [
            "",
            (
                f"Shipped content: first 200 after {rest['start_seconds']} s (median of {_STARTS} starts, the slowest took "
                f"{rest['slowest_start_seconds']} s), {rest['memory_mib']} MiB resident then; "
                f"largest detail {rest['largest_detail_kb']} kB compressed."
            ),
        ]
    return "\n".join(lines) + "\n"


def _load_size(count: int, folder: Path, *, beside: bool) -> None:
    """In a process of its own: both databases of one size, and what loading ours took."""
    import resource
    import time

    from app.db.migrations import migrate
    from app.db.write_engine import create_write_engine
    from app.gc_pause import gc_paused
    from app.loader.writer import write_content

    for old in folder.glob("*.sqlite3*"):
        old.unlink()
    began = time.perf_counter()
    with gc_paused():
        state = build_synthetic_content(count)
        engine = create_write_engine(f"sqlite:///{folder / 'kb.sqlite3'}")
        migrate(engine)
        write_content(engine, state)
        engine.dispose()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if beside:
        plain = create_engine(f"sqlite:///{folder / 'plain.sqlite3'}")
        load_plain_database(plain, state)
        plain.dispose()
    print(json.dumps({"seconds": seconds, "mib": peak, "generators": len(state.bundle.pain_generators)}))


def main() -> None:
    """Run the benchmark, or load one synthetic release (what the benchmark starts for itself)."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--sizes", default="40,1000,10000,100000", help="numbers of procedures, smallest first")
    parser.add_argument("--rounds", type=int, default=9, help="one-second rounds per server; the median is reported")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/performance", help="directory of the report")
    parser.add_argument(
        "--load", nargs=3, metavar=("COUNT", "FOLDER", "beside|alone"), help="load one release and stop"
    )
    options = parser.parse_args()
    if options.load:
        count, folder, which = options.load
        _load_size(int(count), Path(folder), beside=which == "beside")
        return
    counts = [int(size) for size in options.sizes.split(",")]
    if counts != sorted(counts) or counts[0] < 1:
        parser.error(f"--sizes {options.sizes!r}: at least 1, smallest first")
    settings = load_settings()
    subprocess.run([sys.executable, "-m", "app.cli", "load"], cwd=ROOT, check=True)
    table = bench(
        counts,
        turns=options.rounds,
        work=ROOT / "var" / "bench",
        shipped=settings.database_url,
        out=options.out,
        say=lambda what: print(f"bench: {what}", file=sys.stderr),
    )
    print(table)


if __name__ == "__main__":
    main()
