"""Home page."""

from fastapi import APIRouter, Request, Response

from app.http.context import RequestContext
from app.web.rendering import get_current_release, render_page, render_template

router = APIRouter(include_in_schema=False)


@router.get("/")
def show_home(request: Request) -> Response:
    """Home page: search, entry points and counts."""

    def build(ctx: RequestContext) -> Response:
        current = get_current_release(ctx)
        return render_template(
            ctx,
            "home.html",
            title="Pain procedures, with their sources",
            path="/",
            counts=current["counts"],
            review_status=current["review"]["status"],
        )

    return render_page(request, build)
