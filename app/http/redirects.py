"""One thing, one URL: other names lead to the slug."""

from urllib.parse import quote

from fastapi import FastAPI, Request, Response


class Redirect(Exception):
    """Raised where the path names a record by another name: permanent for a former slug, for now for a known name."""

    def __init__(self, name: str, slug: str, *, permanent: bool) -> None:
        super().__init__(slug)
        self.name = name
        self.slug = slug
        self.permanent = permanent


def location_of(request: Request, name: str, slug: str) -> str:
    """The path of this request with the name replaced by the slug, its query kept. Path only: no Host enters."""
    before, _, after = request.url.path.partition(f"/{name}")
    prefix = request.app.state.settings.path_prefix
    query = f"?{request.url.query}" if request.url.query else ""
    path = f"{before.removeprefix(prefix)}/{slug}{after}"
    return f"{prefix}{quote(path, safe='/-._~')}{query}"


def add_redirect_handler(app: FastAPI) -> None:
    """Render `Redirect`."""

    async def redirect(request: Request, error: Exception) -> Response:
        assert isinstance(error, Redirect)  # noqa: S101 - registered for this class
        caching = "public, max-age=86400" if error.permanent else "public, max-age=60"
        headers = {"Location": location_of(request, error.name, error.slug), "Cache-Control": caching}
        if release := getattr(request.state, "kb_release", None):
            headers["KB-Release"] = release
        return Response(status_code=308 if error.permanent else 307, headers=headers)

    app.add_exception_handler(Redirect, redirect)
