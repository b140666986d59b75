"""Pain generators: list, detail, batch and procedures."""

from typing import Annotated

from fastapi import Query, Response

from app.api.deps import Context, PathSlug, create_router
from app.api.parameters import BatchQuery, LinkedProcedureQuery, PainGeneratorParams, ReleaseQuery
from app.api.v1.record_responses import get_batch, get_record, list_page, list_procedures_of_record
from app.openapi.responses import RECORD_RESPONSES
from app.schemas.building_blocks import Batch, BlockPage, ListPage
from app.schemas.records import PainGeneratorDetail, PainGeneratorSummary, ProcedureWithRelations

router = create_router("pain generators", prefix="/pain-generators")


@router.get("", response_model=ListPage[PainGeneratorSummary])
def list_pain_generators(params: Annotated[PainGeneratorParams, Query()], ctx: Context) -> Response:
    """Pain generators, with filters, sorting and facet counts."""
    return list_page(ctx, "pain-generators", params)


@router.get("/batch", response_model=Batch[PainGeneratorDetail])
def get_pain_generators_batch(params: BatchQuery, ctx: Context) -> Response:
    """Several pain generators in full, in the requested order; `not_found` lists the names without a record."""
    return get_batch(ctx, "pain_generator", params)


@router.get("/{slug}", response_model=PainGeneratorDetail, responses=RECORD_RESPONSES)
def get_pain_generator(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """A pain generator in full; each block is known, unknown or not applicable."""
    return get_record(ctx, "pain_generator", slug)


@router.get("/{slug}/procedures", response_model=BlockPage[ProcedureWithRelations], responses=RECORD_RESPONSES)
def list_procedures_of_pain_generator(slug: PathSlug, params: LinkedProcedureQuery, ctx: Context) -> Response:
    """Procedures that diagnose or treat this pain generator or a narrower one, each once with the relations that link them."""
    return list_procedures_of_record(ctx, "pain_generator", slug, params)
