"""Pain generators: list, detail, batch and procedures."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.api.deps import (
    FACET,
    Context,
    PageParams,
    PathSlug,
    ProcedureLookupQuery,
    RegionValue,
    ReleaseQuery,
    ShortText,
    StrictRoute,
    list_page,
    list_procedures_of_record,
    non_empty,
    one_of,
    repeatable,
    resolve_slugs,
)
from app.api.v1.batch import BatchQuery, get_batch
from app.domain import vocabulary
from app.domain.values import OpenEnum
from app.http.alternate_links import alternate_link_header
from app.http.context import RequestContext
from app.http.slug_resolution import get_document
from app.openapi.responses import RECORD_STATUSES, error_responses
from app.queries.list_filter import Filters
from app.schemas.building_blocks import Batch, BlockPage, ListPage
from app.schemas.records import PainGeneratorDetail, PainGeneratorSummary, ProcedureLookupEntry

router = APIRouter(prefix="/pain-generators", tags=["pain generators"], route_class=StrictRoute)


class PainGeneratorParams(PageParams):
    """Filters of the list of pain generators."""

    kind: list[Annotated[str, OpenEnum(vocabulary.GENERATOR_KINDS)]] = repeatable("Kind of structure.")
    body_region: list[RegionValue] = repeatable("Body region.")
    condition: list[ShortText] = repeatable("Slug or name; generators that this condition arises from.")
    sort: Annotated[str, one_of("name", "-name", "updated", "-updated")] = Field(
        default="name", description="Sort order."
    )
    facet: list[Annotated[str, one_of("kind", "body_region", "condition")]] = repeatable(FACET)

    def build_filters(self, ctx: RequestContext) -> Filters:
        conditions = resolve_slugs(ctx, "condition", self.condition)
        return Filters(non_empty(kind=self.kind, body_region=self.body_region, condition=conditions))


@router.get("", response_model=ListPage[PainGeneratorSummary], responses=error_responses())
def list_pain_generators(params: Annotated[PainGeneratorParams, Query()], ctx: Context) -> Response:
    """Pain generators, with filters, sorting and facet counts."""
    return list_page(ctx, "pain-generators", params)


@router.get("/batch", response_model=Batch[PainGeneratorDetail], responses=error_responses())
def get_pain_generators_batch(params: BatchQuery, ctx: Context) -> Response:
    """Several pain generators in full, in the requested order; `not_found` lists the names without a record."""
    return get_batch(ctx, "pain_generator", params)


@router.get("/{slug}", response_model=PainGeneratorDetail, responses=error_responses(*RECORD_STATUSES))
def get_pain_generator(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """A pain generator in full; each block is known, unknown or not applicable."""
    return ctx.bytes_response(
        get_document(ctx, "pain_generator", slug), headers=alternate_link_header(ctx, "pain-generators", slug)
    )


@router.get(
    "/{slug}/procedures", response_model=BlockPage[ProcedureLookupEntry], responses=error_responses(*RECORD_STATUSES)
)
def list_procedures_of_pain_generator(slug: PathSlug, params: ProcedureLookupQuery, ctx: Context) -> Response:
    """Procedures that diagnose or treat this pain generator or a narrower one, each once with the relations that link them."""
    return list_procedures_of_record(ctx, "pain_generator", slug, params)
