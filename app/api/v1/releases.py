"""The history of the content, field by field."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from app.api.deps import MAX_VALUES, ListParams, PageParams, ReleaseQuery, Context, StrictRoute, ShortText, non_empty, one_of, repeatable
from app.domain.values import OpenEnum
from app.errors import NotFound
from app.http.context import RequestContext
from app.http.pagination import paginate
from app.openapi.responses import error_responses
from app.queries.documents import find_document
from app.queries.list_filter import Filters, SortOrder
from app.queries.releases import list_versions
from app.schemas.building_blocks import ListPage
from app.schemas.releases import ChangeOut, CurrentReleaseOut, ReleaseSummary
from app.text.nearest import find_nearest

router = APIRouter(prefix="/releases", tags=["releases"], route_class=StrictRoute)
Version = Annotated[str, Path(min_length=1, max_length=80, description="Version of a release.")]


class ChangeFilterParams(ListParams):
    """Filters of the changes of a release."""

    entity: list[ShortText] = repeatable("Family and slug, as in the seed: procedures/vertebroplasty.")
    type: list[ShortText] = repeatable("Type of record.")
    change: list[Annotated[str, OpenEnum({"added": "", "changed": "", "removed": ""})]] = repeatable(
        "What happened to the field."
    )

    def build_filters(self, ctx: RequestContext) -> Filters:
        del read
        return Filters(non_empty(entity=self.entity, type=self.type, change=self.change))


class ChangeParams(ChangeFilterParams, PageParams):
    """What the list takes."""

    facet: list[Annotated[str, one_of("type", "change", "entity")]] = repeatable(FACET)


@router.get("", response_model=ListPage[ReleaseSummary], responses=error_responses())
def list_releases(params: PageQuery, ctx: Context) -> Response:
    """Every release, newest first."""
    ctx.check_release(params.release)
    return paginate(ctx, "releases", filters=Filters(), order=SortOrder(), limit=params.limit, cursor=params.cursor)


@router.get("/current", response_model=CurrentReleaseOut, responses=error_responses())
def get_current_release(params: ReleaseQuery, ctx: Context) -> Response:
    """The release that every answer is of, with counts, licence and review status."""
    ctx.check_release(params.release)
    _ = ctx.release
    return ctx.bytes_response(bytes(find_document(ctx.connection, "current", "release") or b"{}"))


@router.get("/{version}", response_model=ReleaseSummary, responses=error_responses(404))
def get_release_summary(version: Version, params: ReleaseQuery, ctx: Context) -> Response:
    """One release."""
    ctx.check_release(params.release)
    return ctx.json_response(get_release(ctx, version))


@router.get("/{version}/changes", response_model=ListPage[ChangeOut], responses=error_responses(404))
def list_changes_of_release(version: Version, params: Annotated[ChangeParams, Query()], ctx: Context) -> Response:
    """What a release changed, field by field."""
    ctx.check_release(params.release)
    known = [*list_versions(ctx.connection), ctx.release.version]
    if version not in known:
        raise _no_release(ctx, version)
    return paginate(
        read,
        f"releases/{version}/changes",
        filters=params.build_filters(ctx),
        order=SortOrder(),
        limit=params.limit,
        cursor=params.cursor,
        facets=params.facets,
    )


def get_release(ctx: RequestContext, version: str) -> dict[str, Any]:
    """A release as it is shown. NotFound with the nearest versions."""
    _ = ctx.release
    body = find_document(ctx.connection, "release", version)
    if body is None:
        raise _no_release(ctx, version)
    found: dict[str, Any] = orjson.loads(ctx.resolve_links(bytes(body)))
    return found


def _no_release(ctx: RequestContext, version: str) -> NotFound:
    known = [*list_versions(ctx.connection), ctx.release.version]
    near = find_nearest(version, known, limit=3) or known[-1:]
    return NotFound(f"No release has the version {version!r}.", suggestions=tuple(dict.fromkeys(near)))
