"""Static files, robots.txt and sitemap."""

from typing import Final
from urllib.parse import quote

from fastapi import Request, Response

from app.domain import vocabulary
from app.domain.record_types import PATH_BY_RECORD_TYPE, RECORD_TYPES, get_evidence_path
from app.errors import FeatureDisabled, NotFound
from app.http.context import request_context
from app.http.problems import problem_response
from app.http.release_dates import get_release_date
from app.http.services import get_services
from app.http.slug_resolution import names_by_slug
from app.queries.releases import list_change_versions
from app.web.clinic_edition import render_clinic_sheet
from app.web.rendering import SWAGGER_UI, asset_path, read_asset, router

HASHED_ASSETS: Final = (
    "tokens.css",
    "site.css",
    "site.js",
    "leaflet.css",
    "frame.js",
    "configurator.js",
    "docs.js",
    *SWAGGER_UI,
)


@router.get("/static/{name}")
def get_static(name: str, request: Request) -> Response:
    """Style sheet, script or image. A file with a hash in its name may be cached permanently."""
    hashed = {asset_path(asset).removeprefix("/static/"): asset for asset in HASHED_ASSETS}
    unhashed = {"icon.svg"}
    asset_name = hashed.get(name) or (name if name in unhashed else None)
    if asset_name is None:
        return problem_response(request, NotFound("No such file."))
    media_types = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    cache_control = "public, max-age=31536000, immutable" if name in hashed else "public, max-age=3600"
    return Response(
        read_asset(asset_name),
        media_type=media_types[asset_name.rpartition(".")[2]],
        headers={"Cache-Control": cache_control},
    )


@router.get("/clinic.css")
def get_clinic_sheet(request: Request) -> Response:
    """Style sheet with the colors of the clinic; its URL has the fingerprint of the clinic's file."""
    sheet = render_clinic_sheet(get_services(request).settings.edition)
    return Response(sheet, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


@router.get("/robots.txt")
def get_robots(request: Request) -> Response:
    """robots.txt: crawlers may read everything, for a page that embeds a card shows nothing without it.

    Frames ask with a meta element not to be listed themselves.
    """
    settings = get_services(request).settings
    lines = ["User-agent: *", "Allow: /"]
    if settings.absolute_base:
        lines.append(f"Sitemap: {settings.absolute_base}/sitemap.xml")
    return Response("\n".join(lines) + "\n", media_type="text/plain")


@router.get("/sitemap.xml")
def get_sitemap(request: Request) -> Response:
    """Sitemap of the pages that search engines should index."""
    with request_context(request) as ctx:
        base = ctx.settings.absolute_base
        if not base:
            raise FeatureDisabled("A sitemap has absolute links, and the public URL is not known; set KB_PUBLIC_URL.")
        paths = [
            "/",
            "/procedures",
            "/conditions",
            "/pain-generators",
            "/matrix",
            "/relief",
            "/risks",
            "/compare",
            "/guide",
            "/emergencies",
            "/sources",
            "/releases",
            "/notice",
            "/docs",
        ]
        paths += [f"/body/{region}" for region in vocabulary.BODY_REGIONS]
        urls = [(path, ctx.release.date) for path in paths]
        versions = list_change_versions(ctx.transaction)
        for record_type, folder in PATH_BY_RECORD_TYPE.items():
            for slug in sorted(names_by_slug(ctx, record_type)):
                date = get_release_date(ctx, versions[record_type, slug])
                urls.append((f"/{folder}/{quote(slug)}", date))
                if RECORD_TYPES[record_type].has_evidence_page:
                    urls.append((get_evidence_path(record_type, quote(slug)), date))
        entries = "".join(f"<url><loc>{base}{path}</loc><lastmod>{date}</lastmod></url>" for path, date in urls)
        body = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'
        return ctx.bytes_response(body.encode(), media_type="application/xml")
