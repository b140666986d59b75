"""Patient guide pages."""

from fastapi import APIRouter, Request, Response

from app.http.context import RequestContext
from app.http.slug_resolution import get_document
from app.web.pages.lists import render_list_page
from app.web.rendering import parse_document, render_page, render_template

router = APIRouter(include_in_schema=False)


@router.get("/guide")
def show_guide(request: Request) -> Response:
    """List of the patient guide pages."""
    return render_list_page(request, "guide", "Patient guide", "From the first visit to the follow-up.", lambda _: [])


@router.get("/guide/{slug}")
def show_guide_page(slug: str, request: Request) -> Response:
    """Patient guide page."""

    def build(ctx: RequestContext) -> Response:
        record = parse_document(ctx, get_document(ctx, "guide_page", slug))
        return render_template(
            ctx, "guide.html", title=record["name"], path=f"/guide/{slug}", description=record["summary"], record=record
        )

    return render_page(request, build)
