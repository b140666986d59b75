"""Procedures: the list, one in full, several at once, and each relation as a list of its own."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from app.api.deps import (
    MAX_VALUES,
    ProcedureFilterParams,
    PageParams,
    PathSlug,
    ReleaseQuery,
    Context,
    StrictRoute,
    ShortText,
    non_empty,
    repeatable,
    parse_min_relief,
    resolve_slugs,
    one_of,
)
from app.api.v1.batch import BatchQuery, get_batch
from app.domain.patterns import VERSION
from app.errors import FieldError, InvalidParameter
from app.http.alternate_links import alternate_link_header
from app.http.context import RequestContext
from app.http.pagination import encode_cursor, decode_cursor, paginate, list_response
from app.http.search import get_index
from app.http.slug_resolution import get_document, check_record_exists
from app.openapi.responses import RECORD_STATUSES, error_responses
from app.queries.list_filter import Filters
from app.queries.lists import count_record_claims, list_record_claims
from app.queries.releases import list_versions
from app.schemas.building_blocks import Batch, ListPage
from app.schemas.claims import (
    FindingClaimOut,
    IndicationClaimOut,
    ProcedureRiskClaimOut,
    ReliefDurationClaimOut,
    ResponseRateClaimOut,
    TargetClaimOut,
)
from app.schemas.records import ProcedureDetail, ProcedureSummary
from app.search.ranking import search

router = APIRouter(prefix="/procedures", tags=["procedures"], route_class=StrictRoute)


class ProcedureListFilterParams(ProcedureFilterParams):
    """Filters of the list of procedures."""

    pain_generator: list[ShortText] = repeatable("Slug or name; a broader one finds its narrower ones.")
    condition: list[ShortText] = repeatable("Slug or name; a broader one finds its narrower ones.")
    procedure: list[ShortText] = repeatable("Slug or name: this procedure and its narrower ones.")
    risk: list[ShortText] = repeatable("Slug or name: procedures for which this risk is reported.")
    q: Annotated[str, Field(min_length=1, max_length=200)] | SkipJsonSchema[None] = Field(
        default=None, description="Text that the procedure's names or summary match."
    )
    updated_since: Annotated[str, Field(max_length=40, pattern=VERSION)] | SkipJsonSchema[None] = Field(
        default=None, description="Version of a release: only records changed after it."
    )
    sort: Annotated[str, one_of("name", "-name", "relief", "-relief", "updated", "-updated")] = Field(
        default="name", description="Order; unknown relief stands last both ways."
    )

    def build_filters(self, ctx: RequestContext) -> Filters:
        generators = resolve_slugs(ctx, "pain_generator", self.pain_generator)
        conditions = resolve_slugs(ctx, "condition", self.condition)
        found = self._shared() | non_empty(
            procedure=resolve_slugs(ctx, "procedure", self.procedure),
            risk=resolve_slugs(ctx, "risk", self.risk),
        )
        for name, slugs in (("pain_generator", generators), ("condition", conditions)):
            if slugs and self.role:
                # The role belongs to the same edge as the record.
                found[f"{name}:role"] = tuple(f"{slug} {role}" for slug in slugs for role in self.role)
            elif slugs:
                found[name] = slugs
        if self.role and not generators and not conditions:
            found["role"] = tuple(self.role)
        since = None if self.updated_since is None else release_index(ctx, self.updated_since)
        found_by_text = None
        if self.q is not None:
            _, hits = search(get_index(ctx), self.q, ("procedure",))
            found_by_text = tuple(sorted(hit.record.slug for hit in hits))
        return Filters(found, parse_min_relief(self.min_relief), since, found_by_text)


class ProcedureParams(ProcedureListFilterParams, PageParams):
    """What the list takes."""

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
                "anaesthesia",
                "body_region",
                "setting",
                "implant",
                "risk",
            ),
        ]
    ] = repeatable(FACET)


def release_index(ctx: RequestContext, version: str) -> int:
    """Place of a version in the history. InvalidParameter when there is no such release."""
    versions = ctx.cached(("versions",), lambda: _versions(ctx))
    if version not in versions:
        message = f"no release has this version; known are {', '.join(versions)}"
        raise InvalidParameter(
            f"updated_since: {message}",
            errors=(FieldError("updated_since", version, message),),
            suggestions=tuple(versions[-3:]),
        )
    return versions.index(version)


def _versions(ctx: RequestContext) -> list[str]:
    found = list_versions(ctx.connection)
    return found if ctx.release.version in found else [*found, ctx.release.version]


@router.get("", response_model=ListPage[ProcedureSummary], responses=error_responses())
def list_procedures(params: Annotated[ProcedureParams, Query()], ctx: Context) -> Response:
    """Procedures, filtered, sorted and counted."""
    ctx.check_release(params.release)
    return paginate(
        read,
        "procedures",
        filters=params.build_filters(ctx),
        order=params.build_order(),
        limit=params.limit,
        cursor=params.cursor,
        facets=params.facets,
        table=True,
    )


@router.get("/batch", response_model=Batch[ProcedureDetail], responses=error_responses())
def get_procedures_batch(params: BatchQuery, ctx: Context) -> Response:
    """Several procedures in full, in the order asked; what is not there is said."""
    return get_batch(ctx, "procedure", params)


@router.get("/{slug}", response_model=ProcedureDetail, responses=error_responses(*RECORD_STATUSES))
def get_procedure(slug: PathSlug, params: ReleaseQuery, ctx: Context) -> Response:
    """A procedure in full: every block known, unknown or not applicable."""
    ctx.check_release(params.release)
    return ctx.bytes_response(get_document(ctx, "procedure", slug), headers=alternate_link_header(ctx, "procedures", slug))


def _relation(ctx: RequestContext, slug: str, kind: str, params: PageParams) -> Response:
    ctx.check_release(params.release)
    check_record_exists(ctx, "procedure", slug)
    release, signature = ctx.release, f"{slug}/{kind}"
    after = None if params.cursor is None else decode_cursor(params.cursor, release.revision, release.version, signature)
    rows = list_record_claims(ctx.connection, "procedure", slug, kind, after=after, limit=params.limit + 1)
    total = ctx.cached(("claims", slug, kind), lambda: count_record_claims(ctx.connection, "procedure", slug, kind))
    more = len(rows) > params.limit
    following = (
        encode_cursor(release.revision, release.version, signature, rows[params.limit - 1].offset) if more else None
    )
    shown = [row.claim or b"" for row in rows[: params.limit]]
    return list_response(ctx, shown, limit=params.limit, total=total, following=following)


@router.get("/{slug}/targets", response_model=ListPage[TargetClaimOut], responses=error_responses(*RECORD_STATUSES))
def list_targets_of_procedure(slug: PathSlug, params: PageQuery, ctx: Context) -> Response:
    """What a procedure diagnoses or treats, claim by claim."""
    return _relation(ctx, slug, "target", params)


@router.get("/{slug}/indications", response_model=ListPage[IndicationClaimOut], responses=error_responses(*RECORD_STATUSES))
def list_indications_of_procedure(slug: PathSlug, params: PageQuery, ctx: Context) -> Response:
    """What a procedure is used for, claim by claim."""
    return _relation(ctx, slug, "indication", params)


@router.get("/{slug}/risks", response_model=ListPage[ProcedureRiskClaimOut], responses=error_responses(*RECORD_STATUSES))
def list_risks_of_procedure(slug: PathSlug, params: PageQuery, ctx: Context) -> Response:
    """Risks of a procedure, claim by claim, with the figures that sources give."""
    return _relation(ctx, slug, "procedure_risk", params)


@router.get("/{slug}/relief-durations", response_model=ListPage[ReliefDurationClaimOut], responses=error_responses(*RECORD_STATUSES))
def list_relief_durations_of_procedure(slug: PathSlug, params: PageQuery, ctx: Context) -> Response:
    """Estimates of how long relief lasts after a procedure."""
    return _relation(ctx, slug, "relief_duration", params)


@router.get("/{slug}/response-rates", response_model=ListPage[ResponseRateClaimOut], responses=error_responses(*RECORD_STATUSES))
def list_response_rates_of_procedure(slug: PathSlug, params: PageQuery, ctx: Context) -> Response:
    """Shares of people who respond to a procedure."""
    return _relation(ctx, slug, "response_rate", params)


@router.get("/{slug}/findings", response_model=ListPage[FindingClaimOut], responses=error_responses(*RECORD_STATUSES))
def list_findings_of_procedure(slug: PathSlug, params: PageQuery, ctx: Context) -> Response:
    """Findings on a procedure: outcome, effect, comparator, direction."""
    return _relation(ctx, slug, "finding", params)
