"""Pages about the service: releases, notice, problem types, API reference."""

from typing import Final

from fastapi import APIRouter, Request, Response

from app.domain.record_types import RECORD_TYPES
from app.errors import NotFound, list_errors_by_code
from app.http.context import RequestContext
from app.openapi.document import DESCRIPTION
from app.web.rendering import asset_path, load_rows, render_page, render_template

router = APIRouter(include_in_schema=False)
_TYPE_LABELS: Final = {name: row.page_plural for name, row in RECORD_TYPES.items()}


@router.get("/releases")
def show_releases(request: Request) -> Response:
    """Releases page: the changes of each release."""

    def build(ctx: RequestContext) -> Response:
        version = ctx.release.version
        changes = load_rows(ctx, f"releases/{version}/changes", 300)
        return render_template(
            ctx,
            "releases.html",
            title="What changed",
            path="/releases",
            releases=load_rows(ctx, "releases"),
            changes=changes,
            type_labels=_TYPE_LABELS,
        )

    return render_page(request, build)


@router.get("/notice")
def show_notice(request: Request) -> Response:
    """Notice page: information and not advice, its authors, and where to report an error."""

    def build(ctx: RequestContext) -> Response:
        about = "Every statement names its source; what is not known is said to be unknown."
        return render_template(
            ctx,
            "notice.html",
            title="About this information",
            path="/notice",
            about=about,
            custom_report=bool(ctx.settings.report_url),
        )

    return render_page(request, build)


@router.get("/problems")
def show_problems(request: Request) -> Response:
    """List of the problem types, each with a link to its page."""

    def build(ctx: RequestContext) -> Response:
        return render_template(
            ctx,
            "problems.html",
            title="Problems",
            path="/problems",
            description="Every refusal of the API names one of these codes.",
            errors=list_errors_by_code(),
        )

    return render_page(request, build)


@router.get("/problems/{code}")
def show_problem(code: str, request: Request) -> Response:
    """Problem type page: its meaning, and what to do about it."""

    def build(ctx: RequestContext) -> Response:
        error = list_errors_by_code().get(code)
        if error is None:
            raise NotFound(f"Unknown problem code {code[:80]!r}.")
        lines = [error.explanation, f"HTTP status {error.status}, code {code}."]
        return render_template(
            ctx,
            "message.html",
            title=error.title,
            path=f"/problems/{code}",
            lines=lines,
            suggestions=[],
            show_search_form=False,
        )

    return render_page(request, build)


@router.get("/docs")
def show_docs(request: Request) -> Response:
    """API reference: Swagger UI, which shows the OpenAPI document and sends requests."""

    def build(ctx: RequestContext) -> Response:
        return render_template(
            ctx,
            "docs.html",
            title="API",
            path="/docs",
            summary=DESCRIPTION.split("\n\n")[0],
            docs_js_path=asset_path("docs.js"),
            swagger_js_path=asset_path("swagger-ui-bundle.js"),
            swagger_css_path=asset_path("swagger-ui.css"),
        )

    return render_page(request, build)
