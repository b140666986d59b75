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
# Segments before a folder of records.
_ROOTS: Final = frozenset({"", "v1", "embed", "fhir"})
# Suffixes of a segment that names a record.
_SUFFIXES: Final = frozenset({"", ".json", ".jsonld"})


def collapse_slashes(path: str) -> str:
    """Path without empty segments. As a link, a path that begins with two slashes would name another host."""
    return _SLASHES.sub("/", path)


def quote_path(path: str) -> str:
    """Path percent-encoded for a link; always stays on this host."""
    return quote(collapse_slashes(path), safe="/-._~")


def strip_path_prefix(path: str, prefix: str) -> str:
    """Path below the prefix that the service is mounted under. A proxy may have stripped it already."""
    return path.removeprefix(prefix) if path == prefix or path.startswith(f"{prefix}/") else path


def redirect_response(request: Request, redirect: Redirect) -> Response:
    """308 to the slug of a former slug, 307 to the slug of a known name."""
    prefix = get_services(request).settings.path_prefix
    segments = strip_path_prefix(request.scope["path"], prefix).split("/")
    for index in range(2, len(segments)):
        # The segment after a folder, which may have the same name.
        suffix = segments[index].removeprefix(redirect.name)
        if suffix != segments[index] and suffix in _SUFFIXES and segments[index - 1] not in _ROOTS:
            segments[index] = redirect.slug + suffix
            break
    return redirect_to_path(request, "/".join(segments), permanent=redirect.permanent)


def redirect_to_path(request: Request, path: str, *, permanent: bool = True) -> Response:
    """Redirect to another path of this service, with the query of the request. Host-relative, so the Host header is never reflected."""
    prefix = get_services(request).settings.path_prefix
    query = request.scope["query_string"].decode("latin-1")
    location = f"{prefix}{quote_path(strip_path_prefix(path, prefix))}{'?' if query else ''}{query}"
    headers = {"Location": location, "Cache-Control": f"public, max-age={86_400 if permanent else 60}"}
    if release := request.scope.get("state", {}).get("kb_release"):
        headers["KB-Release"] = release
    return Response(status_code=308 if permanent else 307, headers=headers)
