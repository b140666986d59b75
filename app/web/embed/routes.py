"""What the script reads: its own builds, and cards as JSON at addresses without a query, so that a static host serves them too."""

from typing import Final

from fastapi import APIRouter, Request, Response

from app.domain.json import Json
from app.errors import NotFound
from app.http.context import RequestContext, request_context_with_release_check
from app.http.problems import problem_response
from app.http.slug_resolution import get_document, names_by_slug
from app.queries.name_lookup import list_names
from app.web.embed import cards
from app.web.embed.builds import Build, builds, newest
from app.web.rendering import FOLDERS, current_release, load, rows_of

router = APIRouter(include_in_schema=False)
FOR_GOOD: Final = "public, max-age=31536000, immutable"
FOR_AN_HOUR: Final = "public, max-age=3600, stale-while-revalidate=86400"
_SEARCHED: Final = ("procedure", "condition", "pain_generator")


def _script(build: Build, keeping: str) -> Response:
    return Response(build.script, media_type="text/javascript", headers={"Cache-Control": keeping})


def _sheet(build: Build, keeping: str) -> Response:
    return Response(build.sheet, media_type="text/css", headers={"Cache-Control": keeping})


@router.get("/embed/kb.{build}.js")
def get_embed_script(build: str, request: Request) -> Response:
    """A published build of the script, the same bytes for good."""
    found = builds().get(build)
    if found is None:
        return problem_response(
            request, NotFound(f"No build of the script is called {build[:40]!r}.", suggestions=(newest().path,))
        )
    return _script(found, FOR_GOOD)


@router.get("/embed/kb.{build}.css")
def get_embed_sheet(build: str, request: Request) -> Response:
    """The style sheet of a build, for frames and for browsers without constructable sheets."""
    found = builds().get(build)
    return (
        _sheet(found, FOR_GOOD) if found else problem_response(request, NotFound(f"No build is called {build[:40]!r}."))
    )


@router.get("/embed/v1/kb.js")
def get_newest_embed_script() -> Response:
    """The newest build of version 1."""
    return _script(newest(), FOR_AN_HOUR)


@router.get("/embed/v1/kb.css")
def get_newest_embed_sheet() -> Response:
    """The style sheet of the newest build."""
    return _sheet(newest(), FOR_AN_HOUR)


def procedure_of(read: RequestContext, slug: str) -> Json:
    """The card of a procedure."""
    return cards.procedure_card(load(read, get_document(read, "procedure", slug)), read.settings.link_base)


def options_of(read: RequestContext, slug: str) -> Json:
    """The card of a condition's options."""
    detail = load(read, get_document(read, "condition", slug))
    options = load(read, get_document(read, "condition", slug, document="options"))
    return cards.options_card(detail, options, read.settings.link_base)


def relief_of(read: RequestContext, slug: str) -> Json:
    """The card of a procedure's relief durations."""
    return cards.relief_card(load(read, get_document(read, "procedure", slug)), read.settings.link_base)


def typical_of(read: RequestContext) -> Json:
    """The card of the typical relief of every procedure that has one."""
    found = [claim for claim in rows_of(read, "relief-durations") if claim["value"]["typical"]]
    return cards.typical_card(found, current_release(read), read.settings.link_base)


def search_of(read: RequestContext) -> Json:
    """The card of the search: what it is called, what always stands there, and names for hosts without a search."""
    base = read.settings.link_base
    names: list[Json] = []
    for kind in _SEARCHED:
        others: dict[str, list[str]] = {}
        for text, slug in list_names(read.connection, kind).items():
            others.setdefault(slug, []).append(text)
        names += [
            {
                "type": kind,
                "slug": slug,
                "name": name,
                "others": sorted(set(others.get(slug, [])) - {name}),
                "url": f"{base}/{FOLDERS[kind]}/{slug}",
            }
            for slug, name in sorted(names_by_slug(read, kind).items())
        ]
    return cards.search_card(current_release(read), base, names)


@router.get("/embed/v1/procedures/{slug}.json")
def get_procedure_card(slug: str, request: Request) -> Response:
    """A procedure, in short."""
    with request_context_with_release_check(request) as read:
        return read.json_response(procedure_of(read, slug))


@router.get("/embed/v1/conditions/{slug}/options.json")
def get_options_card(slug: str, request: Request) -> Response:
    """The way through care for a condition, in short."""
    with request_context_with_release_check(request) as read:
        return read.json_response(options_of(read, slug))


@router.get("/embed/v1/relief/{slug}.json")
def get_relief_card(slug: str, request: Request) -> Response:
    """How long relief lasts after a procedure: every estimate with its place on the axis."""
    with request_context_with_release_check(request) as read:
        return read.json_response(relief_of(read, slug))


@router.get("/embed/v1/relief.json")
def get_typical_card(request: Request) -> Response:
    """The typical relief of every procedure that has one."""
    with request_context_with_release_check(request) as read:
        _ = read.release
        return read.json_response(typical_of(read))


@router.get("/embed/v1/search.json")
def get_search_card(request: Request) -> Response:
    """What the search element shows before anything is typed."""
    with request_context_with_release_check(request) as read:
        _ = read.release
        return read.json_response(search_of(read))
