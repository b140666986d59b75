"""Matrix page: procedures by pain generators in either orientation."""

from typing import Final

from fastapi import Response

from app.domain import vocabulary
from app.domain.json import Json
from app.http.context import RequestContext
from app.queries.matrix import MatrixCell, list_matrix
from app.web.rendering import page, parse_start, render_template, validate_choices

# With more cells than this, the table has pages of this many rows.
MAX_CELLS: Final = 20_000
PAGE_ROWS: Final = 50
# With more relations than this, the reader has to choose first.
MAX_RELATIONS: Final = 20_000
ORIENTATIONS = {
    "procedure": "Procedures down, pain generators across",
    "pain_generator": "Pain generators down, procedures across",
}
_ROLE_LETTERS = {"diagnoses": "D", "treats": "T"}


@page("/matrix")
def show_matrix(ctx: RequestContext) -> Response:
    """Matrix of procedures by pain generators."""
    families = validate_choices(ctx, "family", vocabulary.PROCEDURE_FAMILIES)
    regions = validate_choices(ctx, "body_region", vocabulary.BODY_REGIONS)
    roles = validate_choices(ctx, "role", vocabulary.TARGET_ROLES)
    orientation = (validate_choices(ctx, "by", ORIENTATIONS) or ["procedure"])[0]
    rows = list_matrix(ctx.transaction, families=families, roles=roles, body_regions=regions, limit=MAX_RELATIONS + 1)
    too_many = len(rows) > MAX_RELATIONS
    axes = _build_axes([] if too_many else rows, orientation)
    total = len(axes["down"])
    start = parse_start(ctx, total)
    if total * len(axes["across"]) > MAX_CELLS:
        shown = {record["slug"] for record in axes["down"][start : start + PAGE_ROWS]}
        rows = [row for row in rows if getattr(row, orientation) in shown]
        axes = _build_axes(rows, orientation)
    return render_template(
        ctx,
        "matrix.html",
        title="What treats what",
        description="Which procedures diagnose and treat which pain generators.",
        **axes,
        start=start,
        end=start + len(axes["down"]),
        total=total,
        too_many=too_many,
        query=[(name, value) for name, value in ctx.request.query_params.multi_items() if name != "start"],
        cells={} if too_many else _build_cells(rows, orientation),
        relation_count=len(rows),
        chosen_families=families,
        chosen_regions=regions,
        chosen_roles=roles,
        orientation=orientation,
        orientations=ORIENTATIONS,
    )


def _build_axes(rows: list[MatrixCell], orientation: str) -> Json:
    procedures = {row.procedure: row.procedure_name for row in rows}
    generators = sorted({(row.generator_sort_name, row.pain_generator, row.generator_name) for row in rows})
    procedure_axis = [{"slug": slug, "name": name, "folder": "procedures"} for slug, name in procedures.items()]
    generator_axis = [{"slug": slug, "name": name, "folder": "pain-generators"} for _, slug, name in generators]
    if orientation == "procedure":
        return {"down": procedure_axis, "across": generator_axis}
    return {"down": generator_axis, "across": procedure_axis}


def _build_cells(rows: list[MatrixCell], orientation: str) -> dict[tuple[str, str], Json]:
    """Build the filled cells, keyed by row slug and column slug."""
    cells: dict[tuple[str, str], Json] = {}
    for row in rows:
        key = (row.procedure, row.pain_generator) if orientation == "procedure" else (row.pain_generator, row.procedure)
        cell = cells.setdefault(key, {"letters": "", "roles": [], "row": row})
        cell["letters"] += _ROLE_LETTERS[row.role]
        cell["roles"].append(row.role)
        if row.role == "treats":
            cell["row"] = row
    return cells
