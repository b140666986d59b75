"""Redirects: every resource has one URL, and its other names and spellings lead to it."""

import re
from typing import Final
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


_SLASHES: Final = re.compile("/{2,}")


def collapse_slashes(path: str) -> str:
    """Path without empty segments. As a link, a path that begins with two slashes would name another host."""
    return _SLASHES.sub("/", path)


def quote_path(path: str) -> str:
    """Path as it may stand in a link: on this host, whatever was requested."""
    return quote(collapse_slashes(path), safe="/-._~")


def redirect_response(request: Request, redirect: Redirect) -> Response:
    """308 to the slug of a former slug, 307 to the slug of a known name."""
    before, _, after = request.scope["path"].partition(f"/{redirect.name}")
    return redirect_to_path(request, f"{before}/{redirect.slug}{after}", permanent=redirect.permanent)


def redirect_to_path(request: Request, path: str, *, permanent: bool = True) -> Response:
    """Redirect to another path of this service, with the query of the request. No host: nothing of the request enters it."""
    prefix = get_services(request).settings.path_prefix
    query = request.scope["query_string"].decode("latin-1")
    location = f"{prefix}{quote_path(path.removeprefix(prefix))}{'?' if query else ''}{query}"
    headers = {"Location": location, "Cache-Control": f"public, max-age={86_400 if permanent else 60}"}
    if release := request.scope.get("state", {}).get("kb_release"):
        headers["KB-Release"] = release
    return Response(status_code=308 if permanent else 307, headers=headers)
