"""Metrics of the workers of a host, as Prometheus text. Counters are plain integers: a cache hit must not pay for them.

A scrape reaches one worker: each publishes its counts in a directory that the workers share, and the scraped one adds them up.
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
    """Current value; `merge` is how the values of several workers combine: sum, min or max."""

    help_text: str
    value: float
    merge: str = "sum"


class Metrics:
    """Counts of this process."""

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
        """Count one computed response, under the template of its route."""
        route = getattr(scope.get("route"), "path", None) or "unrouted"
        bucket = bisect_left(_BUCKETS, seconds)
        self._latency[route][bucket] += 1
        self._seconds[route] += seconds
        self._statuses[f'route="{route}",status="{status}"'] += 1

    def counts(self) -> dict[str, Any]:
        """All counts as plain values."""
        return {
            "hits": self.hits,
            "misses": self.misses,
            "workers": 1,
            "latency": dict(self._latency),
            "seconds": dict(self._seconds),
            "statuses": dict(self._statuses),
            "gauges": {name: list(gauge) for collect in self.gauges for name, gauge in collect().items()},
        }

    def publish(self) -> None:
        """Write the counts where the other workers read them."""
        if self.directory is None:
            return
        draft = self.directory / f"{os.getpid()}.draft"
        try:
            draft.write_bytes(orjson.dumps(self.counts()))
            draft.replace(self.directory / f"{os.getpid()}.json")
        except OSError:
            # No space, or the directory is gone: the next attempt may succeed, and no response depends on it.
            return

    def render(self) -> str:
        """Prometheus text of all workers of the host."""
        total = self.counts()
        for other in self._read_other_workers():
            _add_counts(total, other)
        return "\n".join(_render_lines(total)) + "\n"

    def _read_other_workers(self) -> Iterator[dict[str, Any]]:
        if self.directory is None:
            return
        for path in sorted(self.directory.glob("*.json")):
            if not path.stem.isdigit() or (pid := int(path.stem)) == os.getpid():
                continue
            try:
                os.kill(pid, 0)
                yield orjson.loads(path.read_bytes())
            except (OSError, orjson.JSONDecodeError):
                # That worker is gone: its counts end with it, as those of any restarted process.
                path.unlink(missing_ok=True)


def _add_counts(total: dict[str, Any], other: dict[str, Any]) -> None:
    for name in ("hits", "misses", "workers"):
        total[name] += other[name]
    for name in ("seconds", "statuses"):
        for key, value in other[name].items():
            total[name][key] = total[name].get(key, 0) + value
    for route, counts in other["latency"].items():
        own_counts = total["latency"].get(route, [0] * len(counts))
        total["latency"][route] = [a + b for a, b in zip(own_counts, counts, strict=True)]
    merge: dict[str, Callable[[float, float], float]] = {"sum": lambda a, b: a + b, "min": min, "max": max}
    for name, (help_text, value, mode) in other["gauges"].items():
        own_gauge = total["gauges"].get(name)
        total["gauges"][name] = [help_text, value if own_gauge is None else merge[mode](own_gauge[1], value), mode]


def _render_lines(total: dict[str, Any]) -> Iterator[str]:
    for name, help_text, value in (
        ("kb_cache_hits_total", "Cache hits.", total["hits"]),
        ("kb_cache_misses_total", "Cache misses.", total["misses"]),
    ):
        yield from (f"# HELP {name} {help_text}", f"# TYPE {name} counter", f"{name} {value}")
    yield "# HELP kb_responses_total Computed responses by route and status."
    yield "# TYPE kb_responses_total counter"
    for labels, count in sorted(total["statuses"].items()):
        yield f"kb_responses_total{{{labels}}} {count}"
    yield "# HELP kb_response_seconds Seconds to compute a response, by route."
    yield "# TYPE kb_response_seconds histogram"
    for route, counts in sorted(total["latency"].items()):
        cumulative = 0
        for limit, count in zip((*_BUCKETS, "+Inf"), counts, strict=True):
            cumulative += count
            yield f'kb_response_seconds_bucket{{route="{route}",le="{limit}"}} {cumulative}'
        yield f'kb_response_seconds_sum{{route="{route}"}} {total["seconds"][route]:.6f}'
        yield f'kb_response_seconds_count{{route="{route}"}} {cumulative}'
    described = set()
    for name, (help_text, value, _) in sorted(
        {"kb_workers": ["Worker processes.", total["workers"], "sum"], **total["gauges"]}.items()
    ):
        base = name.partition("{")[0]
        if base not in described:
            described.add(base)
            yield from (f"# HELP {base} {help_text}", f"# TYPE {base} gauge")
        yield f"{name} {value:.10g}"


async def publish_metrics(metrics: Metrics) -> None:
    """Publish once a second until cancelled."""
    while True:
        metrics.publish()
        await asyncio.sleep(1)
