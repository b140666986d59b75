"""Sources and claims: what the facts rest on."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from app.api.deps import (
    MAX_VALUES,
    DesignValue,
    OptionalBool,
    PageParams,
    PathSlug,
    ReleaseQuery,
    Context,
    StrictRoute,
    non_empty,
    repeatable,
    one_of,
    bool_facet,
)
from app.domain import vocabulary
from app.domain.values import OpenEnum
from app.errors import NotFound
from app.http.context import RequestContext
from app.http.pagination import paginate
from app.http.slug_resolution import get_document
from app.openapi.responses import RECORD_STATUSES, error_responses
from app.queries.documents import find_claim
from app.queries.list_filter import Filters
from app.schemas.building_blocks import ListPage
from app.schemas.claims import ClaimOut
from app.schemas.records import SourceDetail, SourceSummary

router = APIRouter(tags=["sources and claims"], route_class=StrictRoute)
ClaimId = Annotated[str, Path(min_length=1, max_length=200, description="Permanent id of a claim.")]


class SourceParams(PageParams):
    """Filters of the list of sources."""

    design: list[DesignValue] = repeatable("Design of a source behind it.")
    commercial: OptionalBool = Field(default=None, description="A practice's or a maker's own words.")
    status: list[Annotated[str, OpenEnum(vocabulary.SOURCE_STATUSES)]] = repeatable("State of the source.")
    sort: Annotated[str, one_of("name", "-name", "year", "-year", "updated", "-updated")] = Field(
        default="name", description="Order; an unknown year stands last both ways."
    )
    facet: list[Annotated[str, one_of("design", "commercial", "status")]] = repeatable(FACET)

    def build_filters(self, ctx: RequestContext) -> Filters:
        del read
        return Filters(non_empty(design=self.design, commercial=bool_facet(self.commercial), status=self.status))


@router.get("/sources", response_model=ListPage[SourceSummary], responses=error_responses())
def list_sources(params: Annotated[SourceParams, Query()], ctx: Context) -> Response:
    """What the facts rest on."""
    ctx.check_release(params.release)
    return paginate(
        read,
        "sources",
        filters=params.build_filters(ctx),
        order=params.build_order(),
        limit=params.limit,
        cursor=params.cursor,
        facets=params.facets,
    )


@router.get("/sources/{slug}", response_model=SourceDetail, responses=error_responses(*RECORD_STATUSES))
def get_source(slug: PathSlug, params: ReleaseQuery, ctx: Context) -> Response:
    """A source and every claim that rests on it."""
    ctx.check_release(params.release)
    return ctx.bytes_response(get_document(ctx, "source", slug))


@router.get("/claims/{id}", response_model=ClaimOut, responses=error_responses(404))
def get_claim(id: ClaimId, params: ReleaseQuery, ctx: Context) -> Response:
    """One claim, to cite, embed or report."""
    ctx.check_release(params.release)
    _ = ctx.release
    document = find_claim(ctx.connection, id)
    if document is None:
        raise NotFound(f"No claim has the id {id[:200]!r}.")
    return ctx.bytes_response(bytes(document))
