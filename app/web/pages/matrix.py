"""Procedures by pain generators."""

from fastapi import APIRouter, Request, Response

from app.http.reading import Reading
from app.queries.matrix import list_matrix
from app.schemas import vocabulary
from app.web.rendering import Json, answered, render

router = APIRouter(include_in_schema=False)


@router.get("/matrix")
def show_matrix(request: Request) -> Response:
    """Procedures by pain generators."""

    def make(read: Reading) -> Response:
        _ = read.release
        families = [one for one in request.query_params.getlist("family") if one in vocabulary.FAMILIES]
        regions = [one for one in request.query_params.getlist("body_region") if one in vocabulary.BODY_REGIONS]
        rows = list_matrix(read.connection, families=families, roles=[], body_regions=regions, limit=20_000)
        procedures = {row.procedure: row.procedure_name for row in rows}
        generators = {row.pain_generator: (row.generator_sort_name, row.generator_name) for row in rows}
        columns = sorted(generators, key=lambda slug: (generators[slug][0], slug))
        cells: dict[tuple[str, str], Json] = {}
        for row in rows:
            cell = cells.setdefault(
                (row.procedure, row.pain_generator),
                {"mark": "", "words": "", "claim": row.claim_id, "grade": row.grade},
            )
            cell["mark"] += "T" if row.role == "treats" else "D"
            cell["words"] += (" and " if cell["words"] else "") + row.role
        shown = {
            "procedures": [{"slug": slug, "name": name} for slug, name in procedures.items()],
            "pain_generators": [{"slug": slug, "name": generators[slug][1]} for slug in columns],
        }
        return render(
            read,
            "matrix.html",
            title="What treats what",
            path="/matrix",
            m=shown,
            cells=cells,
            chosen=families,
            chosen_regions=regions,
        )

    return answered(request, make)
