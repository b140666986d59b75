"""The growth curve as SVG: cold medians by the number of procedures, both axes logarithmic."""

import math
from typing import Final

_COLOURS: Final = ("#0b6e6e", "#a3432c", "#5b4b8a", "#7a6a12")
WIDTH: Final = 640
HEIGHT: Final = 360
_LEFT: Final = 60
_TOP: Final = 20
_BOTTOM: Final = 40


def growth_chart(medians: dict[int, dict[str, float]]) -> str:
    """One line a workload."""
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
        "<title>Cold median of one answer by the number of procedures</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
    ]
    tick = low
    while tick <= high * 1.001:
        parts.append(
            f'<path d="M{_LEFT} {y(tick):.1f}H{WIDTH - 120}" stroke="#ddd"/>'
            f'<text x="{_LEFT - 6}" y="{y(tick) + 4:.1f}" text-anchor="end">{tick:g} ms</text>'
        )
        tick *= 10
    parts += [f'<text x="{x(one):.1f}" y="{HEIGHT - 18}" text-anchor="middle">{one:,}</text>' for one in counts]
    parts.append(f'<text x="{_LEFT}" y="{HEIGHT - 4}">procedures</text>')
    placed: list[float] = []
    for name, colour in zip(medians[counts[0]], _COLOURS, strict=False):
        points = " ".join(f"{x(one):.1f},{y(medians[one][name]):.1f}" for one in counts)
        height = y(medians[counts[-1]][name]) + 4
        while any(abs(height - other) < 13 for other in placed):
            height += 13
        placed.append(height)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="{x(counts[-1]) + 8:.1f}" y="{height:.1f}" fill="{colour}">{name}</text>')
    return "\n".join([*parts, "</svg>\n"])
