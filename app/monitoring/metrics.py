"""Counters of the workers of a box, written as Prometheus text. Plain integers: a hit must not pay for being counted.

A scrape meets one worker: each lays its counts into a directory that the workers share, and who is asked adds them up.
"""

import asyncio
import os
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import orjson

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Gauge(NamedTuple):
    """A value of this moment; `merge` says what several workers' values come to: sum, min or max."""

    help_text: str
    value: float
    merge: str = "sum"


class Metrics:
    """What this process has answered so far."""

    def __init__(self, directory: Path | None = None) -> None:
        self.hits = 0
        self.misses = 0
        # Directory that the workers of this host share; None: this process is the only one.
        self.directory = directory
        self._latency: dict[str, list[int]] = defaultdict(lambda: [0] * (len(_BUCKETS) + 1))
        self._seconds: dict[str, float] = defaultdict(float)
        self._statuses: dict[str, int] = defaultdict(int)
        self.gauges: list[Callable[[], dict[str, Gauge]]] = []

    def observe(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        """Count one answer that was computed, under the template of its route."""
        route = getattr(scope.get("route"), "path", None) or "unrouted"
        place = bisect_left(_BUCKETS, seconds)
        self._latency[route][place] += 1
        self._seconds[route] += seconds
        self._statuses[f'route="{route}",status="{status}"'] += 1

    def counts(self) -> dict[str, Any]:
        """Everything counted, as plain values."""
        return {
            "hits": self.hits,
            "misses": self.misses,
            "workers": 1,
            "latency": dict(self._latency),
            "seconds": dict(self._seconds),
            "statuses": dict(self._statuses),
            "gauges": {name: list(gauge) for make in self.gauges for name, gauge in make().items()},
        }

    def publish(self) -> None:
        """Put the counts where the other workers find them."""
        if self.directory is None:
            return
        draft = self.directory / f"{os.getpid()}.draft"
        try:
            draft.write_bytes(orjson.dumps(self.counts()))
            draft.replace(self.directory / f"{os.getpid()}.json")
        except OSError:
            # No space, or the directory went: the next time may do, and answering does not depend on it.
            return

    def render(self) -> str:
        """Prometheus text of all workers of the box."""
        total = self.counts()
        for other in self._read_other_workers():
            _add_counts(total, other)
        return "\n".join(_render_lines(total)) + "\n"

    def _read_other_workers(self) -> Iterator[dict[str, Any]]:
        if self.directory is None:
            return
        for path in sorted(self.directory.glob("*.json")):
            pid = int(path.stem)
            if pid == os.getpid():
                continue
            try:
                os.kill(pid, 0)
                yield orjson.loads(path.read_bytes())
            except (OSError, orjson.JSONDecodeError):
                # That worker is gone: what it counted ends with it, as with any restarted process.
                path.unlink(missing_ok=True)


def _add_counts(total: dict[str, Any], other: dict[str, Any]) -> None:
    for name in ("hits", "misses", "workers"):
        total[name] += other[name]
    for name in ("seconds", "statuses"):
        for key, value in other[name].items():
            total[name][key] = total[name].get(key, 0) + value
    for route, counts in other["latency"].items():
        mine = total["latency"].get(route, [0] * len(counts))
        total["latency"][route] = [a + b for a, b in zip(mine, counts, strict=True)]
    merge: dict[str, Callable[[float, float], float]] = {"sum": lambda a, b: a + b, "min": min, "max": max}
    for name, (about, value, how) in other["gauges"].items():
        mine = total["gauges"].get(name)
        total["gauges"][name] = [about, value if mine is None else merge[how](mine[1], value), how]


def _render_lines(total: dict[str, Any]) -> Iterator[str]:
    for name, about, value in (
        ("kb_cache_hits_total", "Answers sent from the response cache.", total["hits"]),
        ("kb_cache_misses_total", "Answers that had to be computed.", total["misses"]),
    ):
        yield from (f"# HELP {name} {about}", f"# TYPE {name} counter", f"{name} {value}")
    yield "# HELP kb_responses_total Computed answers by route and status."
    yield "# TYPE kb_responses_total counter"
    for labels, count in sorted(total["statuses"].items()):
        yield f"kb_responses_total{{{labels}}} {count}"
    yield "# HELP kb_response_seconds Time to compute an answer, by route."
    yield "# TYPE kb_response_seconds histogram"
    for route, counts in sorted(total["latency"].items()):
        so_far = 0
        for limit, count in zip((*_BUCKETS, "+Inf"), counts, strict=True):
            so_far += count
            yield f'kb_response_seconds_bucket{{route="{route}",le="{limit}"}} {so_far}'
        yield f'kb_response_seconds_sum{{route="{route}"}} {total["seconds"][route]:.6f}'
        yield f'kb_response_seconds_count{{route="{route}"}} {so_far}'
    said = set()
    for name, (about, value, _) in sorted(
        {"kb_workers": ["Worker processes.", total["workers"], "sum"], **total["gauges"]}.items()
    ):
        base = name.partition("{")[0]
        if base not in said:
            said.add(base)
            yield from (f"# HELP {base} {about}", f"# TYPE {base} gauge")
        yield f"{name} {value:.10g}"


async def publish_metrics(metrics: Metrics) -> None:
    """Publish once a second until cancelled."""
    while True:
        metrics.publish()
        await asyncio.sleep(1)
