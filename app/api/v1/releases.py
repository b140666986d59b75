"""Releases: list, current release, and the changes of each release."""

from typing import Annotated

import orjson
from fastapi import Path, Query, Response

from app.api.deps import Context, create_router
from app.api.parameters import ChangeParams, PageQuery, ReleaseQuery
from app.api.v1.record_responses import list_page
from app.domain.documents import DocumentType
from app.domain.json import Json
from app.errors import NotFound
from app.http.context import RequestContext
from app.openapi.responses import NOT_FOUND_RESPONSE
from app.queries.documents import find_document, get_current_release_json
from app.queries.releases import list_versions
from app.schemas.building_blocks import ListPage
from app.schemas.releases import ChangeOut, CurrentReleaseOut, ReleaseSummary
from app.text.nearest import find_nearest

router = create_router("releases", prefix="/releases")
Version = Annotated[str, Path(min_length=1, max_length=80, description="Version of a release.")]


@router.get("", response_model=ListPage[ReleaseSummary])
def list_releases(params: PageQuery, ctx: Context) -> Response:
    """Every release, newest first."""
    return list_page(ctx, "releases", params)


@router.get("/current", response_model=CurrentReleaseOut)
def get_current_release(_: ReleaseQuery, ctx: Context) -> Response:
    """The current release, with counts, license and review status."""
    return ctx.bytes_response(bytes(get_current_release_json(ctx.transaction)))


@router.get("/{version}", response_model=ReleaseSummary, responses=NOT_FOUND_RESPONSE)
def get_release_summary(version: Version, _: ReleaseQuery, ctx: Context) -> Response:
    """A release."""
    return ctx.json_response(get_release(ctx, version))


@router.get("/{version}/changes", response_model=ListPage[ChangeOut], responses=NOT_FOUND_RESPONSE)
def list_changes_of_release(version: Version, params: Annotated[ChangeParams, Query()], ctx: Context) -> Response:
    """Changes of a release, field by field."""
    if version not in [*list_versions(ctx.transaction), ctx.release.version]:
        raise _unknown_release(ctx, version)
    return list_page(ctx, f"releases/{version}/changes", params)


def get_release(ctx: RequestContext, version: str) -> Json:
    """JSON of a release. Raises NotFound with similar versions."""
    body = find_document(ctx.transaction, DocumentType.RELEASE, version)
    if body is None:
        raise _unknown_release(ctx, version)
    release: Json = orjson.loads(ctx.resolve_links(bytes(body)))
    return release


def _unknown_release(ctx: RequestContext, version: str) -> NotFound:
    known = [*list_versions(ctx.transaction), ctx.release.version]
    nearest = find_nearest(version, known, limit=3) or known[-1:]
    return NotFound(f"Unknown release {version!r}.", suggestions=tuple(dict.fromkeys(nearest)))
