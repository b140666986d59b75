"""Conditions: list, detail, batch, procedures and care options."""

from typing import Annotated

from fastapi import Query, Response

from app.api.deps import Context, PathSlug, create_router
from app.api.parameters import BatchQuery, ConditionParams, LinkedProcedureQuery, ReleaseQuery
from app.api.v1.record_responses import get_batch, get_record, list_page, list_procedures_of_record
from app.domain.documents import DocumentType
from app.http.slug_resolution import get_document
from app.openapi.responses import RECORD_RESPONSES
from app.schemas.building_blocks import Batch, BlockPage, ListPage
from app.schemas.records import ConditionDetail, ConditionOptions, ConditionSummary, ProcedureWithRelations

router = create_router("conditions", prefix="/conditions")


@router.get("", response_model=ListPage[ConditionSummary])
def list_conditions(params: Annotated[ConditionParams, Query()], ctx: Context) -> Response:
    """Conditions, with filters, sorting and facet counts."""
    return list_page(ctx, "conditions", params)


@router.get("/batch", response_model=Batch[ConditionDetail])
def get_conditions_batch(params: BatchQuery, ctx: Context) -> Response:
    """Several conditions in full, in the requested order; `not_found` lists the names without a record."""
    return get_batch(ctx, "condition", params)


@router.get("/{slug}", response_model=ConditionDetail, responses=RECORD_RESPONSES)
def get_condition(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """A condition in full; each block is known, unknown or not applicable."""
    return get_record(ctx, "condition", slug)


@router.get("/{slug}/procedures", response_model=BlockPage[ProcedureWithRelations], responses=RECORD_RESPONSES)
def list_procedures_of_condition(slug: PathSlug, params: LinkedProcedureQuery, ctx: Context) -> Response:
    """Procedures that are used for this condition or a narrower one, each once with the relations that link them."""
    return list_procedures_of_record(ctx, "condition", slug, params)


@router.get("/{slug}/options", response_model=ConditionOptions, responses=RECORD_RESPONSES)
def get_condition_options(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """Care options: warnings, care without a procedure, then the procedures that confirm and treat each pain generator."""
    return ctx.bytes_response(get_document(ctx, "condition", slug, document_type=DocumentType.OPTIONS))
