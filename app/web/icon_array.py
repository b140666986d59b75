"""Icon arrays: one dot per person, the affected people filled and grouped at the start."""

from typing import Final

from markupsafe import Markup, escape

# Number of people -> columns and rows.
GRIDS: Final = {1000: (50, 20), 100: (10, 10)}
CELL_SIZE: Final = 8


def render_icon_array(count: int, *, key: str, title: str, description: str, base: int = 1000) -> Markup:
    """Render `count` of `base` people as filled dots and the rest as rings, as SVG; empty below one person of 1,000."""
    columns, rows = GRIDS[base]
    if count > base or (count < 1 and base == 1000):
        return Markup("")
    full_rows, remainder = divmod(count, columns)
    width, height = columns * CELL_SIZE, rows * CELL_SIZE
    filled_area = []
    if full_rows:
        filled_area.append(f"M0 0H{width}V{full_rows * CELL_SIZE}H0Z")
    if remainder:
        filled_area.append(f"M0 {full_rows * CELL_SIZE}H{remainder * CELL_SIZE}V{(full_rows + 1) * CELL_SIZE}H0Z")
    dot = f'<circle class="{{}}" cx="{CELL_SIZE / 2:g}" cy="{CELL_SIZE / 2:g}" r="{{}}"/>'
    size = f'width="{CELL_SIZE}" height="{CELL_SIZE}" patternUnits="userSpaceOnUse"'
    return Markup(  # noqa: S704 - numbers from this module and escaped text
        f'<svg class="people" role="img" viewBox="0 0 {width} {height}" aria-labelledby="{key}-t {key}-d">'
        f'<title id="{key}-t">{escape(title)}</title><desc id="{key}-d">{escape(description)}</desc>'
        f'<defs><pattern id="{key}-n" {size}>{dot.format("no", "2.6")}</pattern>'
        f'<pattern id="{key}-y" {size}>{dot.format("yes", "3")}</pattern>'
        f'<clipPath id="{key}-c"><path d="{"".join(filled_area)}"/></clipPath></defs>'
        f'<rect width="{width}" height="{height}" fill="url(#{key}-n)"/>'
        f'<rect width="{width}" height="{height}" fill="url(#{key}-y)" clip-path="url(#{key}-c)"/></svg>'
    )
