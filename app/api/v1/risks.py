"""Risks: list, detail and procedures."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.api.deps import (
    FACET,
    Context,
    PageParams,
    PathSlug,
    ProcedureFilterParams,
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
from app.domain import vocabulary
from app.domain.values import OpenEnum
from app.http.context import RequestContext
from app.http.slug_resolution import get_document
from app.openapi.responses import RECORD_STATUSES, error_responses
from app.queries.list_filter import Filters
from app.schemas.building_blocks import BlockPage, ListPage
from app.schemas.records import ProcedureLookupEntry, RiskDetail, RiskSummary

router = APIRouter(prefix="/risks", tags=["risks"], route_class=StrictRoute)


class RiskParams(PageParams):
    """Filters of the list of risks."""

    category: list[Annotated[str, OpenEnum(vocabulary.RISK_CATEGORIES)]] = repeatable("Category of the risk.")
    procedure: list[ShortText] = repeatable("Slug or name; risks reported for this procedure.")
    sort: Annotated[str, one_of("name", "-name", "updated", "-updated")] = Field(
        default="name", description="Sort order."
    )
    facet: list[Annotated[str, one_of("category", "procedure")]] = repeatable(FACET)

    def build_filters(self, ctx: RequestContext) -> Filters:
        procedures = resolve_slugs(ctx, "procedure", self.procedure)
        return Filters(non_empty(category=self.category, procedure=procedures))


class RiskLookupParams(ProcedureFilterParams, PageParams):
    """Parameters of the list of procedures for which a risk is reported."""

    facet: list[
        Annotated[str, one_of("family", "intent", "body_region", "guidance", "anesthesia", "setting", "implant")]
    ] = repeatable(FACET)


@router.get("", response_model=ListPage[RiskSummary], responses=error_responses())
def list_risks(params: Annotated[RiskParams, Query()], ctx: Context) -> Response:
    """Risks, with filters, sorting and facet counts."""
    return list_page(ctx, "risks", params)


@router.get("/{slug}", response_model=RiskDetail, responses=error_responses(*RECORD_STATUSES))
def get_risk(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """A risk in full, with every rate that the sources report."""
    return ctx.bytes_response(get_document(ctx, "risk", slug))


@router.get(
    "/{slug}/procedures", response_model=BlockPage[ProcedureLookupEntry], responses=error_responses(*RECORD_STATUSES)
)
def list_procedures_of_risk(slug: PathSlug, params: Annotated[RiskLookupParams, Query()], ctx: Context) -> Response:
    """Procedures for which this risk is reported."""
    return list_procedures_of_record(ctx, "risk", slug, params)
