"""Procedures side by side."""

from fastapi import APIRouter, Request, Response

from app.http.reading import Reading
from app.http.resolving import slugs_of
from app.queries.documents import list_documents
from app.represent.comparison import compare
from app.web.rendering import answered, load, render

router = APIRouter(include_in_schema=False)


@router.get("/compare")
def show_comparison(request: Request) -> Response:
    """Two to six procedures side by side, with no procedure as an option."""

    def make(read: Reading) -> Response:
        _ = read.release
        names = slugs_of(read, "procedure")
        chosen = [slug for slug in dict.fromkeys(request.query_params.getlist("procedure")) if slug in names][:6]
        comparison, message = None, ""
        if len(chosen) >= 2:
            bodies = list_documents(read.connection, "procedure", chosen)
            comparison = compare([load(read, bodies[slug]) for slug in chosen])
        elif chosen:
            message = "Choose at least one more procedure."
        ordered = sorted(names.items(), key=lambda pair: pair[1].casefold())
        return render(
            read,
            "compare.html",
            title="Compare procedures",
            path="/compare",
            all=ordered,
            chosen=chosen,
            c=comparison,
            message=message,
        )

    return answered(request, make)
