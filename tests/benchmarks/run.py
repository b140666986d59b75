"""Benchmark: this service beside two reference applications. Ratios matter; absolute rates depend on the machine."""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import brotli
import httpx
from benchmarks.chart import build_growth_chart
from benchmarks.reference import load_plain_database
from benchmarks.servers import (
    Server,
    check_tools,
    measure_latency,
    measure_throughput,
    record_responses,
    run_reference,
    run_service,
)
from benchmarks.synthetic import build_word, load_synthetic
from checkout import ROOT
from sqlalchemy import create_engine

from app.gc_pause import gc_paused
from app.settings import load_settings

ReportProgress = Callable[[str], None]
GOALS: Final = {
    "detail": (0.80, 8.0),
    "linked procedures": (0.80, 4.0),
    "search": (0.80, 4.0),
    "list": (0.80, 4.0),
    "304": (0.85, None),
}
GROWTH_GOALS: Final = {"detail": 1.3, "linked procedures": 1.6, "search": 1.5, "list": 1.3}
_MAX_URLS: Final = 64
_STARTS: Final = 7
# Short alternating rounds, so that a busy moment of the machine affects all servers alike.
_ROUND_SECONDS: Final = 1
# Latency needs no warm-up, so its rounds are shorter; several of them run per throughput round.
_GROWTH_ROUND_SECONDS: Final = 0.25
_GROWTH_ROUNDS: Final = 4


@dataclass
class Size:
    """Synthetic release of one size, loaded, with its measurements."""

    count: int
    folder: Path
    # Workload -> URLs of this service; the plain application has them without /v1.
    workloads: dict[str, list[str]]
    load_seconds: float
    load_mib: float
    # Workload -> median latency of each round in milliseconds.
    latencies: dict[str, list[float]] = field(default_factory=dict)

    @property
    def median_latencies(self) -> dict[str, float]:
        """Workload -> median of its rounds in milliseconds."""
        return {name: statistics.median(medians) for name, medians in self.latencies.items()}

    @property
    def database_url(self) -> str:
        """URL of the database of this service."""
        return f"sqlite:///{self.folder / 'kb.sqlite3'}"


def prepare_size(count: int, folder: Path, *, beside: bool) -> Size:
    """Load a release in another process, which measures its memory. `beside` also loads it for the plain application."""
    folder.mkdir(parents=True, exist_ok=True)
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.run", "--load", str(count), str(folder), "beside" if beside else "alone"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    facts = json.loads(process.stdout.strip().splitlines()[-1])
    step = max(1, count // _MAX_URLS)
    slugs = [f"procedure-{n}" for n in range(0, count, step)][:_MAX_URLS]
    generators = [f"generator-{n}" for n in range(facts["generators"])][:_MAX_URLS]
    words = [build_word(n) for n in (1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597)]
    workloads = {
        "detail": [f"/v1/procedures/{slug}" for slug in slugs],
        "linked procedures": [f"/v1/pain-generators/{slug}/procedures" for slug in generators],
        "search": [f"/v1/search?q={word}" for word in words],
        "list": ["/v1/procedures?limit=20"],
    }
    return Size(count, folder, workloads, facts["seconds"], facts["mib"])


def measure_throughputs(size: Size, *, rounds: int, report: ReportProgress) -> dict[str, dict[str, list[float]]]:
    """Measure requests per second of this service (warm, cold, 304) and of the bare and plain applications, in rounds."""
    rates: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    with ExitStack() as stack:
        warm: Server = stack.enter_context(run_service(size.database_url, size.folder / "search", cached=True))
        cold: Server = stack.enter_context(run_service(size.database_url, size.folder / "search", cached=False))
        plain: Server = stack.enter_context(
            run_reference("plain", size.folder / "plain.sqlite3", _to_plain(size.workloads["list"])[0])
        )
        all_urls = [url for urls in size.workloads.values() for url in urls]
        recorded = record_responses(warm, all_urls)
        record_responses(cold, all_urls)
        (size.folder / "recorded.json").write_text(json.dumps(recorded), encoding="utf-8")
        bare: Server = stack.enter_context(run_reference("bare", size.folder / "recorded.json", all_urls[0]))
        # Workload, server, URLs and their ETags.
        turns = [
            (workload, name, server, _to_plain(urls) if server is plain else urls, [""] * len(urls))
            for workload, urls in size.workloads.items()
            for name, server in (("bare", bare), ("warm", warm), ("cold", cold), ("plain", plain))
        ]
        details = size.workloads["detail"]
        etags = [recorded[f"{url}?"]["etag"] for url in details]
        turns += [("304", name, server, details, etags) for name, server in (("bare", bare), ("warm", warm))]
        for number in range(rounds):
            report(f"throughput, round {number + 1} of {rounds}")
            for workload, name, server, urls, tags in turns:
                rate = measure_throughput(server, urls, tags, seconds=_ROUND_SECONDS, work=size.folder)
                rates[workload][name].append(rate)
    return rates


def _to_plain(urls: list[str]) -> list[str]:
    return [url.removeprefix("/v1") for url in urls]


def measure_growth(sizes: list[Size], *, rounds: int, report: ReportProgress) -> None:
    """Measure the latencies at each size, in rounds, and store them in `sizes`."""
    with ExitStack() as stack:
        servers = [
            (size, stack.enter_context(run_service(size.database_url, size.folder / "search", cached=False)))
            for size in sizes
        ]
        for number in range(rounds):
            report(f"growth, round {number + 1} of {rounds}")
            for name in sizes[0].workloads:
                for size, cold in servers:
                    median = measure_latency(cold, size.workloads[name], seconds=_GROWTH_ROUND_SECONDS)
                    size.latencies.setdefault(name, []).append(median)


def measure_shipped_content(database_url: str, search_dir: Path) -> dict[str, float]:
    """Measure the shipped content: time to the first response, memory, the largest detail compressed, lookups of 50 codes without the cache."""
    starts = []
    for _ in range(_STARTS):
        with run_service(database_url, search_dir, cached=True) as server:
            starts.append(server.seconds_to_first_response)
    with run_service(database_url, search_dir, cached=True) as server, httpx.Client(base_url=server.base_url) as client:
        memory = server.memory_mib()
        largest = 0
        for item in client.get("/v1/procedures?limit=100").json()["items"]:
            body = client.get(f"/v1/procedures/{item['slug']}", headers={"Accept-Encoding": "identity"}).content
            largest = max(largest, len(brotli.compress(body, quality=5)))
    with run_service(database_url, search_dir, cached=False) as server:
        lookup_milliseconds = measure_latency(server, _build_lookup_urls(), seconds=_ROUND_SECONDS)
        return {
            "start_seconds": round(statistics.median(starts), 2),
            "slowest_start_seconds": round(max(starts), 2),
            "memory_mib": round(memory, 1),
            "largest_detail_kb": round(largest / 1000, 1),
            "lookup_milliseconds": round(lookup_milliseconds, 1),
        }


def _build_lookup_urls() -> list[str]:
    """URLs that look up every mapped code of ICD-10-CM, 50 at a time."""
    table = json.loads((ROOT / "seed_data/codes/icd-10-cm.json").read_text(encoding="utf-8"))
    codes = [f"code=icd-10-cm%7C{code['id']}" for code in table["codes"]]
    return [f"/v1/lookup?{'&'.join(codes[begin : begin + 50])}" for begin in range(0, len(codes), 50)]


def bench(sizes: list[int], *, rounds: int, work: Path, shipped: str, out: Path, report: ReportProgress) -> str:
    """Run the benchmark, write `bench.json`, `bench.md` and `growth.svg` to `out`, and return the report."""
    check_tools()
    if (os.cpu_count() or 1) < 2:
        report("only one core: server and load share it, so ratios will be low")
    loaded: list[Size] = []
    for count in sizes:
        report(f"loading {count}")
        # Only the first size is compared with the reference applications.
        loaded.append(prepare_size(count, work / str(count), beside=not loaded))
    rates = measure_throughputs(loaded[0], rounds=rounds, report=report)
    measure_growth(loaded, rounds=rounds * _GROWTH_ROUNDS, report=report)
    shipped_facts = measure_shipped_content(shipped, work / "search") if shipped else {}
    facts = {
        "machine": {
            "cores": os.cpu_count(),
            "system": platform.system(),
            "python": platform.python_version(),
            "turns": rounds,
        },
        "throughput": _build_ratios(rates),
        "growth": [
            {"procedures": size.count, **{k: round(v, 3) for k, v in size.median_latencies.items()}} for size in loaded
        ],
        "growth_ratio": {
            name: round(_compare(loaded[-1].latencies[name], loaded[0].latencies[name]), 2)
            for name in loaded[0].latencies
        },
        "loading": [
            {"procedures": size.count, "seconds": round(size.load_seconds, 1), "mib": round(size.load_mib)}
            for size in loaded
        ],
        "shipped": shipped_facts,
    }
    out.mkdir(parents=True, exist_ok=True)
    (out / "bench.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    (out / "growth.svg").write_text(
        build_growth_chart({size.count: size.median_latencies for size in loaded}), encoding="utf-8"
    )
    text = _render_report(facts)
    (out / "bench.md").write_text(text, encoding="utf-8")
    return text


def _compare(rates: list[float], references: list[float]) -> float:
    """Median of the ratios of simultaneous rounds: a busy machine slows down both."""
    return statistics.median(rate / reference for rate, reference in zip(rates, references, strict=True))


def _build_ratios(rates: dict[str, dict[str, list[float]]]) -> list[dict[str, Any]]:
    rows = []
    for name, row in rates.items():
        warm_goal, cold_goal = GOALS[name]
        ratios: dict[str, Any] = {"workload": name}
        ratios |= {server: round(statistics.median(rounds)) for server, rounds in row.items()}
        ratios["warm_to_bare"] = round(_compare(row["warm"], row["bare"]), 2)
        ratios["warm_goal"] = warm_goal
        ratios["cold_to_plain"] = round(_compare(row["cold"], row["plain"]), 1) if "cold" in row else None
        ratios["cold_goal"] = cold_goal
        rows.append(ratios)
    return rows


def _render_report(facts: dict[str, Any]) -> str:
    lines = [
        "# Performance",
        "",
        "Written by `make bench`; `bench.json` has the same numbers. One uvicorn worker on one core, 16",
        "connections from another core, synthetic release. Ratios compare servers within one run; rates depend on the machine.",
        "Cold: the response cache is off. What is built once per release (text index, totals, the first rows of a list of linked procedures) stays",
        "cached, as the plain application keeps its database pages. Servers are measured in short alternating rounds; a rate is",
        "the median of its rounds, a ratio the median of the ratios of neighboring rounds.",
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
    lines += ["", "Cold median latency in ms, one connection, by number of procedures:", ""]
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
    if shipped := facts["shipped"]:
        lines += [
            "",
            (
                f"Shipped content: first 200 after {shipped['start_seconds']} s (median of {_STARTS} starts, the slowest took "
                f"{shipped['slowest_start_seconds']} s), {shipped['memory_mib']} MiB resident then; "
                f"largest detail {shipped['largest_detail_kb']} kB compressed; "
                f"lookup of 50 codes, not cached: {shipped['lookup_milliseconds']} ms (median)."
            ),
        ]
    return "\n".join(lines) + "\n"


def _load_size(count: int, folder: Path, *, beside: bool) -> None:
    """Load both databases of one size in this process, and print what loading that of the service took."""
    for old in folder.glob("*.sqlite3*"):
        old.unlink()
    started = time.perf_counter()
    with gc_paused():
        content = load_synthetic(f"sqlite:///{folder / 'kb.sqlite3'}", count)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if beside:
        plain = create_engine(f"sqlite:///{folder / 'plain.sqlite3'}")
        load_plain_database(plain, content)
        plain.dispose()
    print(json.dumps({"seconds": seconds, "mib": peak, "generators": len(content.bundle.pain_generators)}))


def main() -> None:
    """Run the benchmark, or load one synthetic release (the benchmark calls itself for that)."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--sizes", default="40,1000,10000,100000", help="numbers of procedures, smallest first")
    parser.add_argument("--rounds", type=int, default=9, help="one-second rounds per server; the median is reported")
    parser.add_argument("--out", type=Path, default=ROOT / "docs/performance", help="directory of the report")
    parser.add_argument(
        "--load", nargs=3, metavar=("COUNT", "FOLDER", "beside|alone"), help="load one release and stop"
    )
    options = parser.parse_args()
    if options.load:
        count, folder, mode = options.load
        _load_size(int(count), Path(folder), beside=mode == "beside")
        return
    counts = [int(size) for size in options.sizes.split(",")]
    if counts != sorted(counts) or counts[0] < 1:
        parser.error(f"--sizes {options.sizes!r}: at least 1, smallest first")
    settings = load_settings()
    subprocess.run([sys.executable, "-m", "app.cli", "load"], cwd=ROOT, check=True)
    report = bench(
        counts,
        rounds=options.rounds,
        work=ROOT / "var" / "bench",
        shipped=settings.database_url,
        out=options.out,
        report=lambda step: print(f"bench: {step}", file=sys.stderr),
    )
    print(report)


if __name__ == "__main__":
    main()
