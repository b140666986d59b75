"""A fixed load for a long time, through nginx and two API processes: no error, no wrong body, memory that does not grow.

The rate is a share of what the same arrangement carried just before, generator included: everything shares this machine.
"""

import argparse
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Self

from drills.bench import WARM, Bench, Shared
from drills.processes import Api, memory_mib
from drills.traffic import Tally


class Watcher:
    """Resident memory of processes, sampled while the block runs."""

    def __init__(self, pids: dict[str, int], every: float) -> None:
        self.pids, self.every = pids, every
        self.samples: list[tuple[float, dict[str, float]]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        began = time.monotonic()
        while not self._stop.wait(self.every):
            found = {name: memory_mib(pid) for name, pid in self.pids.items()}
            self.samples.append((time.monotonic() - began, found))

    def slope(self, name: str) -> float:
        """KiB a minute over the second half, by least squares: the first half still fills caches."""
        half = self.samples[len(self.samples) // 2 :]
        if len(half) < 2:
            return 0.0
        times, sizes = [at for at, _ in half], [found[name] for _, found in half]
        middle, mean = sum(times) / len(times), sum(sizes) / len(sizes)
        spread = sum((at - middle) ** 2 for at in times)
        return sum((at - middle) * (size - mean) for at, size in zip(times, sizes, strict=True)) / spread * 60 * 1024


def carried(bench: Bench, port: int, seconds: float) -> float:
    """The highest rate, to a thirtieth, that is kept with 99 of 100 answers within a tenth of a second of when they were due."""
    with bench.traffic([port], rate=1e9) as traffic:
        time.sleep(seconds)
    # What callers reach that ask again as soon as they are answered: the generator itself can do no more.
    low, high = 0.0, traffic.tally.requests / seconds
    for _ in range(5):
        rate = (low + high) / 2
        with bench.traffic([port], rate=rate) as traffic:
            time.sleep(seconds)
        assert not traffic.tally.errors, traffic.tally.reasons
        kept = traffic.tally.percentile(0.99) < 0.1
        low, high = (rate, high) if kept else (low, rate)
    return max(low, high / 8)


def one_core(api: Api, seconds: int) -> float | None:
    """Requests a second of one process alone, by wrk, which costs less than what it measures; None: no wrk here."""
    if shutil.which("wrk") is None:
        return None
    command = ["wrk", "-t1", "-c16", f"-d{seconds}s", f"{api.base}{WARM[-1]}"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    return float(found.group(1)) if found else None


def soak(bench: Bench, seconds: float, share: float) -> dict[str, Any]:
    apis = bench.apis(bench.sqlite())
    nginx = bench.nginx(*(api.port for api in apis), rate=1_000_000, burst=1_000_000)
    assert nginx.process
    alone = one_core(apis[0], max(2, min(10, int(seconds / 10))))
    capacity = carried(bench, nginx.port, max(1.5, min(10, seconds / 15)))
    pids = {f"api {place}": api.process.pid for place, api in enumerate(apis, 1) if api.process}
    began = time.monotonic()
    with Watcher(pids, min(5.0, seconds / 20)) as memory, bench.traffic([nginx.port], rate=share * capacity) as traffic:
        time.sleep(seconds)
    lasted = time.monotonic() - began
    return result(traffic.tally, memory, lasted, share * capacity, capacity, alone)


def result(
    tally: Tally, memory: Watcher, lasted: float, rate: float, capacity: float, alone: float | None
) -> dict[str, Any]:
    last = memory.samples[-1][1]
    return {
        "seconds": round(lasted),
        "requests": tally.requests,
        "errors": tally.errors,
        "wrong_bodies": tally.wrong_bodies,
        "rate_asked": round(rate),
        "rate_kept": round(tally.requests / lasted),
        "capacity_through_nginx": round(capacity),
        "one_process_alone": None if alone is None else round(alone),
        "latency_ms": {
            name: round(tally.percentile(share) * 1000, 2)
            for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))
        },
        "memory_mib": {name: round(size, 1) for name, size in last.items()},
        "memory_slope_kib_per_minute": {name: round(memory.slope(name), 1) for name in last},
        "machine": f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, Python {platform.python_version()}",
        "reasons": dict(tally.reasons.most_common(5)),
    }


def table(found: dict[str, Any]) -> str:
    """The result for people."""
    rows = [
        ("length", f"{found['seconds']} s"),
        ("requests", f"{found['requests']:,}"),
        ("errors", str(found["errors"])),
        ("wrong bodies", str(found["wrong_bodies"])),
        ("asked, kept", f"{found['rate_asked']:,} and {found['rate_kept']:,} requests a second"),
        (
            "carried at most, through nginx, generator on the same machine",
            f"{found['capacity_through_nginx']:,} requests a second",
        ),
        (
            "latency from when a request was due",
            ", ".join(f"{name} {value} ms" for name, value in found["latency_ms"].items()),
        ),
        ("memory at the end", ", ".join(f"{name} {value} MiB" for name, value in found["memory_mib"].items())),
        (
            "growth, second half",
            ", ".join(f"{n} {v} KiB a minute" for n, v in found["memory_slope_kib_per_minute"].items()),
        ),
        ("machine", found["machine"]),
    ]
    if found["one_process_alone"]:
        rows.insert(6, ("one API process alone, one core, by wrk", f"{found['one_process_alone']:,} requests a second"))
    return "| | |\n| --- | --- |\n" + "".join(f"| {name} | {value} |\n" for name, value in rows)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="A fixed load for a long time.")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--share", type=float, default=0.8, help="Of the measured capacity.")
    parser.add_argument("--write", type=Path, help="Directory for soak.json and soak.md.")
    options = parser.parse_args(arguments)
    shared = Shared()
    try:
        with shared.bench() as bench:
            found = soak(bench, options.seconds, options.share)
    finally:
        shared.close()
    print(table(found))
    if options.write:
        options.write.mkdir(parents=True, exist_ok=True)
        (options.write / "soak.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        head = "# Soak\n\nOpen loop, through nginx and two API processes on SQLite, written by `make soak`.\n\n"
        (options.write / "soak.md").write_text(head + table(found), encoding="utf-8")
    grown = options.seconds >= 300 and max(found["memory_slope_kib_per_minute"].values()) > 256
    if found["errors"] or found["wrong_bodies"] or grown:
        print(f"FAILED  {found['reasons']} {found['memory_slope_kib_per_minute']}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
