"""Pages for iframes: the same cards as the elements show, as HTML that needs no script."""

from collections.abc import Callable
from typing import Final

from fastapi import APIRouter, Request, Response

from app.errors import FieldError, InvalidParameter, KnowledgeBaseError
from app.http.context import RequestContext, request_context
from app.http.search import explain_hit, get_index, find_notices
from app.http.slug_resolution import resolve_filter_value
from app.search.ranking import search
from app.text.normalize import normalize
from app.web.embed.builds import newest
from app.web.embed.cards import merged_relief
from app.web.embed.routes import options_of, procedure_of, relief_of, search_of, typical_of
from app.web.rendering import FOLDERS, asset_path, render

router = APIRouter(include_in_schema=False)
THEMES: Final = ("auto", "light", "dark")
MOST_PROCEDURES: Final = 12
_MOST_FOUND: Final = 10


def framed(request: Request, make: Callable[[RequestContext, str], dict[str, object]]) -> Response:
    """A page for a frame, or the page that says why not."""
    with request_context(request) as read:
        theme = request.query_params.get("theme", "auto")
        try:
            _ = read.release
            read.check_release_params()
            if theme not in THEMES:
                wrong = FieldError("theme", theme[:40], f"one of {', '.join(THEMES)}")
                raise InvalidParameter(f"theme: {wrong.message}", errors=(wrong,))
            values = make(read, theme)
        except KnowledgeBaseError as error:
            if error.status >= 500:
                raise
            return _refused(read, request, error)
        card = values["card"]
        assert isinstance(card, dict)  # noqa: S101 - every maker gives one
        # What machines should find is the whole page, not the frame.
        whole = card["url"] if read.settings.public_url else ""
        plain: dict[str, object] = {
            "canonical": whole,
            "searching": False,
            "q": "",
            "found": [],
            "notices": [],
            "total": 0,
        }
        return _page(read, "embed/frame.html", card["title"], request.url.path, theme=theme, **{**plain, **values})


def _page(read: RequestContext, template: str, title: str, path: str, **values: object) -> Response:
    status = values.pop("status", 200)
    assert isinstance(status, int)  # noqa: S101 - a status of an error class
    ancestors = read.settings.frame_ancestors
    csp = f"default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
    more = {"sheet": f"/embed/kb.{newest().hash}.css", "frame_js": asset_path("frame.js")}
    return render(read, template, title=title, path=path, csp=csp, status=status, **more, **values)


def _refused(read: RequestContext, request: Request, error: KnowledgeBaseError) -> Response:
    base = read.settings.link_base
    near = [
        (f"{base}/{FOLDERS[one['type']]}/{one['slug']}", one["name"])
        for one in error.suggestions
        if isinstance(one, dict) and one.get("type") in FOLDERS
    ]
    path = request.url.path
    return _page(
        read,
        "embed/refused.html",
        error.title,
        path,
        theme="auto",
        status=error.status,
        detail=error.detail,
        near=near,
        home=f"{base}/",
    )


@router.get("/embed/procedures/{slug}")
def show_procedure_frame(slug: str, request: Request) -> Response:
    """A procedure, in short, for a frame."""
    return framed(request, lambda read, _: {"card": procedure_of(read, slug)})


@router.get("/embed/conditions/{slug}/options")
def show_options_frame(slug: str, request: Request) -> Response:
    """The way through care for a condition, for a frame."""
    return framed(request, lambda read, _: {"card": options_of(read, slug)})


@router.get("/embed/relief-chart")
def show_relief_frame(request: Request) -> Response:
    """How long relief lasts after the procedures asked for, or the typical relief of each, on one axis, for a frame."""

    def make(read: RequestContext, _: str) -> dict[str, object]:
        asked = request.query_params.getlist("procedure")
        if not asked:
            return {"card": typical_of(read)}
        if len(asked) > MOST_PROCEDURES:
            message = f"at most {MOST_PROCEDURES} procedures stand on one chart"
            raise InvalidParameter(f"procedure: {message}", errors=(FieldError("procedure", None, message),))
        slugs = dict.fromkeys(resolve_filter_value(read, "procedure", "procedure", one[:200]) for one in asked)
        return {"card": merged_relief([relief_of(read, slug) for slug in slugs], read.settings.link_base)}

    return framed(request, make)


@router.get("/embed/search")
def show_search_frame(request: Request) -> Response:
    """The search, for a frame."""

    def make(read: RequestContext, _: str) -> dict[str, object]:
        q = request.query_params.get("q", "").strip()[:200]
        values: dict[str, object] = {"card": search_of(read), "searching": True, "q": q}
        if normalize(q):
            _understood, hits = search(get_index(read), q)
            shown = [hit for hit in hits if hit.record.type in FOLDERS]
            found = [
                {
                    "name": hit.record.name,
                    "url": f"{read.settings.link_base}/{FOLDERS[hit.record.type]}/{hit.record.slug}",
                    "summary": hit.record.summary,
                    "because": explain_hit(hit),
                }
                for hit in shown[:_MOST_FOUND]
            ]
            values |= {"found": found, "total": len(hits), "notices": find_notices(read, q)}
        return values

    return framed(request, make)
