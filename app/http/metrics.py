"""Counters of this process, written as Prometheus text. Plain integers: a hit must not pay for being counted."""

from collections import defaultdict
from collections.abc import Callable, MutableMapping
from typing import Any, Final

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)


class Metrics:
    """What this process has answered so far."""

    def __init__(self) -> None:
        self.hits = 0
        self.misses = 0
        self._latency: dict[str, list[int]] = defaultdict(lambda: [0] * (len(_BUCKETS) + 1))
        self._seconds: dict[str, float] = defaultdict(float)
        self._statuses: dict[tuple[str, int], int] = defaultdict(int)
        self.gauges: list[Callable[[], dict[str, tuple[str, float]]]] = []

    def observe(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        """Count one answer that was computed, under the template of its route."""
        route = getattr(scope.get("route"), "path", None) or "unrouted"
        place = next((n for n, limit in enumerate(_BUCKETS) if seconds <= limit), len(_BUCKETS))
        self._latency[route][place] += 1
        self._seconds[route] += seconds
        self._statuses[route, status] += 1

    def text(self) -> str:
        """Prometheus text format."""
        lines = [
            "# HELP kb_cache_hits_total Answers sent from the response cache.",
            "# TYPE kb_cache_hits_total counter",
            f"kb_cache_hits_total {self.hits}",
            "# HELP kb_cache_misses_total Answers that had to be computed.",
            "# TYPE kb_cache_misses_total counter",
            f"kb_cache_misses_total {self.misses}",
            "# HELP kb_responses_total Computed answers by route and status.",
            "# TYPE kb_responses_total counter",
        ]
        lines += [
            f'kb_responses_total{{route="{route}",status="{status}"}} {count}'
            for (route, status), count in sorted(self._statuses.items())
        ]
        lines += [
            "# HELP kb_response_seconds Time to compute an answer, by route.",
            "# TYPE kb_response_seconds histogram",
        ]
        for route, counts in sorted(self._latency.items()):
            total = 0
            for limit, count in zip((*_BUCKETS, None), counts, strict=True):
                total += count
                le = "+Inf" if limit is None else limit
                lines.append(f'kb_response_seconds_bucket{{route="{route}",le="{le}"}} {total}')
            lines.append(f'kb_response_seconds_sum{{route="{route}"}} {self._seconds[route]:.6f}')
            lines.append(f'kb_response_seconds_count{{route="{route}"}} {total}')
        for gauge in self.gauges:
            for name, (about, value) in gauge().items():
                base = name.partition("{")[0]
                lines += [f"# HELP {base} {about}", f"# TYPE {base} gauge", f"{name} {value:g}"]
        return "\n".join(lines) + "\n"
