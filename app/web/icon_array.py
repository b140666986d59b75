"""Icon arrays: the whole base drawn, one icon one person, those affected grouped and filled."""

from typing import Final

from markupsafe import Markup, escape

COLUMNS: Final = 50
CELL: Final = 8


def people_array(count: int, *, base: int = 1_000, key: str, title: str, words: str) -> Markup:
    """`count` of `base` people as filled dots, the others as rings. Empty below one person: words serve better there."""
    if count < 1 or count > base:
        return Markup("")
    rows = base // COLUMNS
    full, rest = divmod(count, COLUMNS)
    width, height = COLUMNS * CELL, rows * CELL
    parts = []
    if full:
        parts.append(f"M0 0H{width}V{full * CELL}H0Z")
    if rest:
        parts.append(f"M0 {full * CELL}H{rest * CELL}V{(full + 1) * CELL}H0Z")
    dot = f'<circle class="{{}}" cx="{CELL / 2:g}" cy="{CELL / 2:g}" r="{{}}"/>'
    size = f'width="{CELL}" height="{CELL}" patternUnits="userSpaceOnUse"'
    return Markup(  # noqa: S704 - numbers of this module and escaped words
        f'<svg class="people" role="img" viewBox="0 0 {width} {height}" aria-labelledby="{key}-t {key}-d">'
        f'<title id="{key}-t">{escape(title)}</title><desc id="{key}-d">{escape(words)}</desc>'
        f'<defs><pattern id="{key}-n" {size}>{dot.format("no", "2.6")}</pattern>'
        f'<pattern id="{key}-y" {size}>{dot.format("yes", "3")}</pattern>'
        f'<clipPath id="{key}-c"><path d="{"".join(parts)}"/></clipPath></defs>'
        f'<rect width="{width}" height="{height}" fill="url(#{key}-n)"/>'
        f'<rect width="{width}" height="{height}" fill="url(#{key}-y)" clip-path="url(#{key}-c)"/></svg>'
    )
