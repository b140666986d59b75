"""Source pages."""

from fastapi import APIRouter, Request, Response

from app.domain import vocabulary
from app.http.context import RequestContext
from app.http.slug_resolution import get_document
from app.web.rendering import load_rows, parse_document, render_page, render_template

router = APIRouter(include_in_schema=False)


@router.get("/sources")
def show_sources(request: Request) -> Response:
    """List of sources by design, the strongest design first."""

    def build(ctx: RequestContext) -> Response:
        rows = load_rows(ctx, "sources", 5000)
        groups = [
            (design, label, [row for row in rows if row["design"] == design])
            for design, label in vocabulary.DESIGNS.items()
        ]
        filled = [group for group in groups if group[2]]
        return render_template(ctx, "sources.html", title="Sources", path="/sources", groups=filled, total=len(rows))

    return render_page(request, build)


@router.get("/sources/{slug}")
def show_source(slug: str, request: Request) -> Response:
    """Source page, with the claims that cite it."""

    def build(ctx: RequestContext) -> Response:
        record = parse_document(ctx, get_document(ctx, "source", slug))
        return render_template(ctx, "source.html", title=record["name"], path=f"/sources/{slug}", record=record)

    return render_page(request, build)
