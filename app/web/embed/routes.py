"""Routes of the embed script: its builds, and cards as JSON. Card URLs have no query, so a static host can serve them."""

from typing import Final

from fastapi import APIRouter, Request, Response

from app.domain.documents import DocumentType
from app.domain.json import Json
from app.domain.record_types import DESCRIBED_TYPES, PATH_BY_RECORD_TYPE
from app.errors import NotFound
from app.http.context import RequestContext, request_context
from app.http.problems import problem_response
from app.http.slug_resolution import get_document, names_by_slug
from app.queries.name_resolution import list_names
from app.web.embed import cards
from app.web.embed.builds import Build, get_newest_build, load_builds
from app.web.rendering import get_current_release, load_rows, parse_document

router = APIRouter(include_in_schema=False)
IMMUTABLE: Final = "public, max-age=31536000, immutable"
ONE_HOUR: Final = "public, max-age=3600, stale-while-revalidate=86400"


def _script_response(build: Build, cache_control: str) -> Response:
    return Response(build.script, media_type="text/javascript", headers={"Cache-Control": cache_control})


def _style_sheet_response(build: Build, cache_control: str) -> Response:
    return Response(build.style_sheet, media_type="text/css", headers={"Cache-Control": cache_control})


@router.get("/embed/kb.{build}.js")
def get_embed_script(build: str, request: Request) -> Response:
    """Archived build of the script; its bytes never change."""
    script_build = load_builds().get(build)
    if script_build is None:
        return problem_response(
            request, NotFound(f"Unknown build {build[:40]!r}.", suggestions=(get_newest_build().path,))
        )
    return _script_response(script_build, IMMUTABLE)


@router.get("/embed/kb.{build}.css")
def get_embed_sheet(build: str, request: Request) -> Response:
    """Style sheet of a build, for frames and for browsers without constructable style sheets."""
    script_build = load_builds().get(build)
    return (
        _style_sheet_response(script_build, IMMUTABLE)
        if script_build
        else problem_response(request, NotFound(f"Unknown build {build[:40]!r}."))
    )


@router.get("/embed/v1/kb.js")
def get_newest_embed_script() -> Response:
    """Newest build of version 1."""
    return _script_response(get_newest_build(), ONE_HOUR)


@router.get("/embed/v1/kb.css")
def get_newest_embed_sheet() -> Response:
    """Style sheet of the newest build."""
    return _style_sheet_response(get_newest_build(), ONE_HOUR)


def load_procedure_card(ctx: RequestContext, slug: str) -> Json:
    """Load the card of a procedure. Raises the errors of `get_document`."""
    return cards.build_procedure_card(parse_document(ctx, get_document(ctx, "procedure", slug)), ctx.settings.link_base)


def load_options_card(ctx: RequestContext, slug: str) -> Json:
    """Load the options card of a condition. Raises the errors of `get_document`."""
    detail = parse_document(ctx, get_document(ctx, "condition", slug))
    options = parse_document(ctx, get_document(ctx, "condition", slug, document_type=DocumentType.OPTIONS))
    return cards.build_options_card(detail, options, ctx.settings.link_base)


def load_relief_card(ctx: RequestContext, slug: str) -> Json:
    """Load the relief card of a procedure. Raises the errors of `get_document`."""
    return cards.build_relief_card(parse_document(ctx, get_document(ctx, "procedure", slug)), ctx.settings.link_base)


def load_typical_relief_card(ctx: RequestContext) -> Json:
    """Load the card of typical relief of all procedures."""
    claims = [claim for claim in load_rows(ctx, "relief-durations") if claim["value"]["typical"]]
    return cards.build_typical_relief_card(claims, get_current_release(ctx), ctx.settings.link_base)


def load_search_card(ctx: RequestContext) -> Json:
    """Load the search card. Its `names` let the script search on a static host."""
    base = ctx.settings.link_base
    names: list[Json] = []
    for record_type in DESCRIBED_TYPES:
        other_names: dict[str, list[str]] = {}
        for name_text, slug in list_names(ctx.connection, record_type).items():
            other_names.setdefault(slug, []).append(name_text)
        names += [
            {
                "type": record_type,
                "slug": slug,
                "name": name,
                "others": sorted(set(other_names.get(slug, [])) - {name}),
                "url": f"{base}/{PATH_BY_RECORD_TYPE[record_type]}/{slug}",
            }
            for slug, name in sorted(names_by_slug(ctx, record_type).items())
        ]
    return cards.build_search_card(get_current_release(ctx), base, names)


@router.get("/embed/v1/procedures/{slug}.json")
def get_procedure_card(slug: str, request: Request) -> Response:
    """Procedure card."""
    with request_context(request) as ctx:
        return ctx.json_response(load_procedure_card(ctx, slug))


@router.get("/embed/v1/conditions/{slug}/options.json")
def get_options_card(slug: str, request: Request) -> Response:
    """Options card of a condition."""
    with request_context(request) as ctx:
        return ctx.json_response(load_options_card(ctx, slug))


@router.get("/embed/v1/relief/{slug}.json")
def get_relief_card(slug: str, request: Request) -> Response:
    """Relief card of a procedure: every estimate with its position on the axis."""
    with request_context(request) as ctx:
        return ctx.json_response(load_relief_card(ctx, slug))


@router.get("/embed/v1/relief.json")
def get_typical_card(request: Request) -> Response:
    """Card of typical relief of all procedures."""
    with request_context(request) as ctx:
        return ctx.json_response(load_typical_relief_card(ctx))


@router.get("/embed/v1/search.json")
def get_search_card(request: Request) -> Response:
    """Search card, without results."""
    with request_context(request) as ctx:
        return ctx.json_response(load_search_card(ctx))
