"""Conditions: list, detail, batch, procedures and care options."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.api.deps import (
    FACET,
    Context,
    OptionalBool,
    PageParams,
    PathSlug,
    ProcedureLookupQuery,
    RegionValue,
    ReleaseQuery,
    ShortText,
    StrictRoute,
    bool_facet,
    list_page,
    list_procedures_of_record,
    non_empty,
    one_of,
    repeatable,
    resolve_slugs,
)
from app.api.v1.batch import BatchQuery, get_batch
from app.domain.documents import DocumentType
from app.http.alternate_links import alternate_link_header
from app.http.context import RequestContext
from app.http.slug_resolution import get_document
from app.openapi.responses import RECORD_STATUSES, error_responses
from app.queries.list_filter import Filters
from app.schemas.building_blocks import Batch, BlockPage, ListPage
from app.schemas.records import ConditionDetail, ConditionOptions, ConditionSummary, ProcedureLookupEntry

router = APIRouter(prefix="/conditions", tags=["conditions"], route_class=StrictRoute)


class ConditionParams(PageParams):
    """Filters of the list of conditions."""

    body_region: list[RegionValue] = repeatable("Body region.")
    pain_generator: list[ShortText] = repeatable("Slug or name; conditions that arise from this pain generator.")
    stub: OptionalBool = Field(
        default=None, description="Whether the condition is only named by the evidence, not described."
    )
    sort: Annotated[str, one_of("name", "-name", "updated", "-updated")] = Field(
        default="name", description="Sort order."
    )
    facet: list[Annotated[str, one_of("body_region", "pain_generator", "stub")]] = repeatable(FACET)

    def build_filters(self, ctx: RequestContext) -> Filters:
        generators = resolve_slugs(ctx, "pain_generator", self.pain_generator)
        return Filters(non_empty(body_region=self.body_region, pain_generator=generators, stub=bool_facet(self.stub)))


@router.get("", response_model=ListPage[ConditionSummary], responses=error_responses())
def list_conditions(params: Annotated[ConditionParams, Query()], ctx: Context) -> Response:
    """Conditions, with filters, sorting and facet counts."""
    return list_page(ctx, "conditions", params)


@router.get("/batch", response_model=Batch[ConditionDetail], responses=error_responses())
def get_conditions_batch(params: BatchQuery, ctx: Context) -> Response:
    """Several conditions in full, in the requested order; `not_found` lists the names without a record."""
    return get_batch(ctx, "condition", params)


@router.get("/{slug}", response_model=ConditionDetail, responses=error_responses(*RECORD_STATUSES))
def get_condition(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """A condition in full; each block is known, unknown or not applicable."""
    return ctx.bytes_response(
        get_document(ctx, "condition", slug), headers=alternate_link_header(ctx, "conditions", slug)
    )


@router.get(
    "/{slug}/procedures", response_model=BlockPage[ProcedureLookupEntry], responses=error_responses(*RECORD_STATUSES)
)
def list_procedures_of_condition(slug: PathSlug, params: ProcedureLookupQuery, ctx: Context) -> Response:
    """Procedures that are used for this condition or a narrower one, each once with the relations that link them."""
    return list_procedures_of_record(ctx, "condition", slug, params)


@router.get("/{slug}/options", response_model=ConditionOptions, responses=error_responses(*RECORD_STATUSES))
def get_condition_options(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """Care options: warnings, care without a procedure, then the procedures that confirm and treat each pain generator."""
    return ctx.bytes_response(get_document(ctx, "condition", slug, document_type=DocumentType.OPTIONS))
