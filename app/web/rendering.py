"""How a page is made: templates, static files, and the frame that every page shares."""

import hashlib
from collections.abc import Callable, Mapping
from functools import cache
from importlib import resources
from typing import Final

import orjson
from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from app.domain import vocabulary
from app.domain.json import Json
from app.errors import FieldError, InvalidParameter, KnowledgeBaseError
from app.http.context import CACHE_CONTROL, RequestContext, request_context
from app.http.slug_resolution import names_by_slug
from app.queries.documents import find_document
from app.queries.list_filter import FilteredList
from app.queries.lists import list_rows
from app.text.nearest import find_nearest
from app.web.claim_lists import dots, ranked, reasons
from app.web.head_metadata import head_of

CSP: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FOLDERS: Final = {
    "procedure": "procedures",
    "condition": "conditions",
    "pain_generator": "pain-generators",
    "risk": "risks",
    "source": "sources",
    "guide_page": "guide",
}
_LABELS: Final = {
    "families": vocabulary.PROCEDURE_FAMILIES,
    "intents": vocabulary.INTENTS,
    "designs": vocabulary.DESIGNS,
    "roles": vocabulary.TARGET_ROLES,
    "relations": vocabulary.RELATIONS,
    "regions": vocabulary.BODY_REGIONS,
    "kinds": vocabulary.GENERATOR_KINDS,
    "statistics": vocabulary.STATISTICS,
    "states": vocabulary.RISK_STATES,
    "categories": vocabulary.RISK_CATEGORIES,
    "grades": vocabulary.GRADES,
    "positions": {**vocabulary.POSITIONS, **vocabulary.DIRECTIONS},
    "folders": FOLDERS,
}


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("app.web"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(ranked=ranked, dots=dots, reasons=reasons)
    return environment


@cache
def asset(name: str) -> bytes:
    """A static file of the package."""
    return (resources.files("app.web") / "static" / name).read_bytes()


@cache
def asset_path(name: str) -> str:
    """Address of a static file, with a hash of its bytes: it never changes and may be kept for good."""
    stem, _, ending = name.rpartition(".")
    return f"/static/{stem}.{hashlib.sha256(asset(name)).hexdigest()[:12]}.{ending}"


def render(
    read: RequestContext, template: str, *, title: str, path: str, status: int = 200, csp: str = CSP, **values: object
) -> Response:
    """A page of the current release."""
    settings, release = read.settings, read.release
    current = current_release(read)
    context = {
        **_LABELS,
        "base": settings.path_prefix,
        "css": asset_path("site.css"),
        "js": asset_path("site.js"),
        "title": title,
        "release": release.version,
        "notice": current["notice"]["text"],
        "report": settings.report_url or f"{settings.path_prefix}/notice#report",
        "leaflet_css": asset_path("leaflet.css"),
        "path": path,
        "canonical": f"{settings.link_base}{values.get('canonical_path', path)}",
        "absolute": bool(settings.public_url),
        "emergencies": "emergencies" in names_by_slug(read, "guide_page"),
        "noindex": False,
        "current": current,
        **head_of(read, title, path, current, values.get("d")),
        **values,
    }
    # Everything is read: a transaction is not held open while a long page is written.
    read.close()
    html = _environment().get_template(template).render(context)
    headers = {
        "KB-Release": release.version,
        "Cache-Control": CACHE_CONTROL,
        "Content-Language": "en",
        "Content-Security-Policy": csp,
        "Referrer-Policy": "strict-origin-when-cross-origin",
    }
    return Response(html.encode(), status, headers=headers, media_type="text/html")


def current_release(read: RequestContext) -> Json:
    """The document of the current release. NotLoaded when there is none."""
    return read.cached(("current",), lambda: load(read, find_document(read.connection, "current", "release") or b"{}"))


def load(read: RequestContext, body: bytes) -> Json:
    """A document with its marks replaced, as values."""
    found: Json = orjson.loads(read.resolve_links(bytes(body)))
    return found


def rows_of(read: RequestContext, path: str, limit: int = 1000) -> list[Json]:
    """Items of a list of the API, as it orders them."""
    rows = list_rows(FilteredList(read.connection, path), after=None, limit=limit)
    return [load(read, row.json) for row in rows]


def answered(request: Request, make: Callable[[RequestContext], Response]) -> Response:
    """A page, or the page that says why not."""

    def asked(read: RequestContext) -> Response:
        read.check_release_params()
        return make(read)

    return _answered(request, asked)


def _answered(request: Request, make: Callable[[RequestContext], Response]) -> Response:
    with request_context(request) as read:
        try:
            return make(read)
        except KnowledgeBaseError as error:
            if error.status >= 500:
                raise
            return _message(read, request, error)


def answer_missing(request: Request, error: KnowledgeBaseError) -> Response:
    """A page for an address at which nothing is served, with the nearest ones."""

    def make(read: RequestContext) -> Response:
        return _message(read, request, error)

    # Where nothing is served, no release has more to say.
    return _answered(request, make)


def _message(read: RequestContext, request: Request, error: KnowledgeBaseError) -> Response:
    near = []
    for one in error.suggestions:
        if isinstance(one, dict) and one.get("type") in FOLDERS:
            near.append((f"/{FOLDERS[one['type']]}/{one['slug']}", one["name"]))
        elif isinstance(one, str) and one.startswith("/") and "{" not in one:
            near.append((one, one))
    return render(
        read,
        "message.html",
        title=error.title,
        path=request.url.path,
        status=error.status,
        lines=[error.detail],
        suggestions=near,
        search=error.status in {404, 410},
        noindex=True,
    )


def chosen(request: Request, name: str, allowed: Mapping[str, str]) -> list[str]:
    """Values of a repeatable parameter of a page. InvalidParameter names the nearest when one is unknown."""
    values = list(dict.fromkeys(value for value in request.query_params.getlist(name) if value))
    for value in values:
        if value not in allowed:
            near = find_nearest(value, list(allowed), limit=1)
            message = f"{value[:80]!r} is not known" + (f"; the nearest is {near[0]!r}" if near else "")
            raise InvalidParameter(
                f"{name}: {message}.", errors=(FieldError(name, value[:200], message),), suggestions=tuple(near)
            )
    return values
