"""Home page, and pages about the service: releases, notice, problem types, API reference."""

from typing import Final

from fastapi import Response

from app.domain.record_types import RECORD_TYPES
from app.errors import NotFound, list_errors_by_code
from app.http.context import RequestContext
from app.openapi.document import DESCRIPTION
from app.web.rendering import asset_path, get_current_release, load_rows, page, render_template
from app.web.review_text import describe_content_review

_TYPE_LABELS: Final = {name: row.page_plural for name, row in RECORD_TYPES.items()}


@page("/")
def show_home(ctx: RequestContext) -> Response:
    """Home page: search, entry points and counts."""
    current = get_current_release(ctx)
    return render_template(
        ctx,
        "home.html",
        title="Pain procedures, with their sources",
        counts=current["counts"],
        review=describe_content_review(current["review"]),
    )


@page("/releases")
def show_releases(ctx: RequestContext) -> Response:
    """Releases page: the changes of each release."""
    return render_template(
        ctx,
        "releases.html",
        title="What changed",
        releases=load_rows(ctx, "releases"),
        changes=load_rows(ctx, f"releases/{ctx.release.version}/changes", 300),
        type_labels=_TYPE_LABELS,
    )


@page("/notice")
def show_notice(ctx: RequestContext) -> Response:
    """Notice page: information and not advice, its authors, and where to report an error."""
    return render_template(
        ctx,
        "notice.html",
        title="About this information",
        about="Every statement names its source; what is not known is said to be unknown.",
        review=describe_content_review(get_current_release(ctx)["review"]),
        custom_report=bool(ctx.settings.report_url),
    )


@page("/problems")
def show_problems(ctx: RequestContext) -> Response:
    """List of the problem types, each with a link to its page."""
    description = "Every refusal of the API names one of these codes."
    return render_template(
        ctx, "problems.html", title="Problems", description=description, errors=list_errors_by_code()
    )


@page("/problems/{code}")
def show_problem(ctx: RequestContext, code: str) -> Response:
    """Problem type page: its meaning, and what to do about it."""
    error = list_errors_by_code().get(code)
    if error is None:
        raise NotFound(f"Unknown problem code {code[:80]!r}.")
    lines = [error.explanation, f"HTTP status {error.status}, code {code}."]
    return render_template(ctx, "message.html", title=error.title, lines=lines, suggestions=[], show_search_form=False)


@page("/docs")
def show_docs(ctx: RequestContext) -> Response:
    """API reference: Swagger UI, which shows the OpenAPI document and sends requests."""
    return render_template(
        ctx,
        "docs.html",
        title="API",
        summary=DESCRIPTION.split("\n\n")[0],
        docs_js_path=asset_path("docs.js"),
        swagger_js_path=asset_path("swagger-ui-bundle.js"),
        swagger_css_path=asset_path("swagger-ui.css"),
    )
