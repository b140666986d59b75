"""What a person types, answered as a page."""

from typing import Final

from fastapi import APIRouter, Request, Response

from app.domain.json import Json
from app.http.context import Reading
from app.http.search import because_of, index_of, notices_of, suggestions_for
from app.search.ranking import search
from app.text.normalize import fold
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

    def make(read: Reading) -> Response:
        q = request.query_params.get("q", "").strip()[:200]
        values: Json = {
            "q": q,
            "r": None,
            "suggestions": [],
            "paths": {kind: f"/{folder}" for kind, folder in FOLDERS.items()},
            "words": _WORDS,
        }
        if fold(q):
            understood, hits = search(index_of(read), q)
            shown = [hit for hit in hits if hit.entry.type in FOLDERS][:30]
            items = [
                {
                    "type": hit.entry.type,
                    "slug": hit.entry.slug,
                    "name": hit.entry.name,
                    "summary": hit.entry.summary,
                    "because": because_of(hit),
                }
                for hit in shown
            ]
            values["r"] = {"items": items, "total": len(hits), "notices": notices_of(read, q)}
            values["corrections"] = understood.interpreted.corrections
            values["suggestions"] = [] if hits else suggestions_for(read, q)
        return render(read, "search.html", title="Search", path="/search", noindex=True, **values)

    return answered(request, make)
