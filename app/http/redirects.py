"""Redirects: every record has one URL, and its other names lead to it."""

from urllib.parse import quote

from fastapi import Request, Response

from app.http.services import get_services


class Redirect(Exception):
    """The path names a record by another name: permanent for a former slug, temporary for a known name."""

    def __init__(self, name: str, slug: str, *, permanent: bool) -> None:
        super().__init__(slug)
        self.name = name
        self.slug = slug
        self.permanent = permanent


def build_location(request: Request, name: str, slug: str) -> str:
    """Path of this request with the name replaced by the slug, and its query. No host: nothing of the request enters it."""
    before, _, after = request.url.path.partition(f"/{name}")
    prefix = get_services(request).settings.path_prefix
    query = f"?{request.url.query}" if request.url.query else ""
    path = f"{before.removeprefix(prefix)}/{slug}{after}"
    return f"{prefix}{quote(path, safe='/-._~')}{query}"


def redirect_response(request: Request, redirect: Redirect) -> Response:
    """308 to the slug of a former slug, 307 to the slug of a known name."""
    caching = "public, max-age=86400" if redirect.permanent else "public, max-age=60"
    headers = {"Location": build_location(request, redirect.name, redirect.slug), "Cache-Control": caching}
    if release := request.scope.get("state", {}).get("kb_release"):
        headers["KB-Release"] = release
    return Response(status_code=308 if redirect.permanent else 307, headers=headers)
