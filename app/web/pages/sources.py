"""What the statements rest on."""

from fastapi import APIRouter, Request, Response

from app.domain import vocabulary
from app.http.context import Reading
from app.http.slug_resolution import get_document
from app.web.rendering import answered, load, render, rows_of

router = APIRouter(include_in_schema=False)


@router.get("/sources")
def show_sources(request: Request) -> Response:
    """Every source, by kind: the kinds that weigh most come first."""

    def make(read: Reading) -> Response:
        _ = read.release
        rows = rows_of(read, "sources", 5000)
        groups = [
            (design, label, [row for row in rows if row["design"] == design])
            for design, label in vocabulary.DESIGNS.items()
        ]
        shown = [group for group in groups if group[2]]
        return render(read, "sources.html", title="Sources", path="/sources", groups=shown, total=len(rows))

    return answered(request, make)


@router.get("/sources/{slug}")
def show_source(slug: str, request: Request) -> Response:
    """A source, and what rests on it."""

    def make(read: Reading) -> Response:
        d = load(read, get_document(read, "source", slug))
        return render(read, "source.html", title=d["name"], path=f"/sources/{slug}", d=d)

    return answered(request, make)
