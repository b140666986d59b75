"""Search page."""

from typing import Final

from fastapi import Response

from app.domain.record_types import RECORD_TYPES
from app.http.context import RequestContext
from app.http.search import find_notices, search_records, suggest_names
from app.text.normalize import normalize
from app.web.rendering import page, render_template

_TYPE_LABELS: Final = {name: row.page_label.capitalize() for name, row in RECORD_TYPES.items()}


@page("/search")
def show_search(ctx: RequestContext) -> Response:
    """Search results for `q`, with corrections, red flags and suggestions."""
    q = ctx.request.query_params.get("q", "").strip()[:200]
    results, suggestions, corrections = None, [], []
    if normalize(q):
        query, hits = search_records(ctx, q)
        results = {"hits": hits[:30], "total": len(hits), "notices": find_notices(ctx, q)}
        corrections = query.interpretation.corrections
        suggestions = [] if hits else suggest_names(ctx, q)
    return render_template(
        ctx,
        "search.html",
        title="Search",
        noindex=True,
        q=q,
        results=results,
        corrections=corrections,
        suggestions=suggestions,
        type_labels=_TYPE_LABELS,
    )
