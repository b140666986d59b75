"""What a person types, answered as a page."""

from typing import Final

from fastapi import APIRouter, Request, Response

from app.domain.json import Json
from app.http.context import RequestContext
from app.http.search import explain_hit, get_index, find_notices, suggest_names
from app.search.ranking import search
from app.text.normalize import normalize
from app.web.rendering import FOLDERS, answered, render

router = APIRouter(include_in_schema=False)


_WORDS: Final = {
    "procedure": "Procedure",
    "condition": "Condition",
    "pain_generator": "Pain generator",
    "guide_page": "Guide",
    "risk": "Harm",
    "source": "Source",
}


@router.get("/search")
def show_search(request: Request) -> Response:
    """What a person types, answered as a page."""

    def make(read: RequestContext) -> Response:
        q = request.query_params.get("q", "").strip()[:200]
        values: Json = {
            "q": q,
            "r": None,
            "suggestions": [],
            "paths": {kind: f"/{folder}" for kind, folder in FOLDERS.items()},
            "words": _WORDS,
        }
        if normalize(q):
            understood, hits = search(get_index(read), q)
            shown = [hit for hit in hits if hit.record.type in FOLDERS][:30]
            items = [
                {
                    "type": hit.record.type,
                    "slug": hit.record.slug,
                    "name": hit.record.name,
                    "summary": hit.record.summary,
                    "because": explain_hit(hit),
                }
                for hit in shown
            ]
            values["r"] = {"items": items, "total": len(hits), "notices": find_notices(read, q)}
            values["corrections"] = understood.interpretation.corrections
            values["suggestions"] = [] if hits else suggest_names(read, q)
        return render(read, "search.html", title="Search", path="/search", noindex=True, **values)

    return answered(request, make)
