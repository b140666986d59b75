"""Growth chart as SVG: cold median latency by number of procedures, both axes logarithmic."""

import math
from typing import Final

_COLORS: Final = ("#0b6e6e", "#a3432c", "#5b4b8a", "#7a6a12")
WIDTH: Final = 640
HEIGHT: Final = 360
_LEFT: Final = 60
_TOP: Final = 20
_BOTTOM: Final = 40


def build_growth_chart(medians: dict[int, dict[str, float]]) -> str:
    """Build the chart of `medians`: number of procedures -> workload -> milliseconds. One line per workload."""
    counts = sorted(medians)
    values = [value for row in medians.values() for value in row.values()]
    low, high = 10 ** math.floor(math.log10(min(values))), 10 ** math.ceil(math.log10(max(values)))
    span = math.log10(counts[-1] / counts[0]) or 1

    def x(count: int) -> float:
        return _LEFT + (WIDTH - _LEFT - 120) * math.log10(count / counts[0]) / span

    def y(value: float) -> float:
        return HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * math.log10(value / low) / (math.log10(high / low) or 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        "<title>Cold median latency by number of procedures</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    tick = low
    while tick <= high * 1.001:
        parts.append(
            f'<path d="M{_LEFT} {y(tick):.1f}H{WIDTH - 120}" stroke="#ddd"/>'
            f'<text x="{_LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g} ms</text>'
        )
        tick *= 10
    parts += [f'<text x="{x(count):.1f}" y="{HEIGHT - 18}" text-anchor="middle">{count:,}</text>' for count in counts]
    parts.append(f'<text x="{_LEFT}" y="{HEIGHT - 4}">procedures</text>')
    label_ys: list[float] = []
    for name, color in zip(medians[counts[0]], _COLORS, strict=False):
        points = " ".join(f"{x(count):.1f},{y(medians[count][name]):.1f}" for count in counts)
        label_y = y(medians[counts[-1]][name]) + 4
        while any(abs(label_y - other) < 13 for other in label_ys):
            label_y += 13
        label_ys.append(label_y)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
        parts.append(f'<text x="{x(counts[-1]) + 8:.1f}" y="{label_y:.1f}" fill="{color}">{name}</text>')
    return "\n".join([*parts, "</svg>\n"])
