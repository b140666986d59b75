"""Frame pages: the cards of the custom elements as HTML for iframes, without JavaScript."""

from collections.abc import Callable
from typing import Any, Final

from fastapi import Response

from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE
from app.errors import FieldError, InvalidParameter, KnowledgeBaseError
from app.http.context import RequestContext
from app.http.search import find_notices, search_records
from app.http.slug_resolution import resolve_filter_value
from app.queries.documents import list_documents
from app.search.index import Hit
from app.text.normalize import normalize
from app.web.clinic_edition import add_to_card
from app.web.embed.builds import get_newest_build
from app.web.embed.cards import SECTION_KEYS, merge_relief_cards, select_sections
from app.web.embed.compact import VARIANTS
from app.web.embed.page_cards import SECTIONS_BY_RECORD_TYPE, build_comparison_card, build_list_card, build_page_card
from app.web.embed.representations import LIST_TITLES, MAX_COMPARED
from app.web.embed.routes import (
    load_options_card,
    load_procedure_card,
    load_relief_card,
    load_search_card,
    load_typical_relief_card,
)
from app.web.rendering import (
    asset_path,
    get_current_release,
    list_links,
    load_document,
    load_rows,
    page,
    parse_document,
    render_template,
)

BuildFrame = Callable[..., Json]
THEMES: Final = ("auto", "light", "dark")
MAX_PROCEDURES: Final = 12
_MAX_HITS: Final = 10


def _frame(path: str) -> Callable[[BuildFrame], BuildFrame]:
    """Add the route of a frame page: a function that builds its variables, `card` among them."""

    def add_route(build: BuildFrame) -> BuildFrame:
        def show(ctx: RequestContext, **parameters: str) -> Response:
            theme = parse_choice(ctx, "theme", THEMES)
            variables = build(ctx, **parameters)
            card = variables["card"] = add_to_card(variables["card"], ctx.settings.edition)
            # Search engines should index the full page, not the frame.
            base = ctx.settings.absolute_base
            page_url = f"{base}{card['url'].removeprefix(ctx.settings.link_base)}" if base else ""
            return _render_template(
                ctx, "embed/frame.html", title=card["title"], theme=theme, canonical_url=page_url, **variables
            )

        page(path, render_error=_render_error)(show)
        return build

    return add_route


def parse_choice(ctx: RequestContext, name: str, allowed: tuple[str, ...], default: str = "") -> str:
    """Parse a query parameter with one of the allowed values; the default is the first. Raises InvalidParameter."""
    value = ctx.request.query_params.get(name, default or allowed[0])
    if value not in allowed:
        field_error = FieldError(name, value[:40], f"must be one of {', '.join(allowed)}")
        raise InvalidParameter(f"{name}: {field_error.message}", errors=(field_error,))
    return value


def _parse_sections(ctx: RequestContext) -> list[str]:
    keys = [key for key in ctx.request.query_params.get("sections", "").split(",") if key]
    for key in keys:
        if key not in SECTION_KEYS:
            field_error = FieldError("sections", key[:40], f"must be some of {', '.join(SECTION_KEYS)}")
            raise InvalidParameter(f"sections: {field_error.message}", errors=(field_error,))
    return keys


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
    """Procedure card for a frame, in a variant, or chosen sections of the full one."""
    sections, variant = _parse_sections(ctx), parse_choice(ctx, "variant", VARIANTS, "summary")
    if sections:
        return {"card": select_sections(load_procedure_card(ctx, slug), sections)}
    return {"card": load_procedure_card(ctx, slug, variant)}


@_frame("/embed/conditions/{slug}/options")
def show_options_frame(ctx: RequestContext, slug: str) -> Json:
    """Options card of a condition for a frame."""
    return {"card": load_options_card(ctx, slug, parse_choice(ctx, "variant", VARIANTS, "summary"))}


@_frame("/embed/relief-chart")
def show_relief_frame(ctx: RequestContext) -> Json:
    """Relief chart of the requested procedures for a frame; without any, the typical relief of all procedures."""
    variant = parse_choice(ctx, "variant", ("summary", "full"))
    names = ctx.request.query_params.getlist("procedure")
    if not names:
        return {"card": load_typical_relief_card(ctx) | {"variant": variant}}
    if len(names) > MAX_PROCEDURES:
        message = f"at most {MAX_PROCEDURES} procedures per chart"
        raise InvalidParameter(f"procedure: {message}", errors=(FieldError("procedure", None, message),))
    slugs = dict.fromkeys(resolve_filter_value(ctx, "procedure", "procedure", name[:200]) for name in names)
    card = merge_relief_cards([load_relief_card(ctx, slug) for slug in slugs], ctx.settings.link_base)
    return {"card": card | {"variant": variant}}


def _add_page_frame(record_type: str) -> None:
    """Add the frame of the page of a record that has no element of its own."""

    @_frame(f"/embed/{PATH_BY_RECORD_TYPE[record_type]}/{{slug}}")
    def show_page_frame(ctx: RequestContext, slug: str) -> Json:
        record = load_document(ctx, record_type, slug)
        return {"card": build_page_card(record, get_current_release(ctx), ctx.settings.link_base)}


for _record_type in SECTIONS_BY_RECORD_TYPE:
    _add_page_frame(_record_type)


def _add_list_frame(path: str, title: str) -> None:
    """Add the frame of a list page."""

    @_frame(f"/embed{path}")
    def show_list_frame(ctx: RequestContext) -> Json:
        card = build_list_card(
            title, path, load_rows(ctx, path.strip("/")), get_current_release(ctx), ctx.settings.link_base
        )
        return {"card": card}


for _path, _title in LIST_TITLES.items():
    _add_list_frame(_path, _title)


@_frame("/embed/compare")
def show_comparison_frame(ctx: RequestContext) -> Json:
    """Comparison of the requested procedures for a frame."""
    names = ctx.request.query_params.getlist("procedure")
    if not 2 <= len(names) <= MAX_COMPARED:
        message = f"two to {MAX_COMPARED} procedures are compared"
        raise InvalidParameter(f"procedure: {message}", errors=(FieldError("procedure", None, message),))
    slugs = list(dict.fromkeys(resolve_filter_value(ctx, "procedure", "procedure", name[:200]) for name in names))
    bodies = list_documents(ctx.transaction, "procedure", slugs)
    records = [parse_document(ctx, bodies[slug]) for slug in slugs]
    base = ctx.settings.link_base
    url = f"{base}/compare?{'&'.join(f'procedure={slug}' for slug in slugs)}"
    return {"card": build_comparison_card(records, url, get_current_release(ctx), base)}


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
