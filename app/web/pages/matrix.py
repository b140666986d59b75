"""Procedures by pain generators, as a heat map of certainty, both ways round."""

from fastapi import APIRouter, Request, Response

from app.domain import vocabulary
from app.domain.json import Json
from app.http.context import Reading
from app.queries.matrix import Cell, list_matrix
from app.web.rendering import answered, chosen, render

router = APIRouter(include_in_schema=False)
BY = {
    "procedure": "Procedures down, pain generators across",
    "pain_generator": "Pain generators down, procedures across",
}
_LETTERS = {"diagnoses": "D", "treats": "T"}


@router.get("/matrix")
def show_matrix(request: Request) -> Response:
    """Procedures by pain generators."""

    def make(read: Reading) -> Response:
        _ = read.release
        families = chosen(request, "family", vocabulary.FAMILIES)
        regions = chosen(request, "body_region", vocabulary.BODY_REGIONS)
        role = chosen(request, "role", vocabulary.TARGET_ROLES)
        by = (chosen(request, "by", BY) or ["procedure"])[0]
        rows = list_matrix(read.connection, families=families, roles=role, body_regions=regions, limit=20_000)
        return render(
            read,
            "matrix.html",
            title="What treats what",
            path="/matrix",
            description="Which procedures diagnose and treat which pain generators, with the certainty of each edge.",
            **_sides(rows, by),
            cells=_cells(rows, by),
            edges=len(rows),
            chosen_families=families,
            chosen_regions=regions,
            chosen_roles=role,
            by=by,
            ways=BY,
        )

    return answered(request, make)


def _sides(rows: list[Cell], by: str) -> Json:
    procedures = {row.procedure: row.procedure_name for row in rows}
    order = sorted({(row.generator_sort_name, row.pain_generator, row.generator_name) for row in rows})
    down = [{"slug": slug, "name": name, "folder": "procedures"} for slug, name in procedures.items()]
    across = [{"slug": slug, "name": name, "folder": "pain-generators"} for _, slug, name in order]
    return {"down": down, "across": across} if by == "procedure" else {"down": across, "across": down}


def _cells(rows: list[Cell], by: str) -> dict[tuple[str, str], Json]:
    """What stands in each filled cell, by the slugs of its row and column."""
    found: dict[tuple[str, str], Json] = {}
    for row in rows:
        key = (row.procedure, row.pain_generator) if by == "procedure" else (row.pain_generator, row.procedure)
        cell = found.setdefault(key, {"mark": "", "roles": [], "grade": row.grade, "row": row})
        cell["mark"] += _LETTERS[row.role]
        cell["roles"].append(row.role)
        if row.role == "treats":
            cell["grade"], cell["row"] = row.grade, row
    return found
