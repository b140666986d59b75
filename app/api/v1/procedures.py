"""Procedures: list, detail, batch, and a list for each kind of claim."""

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from app.api.deps import (
    FACET,
    ROLE,
    Context,
    PageParams,
    PagingParams,
    PagingQuery,
    PathSlug,
    ProcedureFilterParams,
    ReleaseQuery,
    RoleValue,
    ShortText,
    StrictRoute,
    list_page,
    non_empty,
    one_of,
    parse_min_relief,
    repeatable,
    resolve_slugs,
)
from app.api.v1.batch import BatchQuery, get_batch
from app.domain.claim_kinds import CLAIM_KINDS
from app.domain.patterns import VERSION
from app.errors import FieldError, InvalidParameter
from app.http.alternate_links import alternate_link_header
from app.http.context import RequestContext
from app.http.pagination import build_next_cursor, decode_cursor, list_response
from app.http.search import get_index
from app.http.slug_resolution import check_record_exists, get_document
from app.openapi.responses import RECORD_STATUSES, error_responses
from app.queries.list_filter import Filters
from app.queries.lists import count_record_claims, list_record_claims
from app.queries.releases import list_versions
from app.schemas.building_blocks import Batch, BlockPage, ListPage
from app.schemas.claims import build_page_model
from app.schemas.records import ProcedureDetail, ProcedureSummary
from app.search.ranking import search

router = APIRouter(prefix="/procedures", tags=["procedures"], route_class=StrictRoute)


class ProcedureListFilterParams(ProcedureFilterParams):
    """Filters of the list of procedures."""

    role: list[RoleValue] = repeatable(ROLE)
    pain_generator: list[ShortText] = repeatable("Slug or name; includes narrower records.")
    condition: list[ShortText] = repeatable("Slug or name; includes narrower records.")
    procedure: list[ShortText] = repeatable("Slug or name; includes narrower procedures.")
    risk: list[ShortText] = repeatable("Slug or name; procedures for which this risk is reported.")
    q: Annotated[str, Field(min_length=1, max_length=200)] | SkipJsonSchema[None] = Field(
        default=None, description="Text to find in the names and the summary of the procedure."
    )
    updated_since: Annotated[str, Field(max_length=40, pattern=VERSION)] | SkipJsonSchema[None] = Field(
        default=None, description="Release version; only records changed after it."
    )

    def build_filters(self, ctx: RequestContext) -> Filters:
        facets = self._shared_facets() | non_empty(
            pain_generator=resolve_slugs(ctx, "pain_generator", self.pain_generator),
            condition=resolve_slugs(ctx, "condition", self.condition),
            role=self.role,
            procedure=resolve_slugs(ctx, "procedure", self.procedure),
            risk=resolve_slugs(ctx, "risk", self.risk),
        )
        since = None if self.updated_since is None else release_index(ctx, self.updated_since)
        slugs_by_text = None
        if self.q is not None:
            _, hits = search(get_index(ctx), self.q, ("procedure",))
            slugs_by_text = tuple(sorted(hit.record.slug for hit in hits))
        return Filters(facets, parse_min_relief(self.min_relief), since, slugs_by_text)


class ProcedureParams(ProcedureListFilterParams, PageParams):
    """Parameters of the list of procedures."""

    facet: list[
        Annotated[
            str,
            one_of(
                "pain_generator",
                "condition",
                "role",
                "family",
                "intent",
                "guidance",
                "anesthesia",
                "body_region",
                "setting",
                "implant",
                "risk",
            ),
        ]
    ] = repeatable(FACET)


def release_index(ctx: RequestContext, version: str) -> int:
    """Position of a version in the release history. Raises InvalidParameter if there is no such release."""
    versions = ctx.cached(("versions",), lambda: _versions(ctx))
    if version not in versions:
        message = f"unknown release; known releases: {', '.join(versions)}"
        raise InvalidParameter(
            f"updated_since: {message}",
            errors=(FieldError("updated_since", version, message),),
            suggestions=tuple(versions[-3:]),
        )
    return versions.index(version)


def _versions(ctx: RequestContext) -> list[str]:
    versions = list_versions(ctx.connection)
    return versions if ctx.release.version in versions else [*versions, ctx.release.version]


@router.get("", response_model=ListPage[ProcedureSummary], responses=error_responses())
def list_procedures(params: Annotated[ProcedureParams, Query()], ctx: Context) -> Response:
    """Procedures, with filters, sorting and facet counts."""
    return list_page(ctx, "procedures", params, table=True)


@router.get("/batch", response_model=Batch[ProcedureDetail], responses=error_responses())
def get_procedures_batch(params: BatchQuery, ctx: Context) -> Response:
    """Several procedures in full, in the requested order; `not_found` lists the names without a record."""
    return get_batch(ctx, "procedure", params)


@router.get("/{slug}", response_model=ProcedureDetail, responses=error_responses(*RECORD_STATUSES))
def get_procedure(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """A procedure in full; each block is known, unknown or not applicable."""
    return ctx.bytes_response(
        get_document(ctx, "procedure", slug), headers=alternate_link_header(ctx, "procedures", slug)
    )


def _list_claims(ctx: RequestContext, slug: str, claim_kind: str, params: PagingParams) -> Response:
    check_record_exists(ctx, "procedure", slug)
    signature = f"{slug}/{claim_kind}"
    after = decode_cursor(ctx, params.cursor, signature)
    rows = list_record_claims(ctx.connection, "procedure", slug, claim_kind, after=after, limit=params.limit + 1)
    total = ctx.cached(
        ("claims", slug, claim_kind), lambda: count_record_claims(ctx.connection, "procedure", slug, claim_kind)
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


@router.get(
    "/{slug}/targets", response_model=build_page_model(BlockPage, "target"), responses=error_responses(*RECORD_STATUSES)
)
def list_targets_of_procedure(slug: PathSlug, params: PagingQuery, ctx: Context) -> Response:
    """Claims on what a procedure diagnoses or treats."""
    return _list_claims(ctx, slug, "target", params)


@router.get(
    "/{slug}/indications",
    response_model=build_page_model(BlockPage, "indication"),
    responses=error_responses(*RECORD_STATUSES),
)
def list_indications_of_procedure(slug: PathSlug, params: PagingQuery, ctx: Context) -> Response:
    """Claims on what a procedure is used for."""
    return _list_claims(ctx, slug, "indication", params)


@router.get(
    "/{slug}/risks",
    response_model=build_page_model(BlockPage, "procedure_risk"),
    responses=error_responses(*RECORD_STATUSES),
)
def list_risks_of_procedure(slug: PathSlug, params: PagingQuery, ctx: Context) -> Response:
    """Claims on the risks of a procedure, with the reported rates."""
    return _list_claims(ctx, slug, "procedure_risk", params)


@router.get(
    "/{slug}/relief-durations",
    response_model=build_page_model(BlockPage, "relief_duration"),
    responses=error_responses(*RECORD_STATUSES),
)
def list_relief_durations_of_procedure(slug: PathSlug, params: PagingQuery, ctx: Context) -> Response:
    """Claims on how long relief lasts after a procedure."""
    return _list_claims(ctx, slug, "relief_duration", params)


@router.get(
    "/{slug}/response-rates",
    response_model=build_page_model(BlockPage, "response_rate"),
    responses=error_responses(*RECORD_STATUSES),
)
def list_response_rates_of_procedure(slug: PathSlug, params: PagingQuery, ctx: Context) -> Response:
    """Claims on the share of people who respond to a procedure."""
    return _list_claims(ctx, slug, "response_rate", params)


@router.get(
    "/{slug}/findings",
    response_model=build_page_model(BlockPage, "finding"),
    responses=error_responses(*RECORD_STATUSES),
)
def list_findings_of_procedure(slug: PathSlug, params: PagingQuery, ctx: Context) -> Response:
    """Study findings on a procedure: outcome, effect, comparator, direction."""
    return _list_claims(ctx, slug, "finding", params)
