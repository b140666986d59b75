"""Style sheets, scripts and pictures; what machines that find pages read."""

from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from app.errors import NotFound
from app.http.context import request_context_with_release_check
from app.http.problems import problem_response
from app.http.slug_resolution import names_by_slug
from app.web.rendering import FOLDERS, asset, asset_path

router = APIRouter(include_in_schema=False)
HASHED: Final = ("site.css", "site.js", "leaflet.css", "frame.js", "configurator.js")


@router.get("/static/{name}")
def get_static(name: str, request: Request) -> Response:
    """A style sheet, script or picture; with its hash in the name it is kept for good."""
    known = {asset_path(one).removeprefix("/static/"): one for one in HASHED}
    plain = {"icon.svg"}
    file = known.get(name) or (name if name in plain else None)
    if file is None:
        return problem_response(request, NotFound("No such file."))
    kinds = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
    keeping = "public, max-age=31536000, immutable" if name in known else "public, max-age=3600"
    return Response(asset(file), media_type=kinds[file.rpartition(".")[2]], headers={"Cache-Control": keeping})


@router.get("/robots.txt")
def get_robots(request: Request) -> Response:
    """Robots may read pages, not embeds."""
    settings = request.app.state.settings
    lines = ["User-agent: *", f"Disallow: {settings.path_prefix}/embed/", "Allow: /"]
    if settings.public_url:
        lines.append(f"Sitemap: {settings.public_url}/sitemap.xml")
    return Response("\n".join(lines) + "\n", media_type="text/plain")


@router.get("/sitemap.xml")
def get_sitemap(request: Request) -> Response:
    """Every page that is worth finding."""
    with request_context_with_release_check(request) as read:
        _ = read.release
        base = read.settings.link_base
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
            "/sources",
            "/releases",
            "/notice",
            "/docs",
        ]
        for kind, folder in FOLDERS.items():
            paths += [f"/{folder}/{quote(slug)}" for slug in sorted(names_by_slug(read, kind))]
        rows = "".join(f"<url><loc>{base}{path}</loc></url>" for path in paths)
        body = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'
        return read.bytes_response(body.encode(), media_type="application/xml")
