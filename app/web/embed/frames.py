"""Frame pages: the cards of the custom elements as HTML for iframes, without JavaScript."""

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter, Request, Response

from app.domain.record_types import PATH_BY_RECORD_TYPE
from app.errors import FieldError, InvalidParameter, KnowledgeBaseError
from app.http.context import RequestContext, request_context
from app.http.search import explain_hit, find_notices, get_index
from app.http.slug_resolution import resolve_filter_value
from app.search.ranking import search
from app.text.normalize import normalize
from app.web.embed.builds import get_newest_build
from app.web.embed.cards import merge_relief_cards
from app.web.embed.routes import (
    load_options_card,
    load_procedure_card,
    load_relief_card,
    load_search_card,
    load_typical_relief_card,
)
from app.web.rendering import asset_path, render_template

router = APIRouter(include_in_schema=False)
THEMES: Final = ("auto", "light", "dark")
MAX_PROCEDURES: Final = 12
_MAX_RESULTS: Final = 10


def render_frame(request: Request, build: Callable[[RequestContext, str], dict[str, object]]) -> Response:
    """Render the frame page for the variables that `build` returns, or an error page. Errors of status 500 and up are raised."""
    with request_context(request) as ctx:
        theme = request.query_params.get("theme", "auto")
        try:
            # The release is checked before the parameters.
            _ = ctx.release
            if theme not in THEMES:
                field_error = FieldError("theme", theme[:40], f"must be one of {', '.join(THEMES)}")
                raise InvalidParameter(f"theme: {field_error.message}", errors=(field_error,))
            variables = build(ctx, theme)
        except KnowledgeBaseError as error:
            if error.status >= 500:
                raise
            return _render_error_frame(ctx, request, error)
        card = variables["card"]
        assert isinstance(card, dict)  # noqa: S101 - every builder returns a card
        # Search engines should index the full page, not the frame.
        page_url = card["url"] if ctx.settings.public_url else ""
        defaults: dict[str, object] = {
            "canonical_url": page_url,
            "is_search": False,
            "q": "",
            "results": [],
            "notices": [],
            "total": 0,
        }
        return _render_frame_template(
            ctx, "embed/frame.html", card["title"], request.url.path, theme=theme, **{**defaults, **variables}
        )


def _render_frame_template(ctx: RequestContext, template: str, title: str, path: str, **variables: object) -> Response:
    status = variables.pop("status", 200)
    assert isinstance(status, int)  # noqa: S101 - the status of an error class
    ancestors = ctx.settings.frame_ancestors
    csp = f"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
    assets = {"style_sheet_path": f"/embed/kb.{get_newest_build().hash}.css", "frame_js_path": asset_path("frame.js")}
    return render_template(ctx, template, title=title, path=path, csp=csp, status=status, **assets, **variables)


def _render_error_frame(ctx: RequestContext, request: Request, error: KnowledgeBaseError) -> Response:
    base = ctx.settings.link_base
    suggestions = [
        (f"{base}/{PATH_BY_RECORD_TYPE[suggestion['type']]}/{suggestion['slug']}", suggestion["name"])
        for suggestion in error.suggestions
        if isinstance(suggestion, dict) and suggestion.get("type") in PATH_BY_RECORD_TYPE
    ]
    path = request.url.path
    return _render_frame_template(
        ctx,
        "embed/error.html",
        error.title,
        path,
        theme="auto",
        status=error.status,
        detail=error.detail,
        suggestions=suggestions,
        home_url=f"{base}/",
    )


@router.get("/embed/procedures/{slug}")
def show_procedure_frame(slug: str, request: Request) -> Response:
    """Procedure card for a frame."""
    return render_frame(request, lambda ctx, _: {"card": load_procedure_card(ctx, slug)})


@router.get("/embed/conditions/{slug}/options")
def show_options_frame(slug: str, request: Request) -> Response:
    """Options card of a condition for a frame."""
    return render_frame(request, lambda ctx, _: {"card": load_options_card(ctx, slug)})


@router.get("/embed/relief-chart")
def show_relief_frame(request: Request) -> Response:
    """Relief chart of the requested procedures for a frame; without any, the typical relief of all procedures."""

    def build(ctx: RequestContext, _: str) -> dict[str, object]:
        names = request.query_params.getlist("procedure")
        if not names:
            return {"card": load_typical_relief_card(ctx)}
        if len(names) > MAX_PROCEDURES:
            message = f"at most {MAX_PROCEDURES} procedures per chart"
            raise InvalidParameter(f"procedure: {message}", errors=(FieldError("procedure", None, message),))
        slugs = dict.fromkeys(resolve_filter_value(ctx, "procedure", "procedure", name[:200]) for name in names)
        return {"card": merge_relief_cards([load_relief_card(ctx, slug) for slug in slugs], ctx.settings.link_base)}

    return render_frame(request, build)


@router.get("/embed/search")
def show_search_frame(request: Request) -> Response:
    """Search for a frame."""

    def build(ctx: RequestContext, _: str) -> dict[str, object]:
        q = request.query_params.get("q", "").strip()[:200]
        variables: dict[str, object] = {"card": load_search_card(ctx), "is_search": True, "q": q}
        if normalize(q):
            _query, hits = search(get_index(ctx), q)
            displayed_hits = [hit for hit in hits if hit.record.type in PATH_BY_RECORD_TYPE]
            results = [
                {
                    "name": hit.record.name,
                    "url": f"{ctx.settings.link_base}/{PATH_BY_RECORD_TYPE[hit.record.type]}/{hit.record.slug}",
                    "summary": hit.record.summary,
                    "explanation": explain_hit(hit),
                }
                for hit in displayed_hits[:_MAX_RESULTS]
            ]
            variables |= {"results": results, "total": len(hits), "notices": find_notices(ctx, q)}
        return variables

    return render_frame(request, build)
