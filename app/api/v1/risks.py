"""Risks: list, detail and procedures."""

from typing import Annotated

from fastapi import Query, Response

from app.api.deps import Context, PathSlug, create_router
from app.api.parameters import ReleaseQuery, RiskParams, RiskProcedureParams
from app.api.v1.record_responses import get_record, list_page, list_procedures_of_record
from app.openapi.responses import RECORD_RESPONSES
from app.schemas.building_blocks import BlockPage, ListPage
from app.schemas.records import ProcedureWithRelations, RiskDetail, RiskSummary

router = create_router("risks", prefix="/risks")


@router.get("", response_model=ListPage[RiskSummary])
def list_risks(params: Annotated[RiskParams, Query()], ctx: Context) -> Response:
    """Risks, with filters, sorting and facet counts."""
    return list_page(ctx, "risks", params)


@router.get("/{slug}", response_model=RiskDetail, responses=RECORD_RESPONSES)
def get_risk(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """A risk in full, with every rate that the sources report."""
    return get_record(ctx, "risk", slug)


@router.get("/{slug}/procedures", response_model=BlockPage[ProcedureWithRelations], responses=RECORD_RESPONSES)
def list_procedures_of_risk(slug: PathSlug, params: Annotated[RiskProcedureParams, Query()], ctx: Context) -> Response:
    """Procedures for which this risk is reported."""
    return list_procedures_of_record(ctx, "risk", slug, params)
