"""Alternate links: other representations of a record, for the Link header of a detail and the head of a page."""

from typing import Final

from app.http.context import RequestContext

# Path of a representation -> media type; `{}` is the folder and slug.
REPRESENTATIONS: Final = {"/{}": "text/html", "/v1/{}": "application/json", "/v1/{}.jsonld": "application/ld+json"}


def list_alternates(ctx: RequestContext, folder: str, slug: str, *, without: str) -> list[tuple[str, str]]:
    """Media type and URL of each other representation. `without` is the media type of the response itself."""
    base = ctx.settings.link_base
    return [
        (media_type, base + path.format(f"{folder}/{slug}"))
        for path, media_type in REPRESENTATIONS.items()
        if media_type != without
    ]


def alternate_link_header(ctx: RequestContext, folder: str, slug: str) -> dict[str, str]:
    """Link header of a record in JSON."""
    alternates = list_alternates(ctx, folder, slug, without="application/json")
    return {"Link": ", ".join(f'<{url}>; rel="alternate"; type="{media_type}"' for media_type, url in alternates)}
