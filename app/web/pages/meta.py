"""What the service says of itself: releases, notice, problems, the API for people."""

from typing import Final

from fastapi import APIRouter, Request, Response

from app.errors import NotFound, list_errors_by_code
from app.http.context import RequestContext
from app.openapi.document import list_operations
from app.web.rendering import answered, current_release, render, rows_of

router = APIRouter(include_in_schema=False)
_TYPES: Final = {
    "procedure": "procedures",
    "condition": "conditions",
    "pain_generator": "pain generators",
    "risk": "harms",
    "source": "sources",
    "guide_page": "guide",
}


@router.get("/releases")
def show_releases(request: Request) -> Response:
    """What changed."""

    def make(read: RequestContext) -> Response:
        version = read.release.version
        changes = rows_of(read, f"releases/{version}/changes", 300)
        return render(
            read,
            "releases.html",
            title="What changed",
            path="/releases",
            rows=rows_of(read, "releases"),
            changes=changes,
            words=_TYPES,
        )

    return answered(request, make)


@router.get("/notice")
def show_notice(request: Request) -> Response:
    """That this is information and not advice, who made it, and where a wrong statement is reported."""

    def make(read: RequestContext) -> Response:
        current = current_release(read)
        about = "Every statement names its source; what is not known is said to be unknown."
        return render(
            read,
            "notice.html",
            title="About this information",
            path="/notice",
            c=current,
            about=about,
            custom_report=bool(read.settings.report_url),
        )

    return answered(request, make)


@router.get("/problems/{code}")
def show_problem(code: str, request: Request) -> Response:
    """What a kind of problem means and what to do."""

    def make(read: RequestContext) -> Response:
        error = list_errors_by_code().get(code)
        if error is None:
            raise NotFound(f"No kind of problem has the code {code[:80]!r}.")
        lines = [error.explanation, f"HTTP status {error.status}, code {code}."]
        return render(
            read, "message.html", title=error.title, path=f"/problems/{code}", lines=lines, suggestions=[], search=False
        )

    return answered(request, make)


@router.get("/docs")
def show_docs(request: Request) -> Response:
    """The API for people, from the same document that programs read."""

    def make(read: RequestContext) -> Response:
        summary, tags, operations = read.cached(("operations",), lambda: list_operations(request.app))
        return render(read, "docs.html", title="API", path="/docs", summary=summary, tags=tags, operations=operations)

    return answered(request, make)
