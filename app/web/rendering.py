"""How a page is made: templates, static files, and the frame that every page shares."""

import hashlib
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import Any, Final

import orjson
from fastapi import Request, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from app.errors import KnowledgeBaseError
from app.http.pages import item_of
from app.http.reading import CACHE_CONTROL, Reading, reading
from app.queries.documents import find_document
from app.queries.lists import Filters, Order, list_rows
from app.schemas import vocabulary

Json = dict[str, Any]
CSP: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FOLDERS: Final = {
    "procedure": "procedures",
    "condition": "conditions",
    "pain_generator": "pain-generators",
    "source": "sources",
    "guide_page": "guide",
}
_LABELS: Final = {
    "families": vocabulary.FAMILIES,
    "intents": vocabulary.INTENTS,
    "designs": vocabulary.DESIGNS,
    "roles": vocabulary.TARGET_ROLES,
    "relations": vocabulary.RELATIONS,
    "regions": vocabulary.BODY_REGIONS,
    "positions": {**vocabulary.POSITIONS, **vocabulary.DIRECTIONS},
    "folders": FOLDERS,
}


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("app.web"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


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
    read: Reading, template: str, *, title: str, path: str, status: int = 200, csp: str = CSP, **values: object
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
        "canonical": f"{settings.public_url}{path}" if settings.public_url else "",
        "noindex": False,
        "current": current,
        **values,
    }
    html = _environment().get_template(template).render(context)
    read.close()
    headers = {
        "KB-Release": release.version,
        "Cache-Control": CACHE_CONTROL,
        "Content-Language": "en",
        "Content-Security-Policy": csp,
    }
    return Response(html.encode(), status, headers=headers, media_type="text/html")


def current_release(read: Reading) -> Json:
    """The document of the current release. NotLoaded when there is none."""
    return read.once(("current",), lambda: load(read, find_document(read.connection, "current", "release") or b"{}"))


def load(read: Reading, body: bytes) -> Json:
    """A document with its marks replaced, as values."""
    found: Json = orjson.loads(read.linked(bytes(body)))
    return found


def rows_of(read: Reading, path: str, limit: int = 1000) -> list[Json]:
    """Items of a list of the API, as it orders them."""
    rows = list_rows(read.connection, path, Filters(), Order(), after=None, limit=limit)
    return [load(read, item_of(row)) for row in rows]


def answered(request: Request, make: Callable[[Reading], Response]) -> Response:
    """A page, or the page that says why not."""
    with reading(request) as read:
        try:
            return make(read)
        except KnowledgeBaseError as error:
            if error.status >= 500:
                raise
            return _message(read, request, error)


def _message(read: Reading, request: Request, error: KnowledgeBaseError) -> Response:
    near = [
        (f"/{FOLDERS[one['type']]}/{one['slug']}", one["name"])
        for one in error.suggestions
        if isinstance(one, dict) and one.get("type") in FOLDERS
    ]
    return render(
        read,
        "message.html",
        title=error.title,
        path=request.url.path,
        status=error.status,
        lines=[error.detail],
        suggestions=near,
        noindex=True,
    )
