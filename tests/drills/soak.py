"""Soak test: constant load through nginx and two API processes without errors, wrong bodies or growing memory.

The rate is a share of the capacity measured just before with the same setup; the load generator runs on the same host. With `--hostile`,
that share of the traffic is hostile; the capacity is that of the mixture, and the same load without it runs first, for comparison.
"""

import argparse
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

from drills.background import BackgroundWork
from drills.content import WARM_URLS
from drills.hostile import HostileTraffic
from drills.processes import Api, read_memory_mib
from drills.testbed import Fixtures, Testbed
from drills.traffic import Tally

from app.domain.json import Json

LONG = 300


class MemorySampler(BackgroundWork):
    """Resident memory of processes in MiB, sampled while the block runs."""

    def __init__(self, pids: dict[str, int], interval: float) -> None:
        self.pids, self.interval = pids, interval
        self.samples: list[tuple[float, dict[str, float]]] = []
        super().__init__()

    def _run(self) -> None:
        start = time.monotonic()
        while not self._stop.wait(self.interval):
            sizes = {name: read_memory_mib(pid) for name, pid in self.pids.items()}
            self.samples.append((time.monotonic() - start, sizes))

    def compute_slope(self, name: str) -> float:
        """Growth in KiB per minute over the second half, by least squares; caches still fill in the first half."""
        second_half = self.samples[len(self.samples) // 2 :]
        if len(second_half) < 2:
            return 0.0
        times, sizes = zip(*((time, sizes[name]) for time, sizes in second_half), strict=True)
        return statistics.linear_regression(times, sizes).slope * 60 * 1024


def start_hostile(port: int, rate: float, hostile: float) -> HostileTraffic:
    """Traffic of which warm one is the rest: `hostile` is a share of both."""
    return HostileTraffic(port, WARM_URLS, rate=rate * hostile / (1 - hostile))


def measure_capacity(testbed: Testbed, port: int, seconds: float, hostile: float) -> float:
    """Highest rate in requests per second, to a thirtieth, with 99% of the responses within 0.1 s of the due time."""
    with testbed.prepare_traffic([port], rate=1e9) as traffic:
        time.sleep(seconds)
    # Clients that send the next request after each response: the upper limit of the generator itself.
    low, high = 0.0, traffic.tally.requests / seconds
    for _ in range(5):
        rate = (low + high) / 2
        with start_hostile(port, rate, hostile), testbed.prepare_traffic([port], rate=rate) as traffic:
            time.sleep(seconds)
        assert not traffic.tally.errors, traffic.tally.reasons
        is_sustained = traffic.tally.get_latency_quantile(0.99) < 0.1
        low, high = (rate, high) if is_sustained else (low, rate)
    return max(low, high / 8)


def measure_single_process(api: Api, seconds: int) -> float | None:
    """Requests per second of one process alone, measured by wrk; None if wrk is not installed."""
    if shutil.which("wrk") is None:
        return None
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", f"{api.base}{WARM_URLS[-1]}"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    match = re.search(r"Requests/sec:\s+([\d.]+)", output)
    return float(match.group(1)) if match else None


def soak(testbed: Testbed, seconds: float, share: float, hostile: float) -> list[Json]:
    """Reports of the runs: one, or with hostile traffic the clean one and the hostile one."""
    apis = testbed.start_apis(testbed.copy_sqlite())
    nginx = testbed.start_nginx(*(api.port for api in apis), rate=1_000_000, burst=1_000_000, connections=1_000)
    assert nginx.process
    single_process_rate = measure_single_process(apis[0], max(2, min(10, int(seconds / 10))))
    capacity = measure_capacity(testbed, nginx.port, max(1.5, min(10, seconds / 15)), hostile)
    pids = {f"api {number}": api.process.pid for number, api in enumerate(apis, 1) if api.process}
    reports = []
    for part in (0.0, hostile) if hostile else (0.0,):
        start = time.monotonic()
        with (
            start_hostile(nginx.port, share * capacity, part) as sender,
            MemorySampler(pids, min(5.0, seconds / 20)) as memory,
            testbed.prepare_traffic([nginx.port], rate=share * capacity) as traffic,
        ):
            time.sleep(seconds)
            duration = time.monotonic() - start
        report = build_report(traffic.tally, memory, duration, share * capacity, capacity, single_process_rate)
        reports.append(report | {"hostile_requests": sender.sent})
    return reports


def build_report(
    tally: Tally,
    memory: MemorySampler,
    duration: float,
    rate: float,
    capacity: float,
    single_process_rate: float | None,
) -> Json:
    last_sizes = memory.samples[-1][1]
    return {
        "seconds": round(duration),
        "requests": tally.requests,
        "errors": tally.errors,
        "wrong_bodies": tally.wrong_bodies,
        "rate_requested": round(rate),
        "rate_achieved": round(tally.requests / duration),
        "capacity_through_nginx": round(capacity),
        "single_process": None if single_process_rate is None else round(single_process_rate),
        "latency_ms": {
            name: round(tally.get_latency_quantile(quantile) * 1000, 2)
            for name, quantile in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))
        },
        "memory_mib": {name: round(size, 1) for name, size in last_sizes.items()},
        "memory_slope_kib_per_minute": {name: round(memory.compute_slope(name), 1) for name in last_sizes},
        "machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}",
        "reasons": dict(tally.reasons.most_common(5)),
    }


def render_table(report: Json) -> str:
    """Markdown table of the report."""
    rows = [
        ("length", f"{report['seconds']} s"),
        ("requests", f"{report['requests']:,}"),
        ("errors", str(report["errors"])),
        ("wrong bodies", str(report["wrong_bodies"])),
        ("hostile requests beside", f"{report['hostile_requests']:,}"),
        (
            "rate requested, achieved",
            f"{report['rate_requested']:,} and {report['rate_achieved']:,} requests per second",
        ),
        (
            "capacity through nginx, with the load generator on the same host",
            f"{report['capacity_through_nginx']:,} requests per second",
        ),
        (
            "latency from the time at which a request was due",
            ", ".join(f"{name} {value} ms" for name, value in report["latency_ms"].items()),
        ),
        ("memory at the end", ", ".join(f"{name} {value} MiB" for name, value in report["memory_mib"].items())),
        (
            "growth, second half",
            ", ".join(
                f"{name} {slope} KiB per minute" for name, slope in report["memory_slope_kib_per_minute"].items()
            ),
        ),
        ("machine", report["machine"]),
    ]
    if report["single_process"]:
        rows.insert(
            6, ("one API process alone on one core, by wrk", f"{report['single_process']:,} requests per second")
        )
    return "| | |\n| --- | --- |\n" + "".join(f"| {name} | {value} |\n" for name, value in rows)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Soak test: constant load for a long time.")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--share", type=float, default=0.8, help="Rate as a share of the measured capacity.")
    parser.add_argument("--hostile", type=float, default=0.0, help="Share of the traffic that is hostile.")
    parser.add_argument("--write", type=Path, help="Directory for soak.json and soak.md.")
    options = parser.parse_args(arguments)
    fixtures = Fixtures()
    try:
        with fixtures.create_testbed() as testbed:
            reports = soak(testbed, options.seconds, options.share, options.hostile)
    finally:
        fixtures.close()
    name = "soak-hostile" if options.hostile else "soak"
    text = "".join(f"{heading}{render_table(report)}" for heading, report in zip(_HEADINGS, reports, strict=False))
    print(text)
    if options.write:
        options.write.mkdir(parents=True, exist_ok=True)
        data = reports if options.hostile else reports[0]
        (options.write / f"{name}.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
        (options.write / f"{name}.md").write_text(text, encoding="utf-8")
    failures = [failure for report in reports for failure in list_failures(report)]
    p99 = [report["latency_ms"]["p99"] for report in reports]
    print(f"p99 is {p99[-1] / p99[0]:.2f} times that of the clean run")
    # Neither the growth of memory nor the slowest requests of a short run say anything.
    if options.seconds >= LONG and p99[-1] > 2 * p99[0]:
        failures.append(f"p99 {p99}")
    for failure in failures:
        print(f"FAILED  {failure}")
    return 1 if failures else 0


_HEADINGS = (
    "# Soak test\n\nOpen loop, through nginx and two API processes on SQLite, written by `make soak`.\n\n",
    "\n## With hostile traffic\n\nThe same load, beside it poisoned headers, one-off URLs and fifty slow heads.\n\n",
)


def list_failures(report: Json) -> list[str]:
    grows = report["seconds"] >= LONG and max(report["memory_slope_kib_per_minute"].values()) > 256
    failures = [f"memory grows: {report['memory_slope_kib_per_minute']}"] if grows else []
    if report["errors"] or report["wrong_bodies"]:
        failures.append(str(report["reasons"]))
    return failures


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
