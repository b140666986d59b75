"""Procedures: list, detail, batch, and a list for each kind of claim."""

from typing import Annotated

import orjson
from fastapi import Query, Response

from app.api.deps import Context, PathSlug, create_router
from app.api.parameters import BatchQuery, PagingParams, PagingQuery, ProcedureParams, ReleaseQuery
from app.api.v1.record_responses import get_batch, get_record, list_page
from app.domain.claim_kinds import CLAIM_KINDS
from app.http.context import RequestContext
from app.http.pagination import build_next_cursor, decode_cursor, list_response
from app.http.slug_resolution import check_record_exists, get_document
from app.openapi.responses import RECORD_RESPONSES
from app.queries.lists import count_record_claims, list_record_claims
from app.schemas.building_blocks import Batch, BlockPage, ListPage
from app.schemas.claims import build_page_model
from app.schemas.records import ProcedureDetail, ProcedureSummary

router = create_router("procedures", prefix="/procedures")


@router.get("", response_model=ListPage[ProcedureSummary])
def list_procedures(params: Annotated[ProcedureParams, Query()], ctx: Context) -> Response:
    """Procedures, with filters, sorting and facet counts."""
    return list_page(ctx, "procedures", params, table=True)


@router.get("/batch", response_model=Batch[ProcedureDetail])
def get_procedures_batch(params: BatchQuery, ctx: Context) -> Response:
    """Several procedures in full, in the requested order; `not_found` lists the names without a record."""
    return get_batch(ctx, "procedure", params)


@router.get("/{slug}", response_model=ProcedureDetail, responses=RECORD_RESPONSES)
def get_procedure(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """A procedure in full; each block is known, unknown or not applicable."""
    return get_record(ctx, "procedure", slug)


def _list_claims(ctx: RequestContext, slug: str, claim_kind: str, params: PagingParams) -> Response:
    check_record_exists(ctx, "procedure", slug)
    signature = f"{slug}/{claim_kind}"
    after = decode_cursor(ctx, params.cursor, signature)
    rows = list_record_claims(ctx.transaction, "procedure", slug, claim_kind, after=after, limit=params.limit + 1)
    total = ctx.cached_by_request(
        ("claims", slug, claim_kind), lambda: count_record_claims(ctx.transaction, "procedure", slug, claim_kind)
    )
    last_offset = rows[params.limit - 1].offset if len(rows) > params.limit else None
    return list_response(
        ctx,
        [row.claim or b"" for row in rows[: params.limit]],
        limit=params.limit,
        total=total,
        next_cursor=build_next_cursor(ctx, signature, last_offset),
        extra_members={"status": "known" if total else _find_block_status(ctx, slug, claim_kind)},
    )


def _find_block_status(ctx: RequestContext, slug: str, claim_kind: str) -> str:
    record = orjson.loads(get_document(ctx, "procedure", slug))
    return str(record[CLAIM_KINDS[claim_kind].block]["status"])


def _add_claims_route(path: str, claim_kind: str, description: str) -> None:
    """Serve the claims of one kind about a procedure."""

    @router.get(
        f"/{{slug}}/{path}",
        name=f"list_{path.replace('-', '_')}_of_procedure",
        description=description,
        response_model=build_page_model(BlockPage, claim_kind),
        responses=RECORD_RESPONSES,
    )
    def list_claims(slug: PathSlug, params: PagingQuery, ctx: Context) -> Response:
        return _list_claims(ctx, slug, claim_kind, params)


_add_claims_route("targets", "target", "Claims on what a procedure diagnoses or treats.")
_add_claims_route("indications", "indication", "Claims on what a procedure is used for.")
_add_claims_route("risks", "procedure_risk", "Claims on the risks of a procedure, with the reported rates.")
_add_claims_route("relief-durations", "relief_duration", "Claims on how long relief lasts after a procedure.")
_add_claims_route("response-rates", "response_rate", "Claims on the share of people who respond to a procedure.")
_add_claims_route("findings", "finding", "Study findings on a procedure: outcome, effect, comparator, direction.")
