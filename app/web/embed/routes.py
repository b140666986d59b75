"""Routes of the embed script: its builds, and cards as JSON. Card URLs have no query, so a static host can serve them:
each variant of a card has its own URL.
"""

from collections.abc import Callable
from typing import Final

from fastapi import Request, Response

from app.domain.documents import DocumentType
from app.domain.json import Json
from app.domain.record_types import PATH_BY_RECORD_TYPE, TYPES_WITH_BLOCKS
from app.errors import NotFound
from app.http.context import RequestContext, request_context
from app.http.problems import problem_response
from app.http.slug_resolution import names_by_slug
from app.queries.documents import list_documents
from app.queries.name_resolution import list_names
from app.web.clinic_edition import add_to_card
from app.web.embed import cards
from app.web.embed.builds import get_newest_build, load_builds
from app.web.embed.compact import build_compact_options_card, build_compact_procedure_card
from app.web.rendering import get_current_release, load_document, load_rows, parse_document, router

LoadCard = Callable[..., Json]
IMMUTABLE: Final = "public, max-age=31536000, immutable"
ONE_HOUR: Final = "public, max-age=3600, stale-while-revalidate=86400"


@router.get("/embed/kb.{build}.js")
def get_embed_script(build: str, request: Request) -> Response:
    """Archived build of the script; its bytes never change."""
    script_build = load_builds().get(build)
    if script_build is None:
        error = NotFound(f"Unknown build {build[:40]!r}.", suggestions=(get_newest_build().path,))
        return problem_response(request, error)
    return _file_response(script_build.script, "text/javascript", IMMUTABLE)


@router.get("/embed/kb.{build}.css")
def get_embed_sheet(build: str, request: Request) -> Response:
    """Style sheet of a build, for frames and for browsers without constructable style sheets."""
    script_build = load_builds().get(build)
    if script_build is None:
        return problem_response(request, NotFound(f"Unknown build {build[:40]!r}."))
    return _file_response(script_build.style_sheet, "text/css", IMMUTABLE)


@router.get("/embed/v1/kb.js")
def get_newest_embed_script() -> Response:
    """Newest build of version 1."""
    return _file_response(get_newest_build().script, "text/javascript", ONE_HOUR)


@router.get("/embed/v1/kb.css")
def get_newest_embed_sheet() -> Response:
    """Style sheet of the newest build."""
    return _file_response(get_newest_build().style_sheet, "text/css", ONE_HOUR)


def _file_response(content: bytes, media_type: str, cache_control: str) -> Response:
    return Response(content, media_type=media_type, headers={"Cache-Control": cache_control})


def _card(path: str, **parameters: str) -> Callable[[LoadCard], LoadCard]:
    """Serve the card that a function loads, from the context, the parameters of the path and these, as JSON."""

    def add_route(load: LoadCard) -> LoadCard:
        def get_card(request: Request) -> Response:
            with request_context(request) as ctx:
                return ctx.json_response(
                    add_to_card(load(ctx, **request.path_params, **parameters), ctx.settings.edition)
                )

        router.add_api_route(path, get_card)
        return load

    return add_route


@_card("/embed/v1/procedures/{slug}/full.json", variant="full")
@_card("/embed/v1/procedures/{slug}/card.json", variant="card")
@_card("/embed/v1/procedures/{slug}/summary.json", variant="summary")
def load_procedure_card(ctx: RequestContext, slug: str, variant: str = "full") -> Json:
    """Load the card of a procedure in a variant. Raises the errors of `get_document`."""
    record = load_document(ctx, "procedure", slug)
    full = cards.build_procedure_card(record, ctx.settings.link_base)
    return full if variant == "full" else build_compact_procedure_card(full, record, variant)


@_card("/embed/v1/conditions/{slug}/options/full.json", variant="full")
@_card("/embed/v1/conditions/{slug}/options/card.json", variant="card")
@_card("/embed/v1/conditions/{slug}/options/summary.json", variant="summary")
def load_options_card(ctx: RequestContext, slug: str, variant: str = "full") -> Json:
    """Load the options card of a condition in a variant. Raises the errors of `get_document`."""
    base, detail = ctx.settings.link_base, load_document(ctx, "condition", slug)
    options = load_document(ctx, "condition", slug, document_type=DocumentType.OPTIONS)
    full = cards.build_options_card(detail, options, base)
    return full if variant == "full" else build_compact_options_card(full, detail, options, base, variant)


@_card("/embed/v1/relief/{slug}.json")
def load_relief_card(ctx: RequestContext, slug: str) -> Json:
    """Load the relief card of a procedure: every estimate with its position on the axis. Raises the errors of `get_document`."""
    return cards.build_relief_card(load_document(ctx, "procedure", slug), ctx.settings.link_base)


@_card("/embed/v1/relief.json")
def load_typical_relief_card(ctx: RequestContext) -> Json:
    """Load the card of typical relief of all procedures."""
    claims = [claim for claim in load_rows(ctx, "relief-durations") if claim["value"]["typical"]]
    slugs = list(dict.fromkeys(claim["subject"]["slug"] for claim in claims))
    bodies = list_documents(ctx.transaction, "procedure", slugs)
    records = [parse_document(ctx, bodies[slug]) for slug in slugs]
    return cards.build_typical_relief_card(claims, records, get_current_release(ctx), ctx.settings.link_base)


@_card("/embed/v1/search.json")
def load_search_card(ctx: RequestContext) -> Json:
    """Load the search card, without results. Its `names` let the script search on a static host."""
    base = ctx.settings.link_base
    names: list[Json] = []
    for record_type in TYPES_WITH_BLOCKS:
        other_names: dict[str, list[str]] = {}
        for name_text, slug in list_names(ctx.transaction, record_type).items():
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
