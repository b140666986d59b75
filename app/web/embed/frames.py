"""Frame pages: the cards of the custom elements as HTML for iframes, without JavaScript."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import Response

from app.domain.json import Json
from app.errors import FieldError, InvalidParameter, KnowledgeBaseError
from app.http.context import RequestContext
from app.http.search import find_notices, search_records
from app.http.slug_resolution import resolve_filter_value
from app.search.index import Hit
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
from app.web.rendering import asset_path, list_links, page, render_template

BuildFrame = Callable[..., Json]
THEMES: Final = ("auto", "light", "dark")
MAX_PROCEDURES: Final = 12
_MAX_HITS: Final = 10


def _frame(path: str) -> Callable[[BuildFrame], BuildFrame]:
    """Add the route of a frame page: a function that builds its variables, `card` among them."""

    def add_route(build: BuildFrame) -> BuildFrame:
        def show(ctx: RequestContext, **parameters: str) -> Response:
            theme = ctx.request.query_params.get("theme", "auto")
            if theme not in THEMES:
                field_error = FieldError("theme", theme[:40], f"must be one of {', '.join(THEMES)}")
                raise InvalidParameter(f"theme: {field_error.message}", errors=(field_error,))
            variables = build(ctx, **parameters)
            card = variables["card"]
            # Search engines should index the full page, not the frame.
            page_url = card["url"] if ctx.settings.public_url else ""
            return _render_template(
                ctx, "embed/frame.html", title=card["title"], theme=theme, canonical_url=page_url, **variables
            )

        page(path, render_error=_render_error)(show)
        return build

    return add_route


def _render_template(ctx: RequestContext, template: str, **variables: Any) -> Response:  # noqa: ANN401 - as `render_template` takes them
    ancestors = ctx.settings.frame_ancestors
    csp = f"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
    assets: Json = {
        "style_sheet_path": f"/embed/kb.{get_newest_build().hash}.css",
        "frame_js_path": asset_path("frame.js"),
    }
    return render_template(ctx, template, csp=csp, **assets, **variables)


def _render_error(ctx: RequestContext, error: KnowledgeBaseError) -> Response:
    base = ctx.settings.link_base
    return _render_template(
        ctx,
        "embed/error.html",
        title=error.title,
        theme="auto",
        status=error.status,
        detail=error.detail,
        suggestions=[(f"{base}{path}", name) for path, name in list_links(error)],
        home_url=f"{base}/",
    )


@_frame("/embed/procedures/{slug}")
def show_procedure_frame(ctx: RequestContext, slug: str) -> Json:
    """Procedure card for a frame."""
    return {"card": load_procedure_card(ctx, slug)}


@_frame("/embed/conditions/{slug}/options")
def show_options_frame(ctx: RequestContext, slug: str) -> Json:
    """Options card of a condition for a frame."""
    return {"card": load_options_card(ctx, slug)}


@_frame("/embed/relief-chart")
def show_relief_frame(ctx: RequestContext) -> Json:
    """Relief chart of the requested procedures for a frame; without any, the typical relief of all procedures."""
    names = ctx.request.query_params.getlist("procedure")
    if not names:
        return {"card": load_typical_relief_card(ctx)}
    if len(names) > MAX_PROCEDURES:
        message = f"at most {MAX_PROCEDURES} procedures per chart"
        raise InvalidParameter(f"procedure: {message}", errors=(FieldError("procedure", None, message),))
    slugs = dict.fromkeys(resolve_filter_value(ctx, "procedure", "procedure", name[:200]) for name in names)
    return {"card": merge_relief_cards([load_relief_card(ctx, slug) for slug in slugs], ctx.settings.link_base)}


@_frame("/embed/search")
def show_search_frame(ctx: RequestContext) -> Json:
    """Search for a frame."""
    q = ctx.request.query_params.get("q", "").strip()[:200]
    hits: list[Hit] = []
    notices = []
    if normalize(q):
        _query, hits = search_records(ctx, q)
        notices = find_notices(ctx, q)
    return {
        "card": load_search_card(ctx),
        "q": q,
        "hits": hits[:_MAX_HITS],
        "total": len(hits),
        "notices": notices,
        "site": ctx.settings.link_base,
    }
