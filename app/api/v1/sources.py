"""Sources and claims: the evidence behind every fact."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from app.api.deps import (
    FACET,
    Context,
    DesignValue,
    OptionalBool,
    PageParams,
    PathSlug,
    ReleaseQuery,
    StrictRoute,
    bool_facet,
    list_page,
    non_empty,
    one_of,
    repeatable,
)
from app.domain import vocabulary
from app.domain.values import OpenEnum
from app.errors import NotFound
from app.http.context import RequestContext
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

    design: list[DesignValue] = repeatable("Study design.")
    commercial: OptionalBool = Field(
        default=None, description="Whether the source is a practice or a manufacturer writing about its own offer."
    )
    status: list[Annotated[str, OpenEnum(vocabulary.SOURCE_STATUSES)]] = repeatable("Status of the source.")
    sort: Annotated[str, one_of("name", "-name", "year", "-year", "updated", "-updated")] = Field(
        default="name", description="Sort order; an unknown year is last in both directions."
    )
    facet: list[Annotated[str, one_of("design", "commercial", "status")]] = repeatable(FACET)

    def build_filters(self, ctx: RequestContext) -> Filters:
        del ctx
        return Filters(non_empty(design=self.design, commercial=bool_facet(self.commercial), status=self.status))


@router.get("/sources", response_model=ListPage[SourceSummary], responses=error_responses())
def list_sources(params: Annotated[SourceParams, Query()], ctx: Context) -> Response:
    """Sources, with filters, sorting and facet counts."""
    return list_page(ctx, "sources", params)


@router.get("/sources/{slug}", response_model=SourceDetail, responses=error_responses(*RECORD_STATUSES))
def get_source(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """A source in full, with every claim that cites it."""
    return ctx.bytes_response(get_document(ctx, "source", slug))


@router.get("/claims/{id}", response_model=ClaimOut, responses=error_responses(404))
def get_claim(id: ClaimId, _: ReleaseQuery, ctx: Context) -> Response:
    """One claim."""
    document = find_claim(ctx.connection, id)
    if document is None:
        raise NotFound(f"Unknown claim {id[:200]!r}.")
    return ctx.bytes_response(bytes(document))
