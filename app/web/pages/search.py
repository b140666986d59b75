"""Search page."""

from typing import Final

from fastapi import APIRouter, Request, Response

from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE, RECORD_TYPES
from app.http.context import RequestContext
from app.http.search import explain_hit, find_notices, get_index, suggest_names
from app.search.ranking import search
from app.text.normalize import normalize
from app.web.rendering import render_page, render_template

router = APIRouter(include_in_schema=False)
_TYPE_LABELS: Final = {name: row.page_label.capitalize() for name, row in RECORD_TYPES.items()}


@router.get("/search")
def show_search(request: Request) -> Response:
    """Search results for `q`, with corrections, red flags and suggestions."""

    def build(ctx: RequestContext) -> Response:
        q = request.query_params.get("q", "").strip()[:200]
        variables: Json = {
            "q": q,
            "results": None,
            "suggestions": [],
            "paths": {record_type: f"/{folder}" for record_type, folder in PATH_BY_RECORD_TYPE.items()},
            "type_labels": _TYPE_LABELS,
        }
        if normalize(q):
            query, hits = search(get_index(ctx), q)
            displayed_hits = [hit for hit in hits if hit.record.type in PATH_BY_RECORD_TYPE][:30]
            items = [
                {
                    "type": hit.record.type,
                    "slug": hit.record.slug,
                    "name": hit.record.name,
                    "summary": hit.record.summary,
                    "explanation": explain_hit(hit),
                }
                for hit in displayed_hits
            ]
            variables["results"] = {"items": items, "total": len(hits), "notices": find_notices(ctx, q)}
            variables["corrections"] = query.interpretation.corrections
            variables["suggestions"] = [] if hits else suggest_names(ctx, q)
        return render_template(ctx, "search.html", title="Search", path="/search", noindex=True, **variables)

    return render_page(request, build)
