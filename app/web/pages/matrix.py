"""Matrix page: procedures by pain generators as a heat map of certainty, in either orientation."""

from fastapi import APIRouter, Request, Response

from app.domain import vocabulary
from app.domain.json import Json
from app.http.context import RequestContext
from app.queries.matrix import MatrixCell, list_matrix
from app.web.rendering import render_page, render_template, validate_choices

router = APIRouter(include_in_schema=False)
ORIENTATIONS = {
    "procedure": "Procedures down, pain generators across",
    "pain_generator": "Pain generators down, procedures across",
}
_ROLE_LETTERS = {"diagnoses": "D", "treats": "T"}


@router.get("/matrix")
def show_matrix(request: Request) -> Response:
    """Heat map of procedures by pain generators."""

    def build(ctx: RequestContext) -> Response:
        families = validate_choices(request, "family", vocabulary.PROCEDURE_FAMILIES)
        regions = validate_choices(request, "body_region", vocabulary.BODY_REGIONS)
        roles = validate_choices(request, "role", vocabulary.TARGET_ROLES)
        orientation = (validate_choices(request, "by", ORIENTATIONS) or ["procedure"])[0]
        rows = list_matrix(ctx.connection, families=families, roles=roles, body_regions=regions, limit=20_000)
        return render_template(
            ctx,
            "matrix.html",
            title="What treats what",
            path="/matrix",
            description="Which procedures diagnose and treat which pain generators, with the certainty of each edge.",
            **_build_axes(rows, orientation),
            cells=_build_cells(rows, orientation),
            edge_count=len(rows),
            chosen_families=families,
            chosen_regions=regions,
            chosen_roles=roles,
            orientation=orientation,
            orientations=ORIENTATIONS,
        )

    return render_page(request, build)


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
        cell = cells.setdefault(key, {"letters": "", "roles": [], "grade": row.grade, "row": row})
        cell["letters"] += _ROLE_LETTERS[row.role]
        cell["roles"].append(row.role)
        if row.role == "treats":
            cell["grade"], cell["row"] = row.grade, row
    return cells
