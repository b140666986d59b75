"""Edges and estimates across all procedures: targets, relief durations, response rates, findings."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.api.deps import (
    MAX_VALUES,
    DesignValue,
    FamilyValue,
    OptionalBool,
    GradeValue,
    IntentValue,
    ListParams,
    PageParams,
    ReleaseParams,
    Context,
    RegionValue,
    RoleValue,
    StrictRoute,
    ShortText,
    non_empty,
    repeatable,
    resolve_slugs,
    one_of,
    bool_facet,
)
from app.domain import vocabulary
from app.domain.values import OpenEnum
from app.errors import FieldError, InvalidParameter
from app.http.context import RequestContext
from app.http.pagination import paginate
from app.openapi.responses import error_responses
from app.queries.list_filter import Filters
from app.queries.matrix import list_matrix
from app.schemas.building_blocks import ListPage
from app.schemas.claims import FindingClaimOut, ReliefDurationClaimOut, ResponseRateClaimOut
from app.schemas.records import Matrix, TargetEdge

router = APIRouter(tags=["edges and estimates"], route_class=StrictRoute)
# A heat map with more cells is no picture any more: narrow it by family, region or role.
MAX_CELLS = 20_000


class TargetFilterParams(ListParams):
    """Filters of the list of targets."""

    procedure: list[ShortText] = repeatable("Slug or name: this procedure and its narrower ones.")
    pain_generator: list[ShortText] = repeatable("Slug or name: this generator and its narrower ones.")
    role: list[RoleValue] = repeatable("What the procedure does there: diagnoses, treats (or, of a risk, carries).")
    family: list[FamilyValue] = repeatable("Family of the procedure.")
    body_region: list[RegionValue] = repeatable("Region of the body.")
    grade: list[GradeValue] = repeatable("Grade of the evidence behind it.")
    sort: Annotated[str, one_of("name", "-name")] = Field(
        default="name", description="Order: by procedure, then by pain generator."
    )

    def build_filters(self, ctx: RequestContext) -> Filters:
        return Filters(
            non_empty(
                procedure=resolve_slugs(ctx, "procedure", self.procedure),
                pain_generator=resolve_slugs(ctx, "pain_generator", self.pain_generator),
                role=self.role,
                family=self.family,
                body_region=self.body_region,
                grade=self.grade,
            )
        )


class TargetParams(TargetFilterParams, PageParams):
    """What the list takes."""

    facet: list[Annotated[str, one_of("procedure", "pain_generator", "role", "family", "body_region", "grade")]] = (
        repeatable(FACET)
    )


class EstimateFilterParams(ListParams):
    """Filters that every list of estimates has."""

    procedure: list[ShortText] = repeatable("Slug or name: this procedure and its narrower ones.")
    condition: list[ShortText] = repeatable("Slug or name: procedures indicated for it.")
    family: list[FamilyValue] = repeatable("Family of the procedure.")
    body_region: list[RegionValue] = repeatable("Region of the body.")
    design: list[DesignValue] = repeatable("Design of a source behind it.")
    grade: list[GradeValue] = repeatable("Grade of the evidence behind it.")
    commercial: OptionalBool = Field(default=None, description="Only commercial sources stand behind it.")

    def _chosen(self, ctx: RequestContext) -> dict[str, tuple[str, ...]]:
        return non_empty(
            procedure=resolve_slugs(ctx, "procedure", self.procedure),
            condition=resolve_slugs(ctx, "condition", self.condition),
            family=self.family,
            body_region=self.body_region,
            design=self.design,
            grade=self.grade,
            commercial=bool_facet(self.commercial),
        )


class ReliefDurationFilterParams(EstimateFilterParams):
    """Filters of the list of relief durations."""

    intent: list[IntentValue] = repeatable("What it is done for.")
    measure: list[Annotated[str, OpenEnum(vocabulary.MEASURES)]] = repeatable("What was measured.")
    statistic: list[Annotated[str, OpenEnum(vocabulary.STATISTICS)]] = repeatable("What the figure is.")
    typical: OptionalBool = Field(default=None, description="The one shown first for its procedure and intent.")
    sort: Annotated[str, one_of("name", "-name", "relief", "-relief", "year", "-year")] = Field(
        default="name", description="Order; unknown values stand last both ways."
    )

    def build_filters(self, ctx: RequestContext) -> Filters:
        mine = non_empty(intent=self.intent, measure=self.measure, statistic=self.statistic, typical=bool_facet(self.typical))
        return Filters(self._chosen(ctx) | mine)


class ReliefDurationParams(ReliefDurationFilterParams, PageParams):
    """What the list takes."""

    facet: list[
        Annotated[
            str,
            one_of(
                "procedure",
                "family",
                "body_region",
                "design",
                "grade",
                "commercial",
                "intent",
                "measure",
                "statistic",
                "typical",
            ),
        ]
    ] = repeatable(FACET)


class ResponseRateFilterParams(EstimateFilterParams):
    """Filters of the list of response rates."""

    sort: Annotated[str, one_of("name", "-name", "percent", "-percent", "at", "-at", "year", "-year")] = Field(
        default="name", description="Order; unknown values stand last both ways."
    )

    def build_filters(self, ctx: RequestContext) -> Filters:
        return Filters(self._chosen(ctx))


class ResponseRateParams(ResponseRateFilterParams, PageParams):
    """What the list takes."""

    facet: list[Annotated[str, one_of("procedure", "family", "body_region", "design", "grade", "commercial")]] = repeatable(FACET)


class FindingFilterParams(EstimateFilterParams):
    """Filters of the list of findings."""

    direction: list[Annotated[str, OpenEnum(vocabulary.DIRECTIONS)]] = repeatable("Which way the finding points.")
    sham: OptionalBool = Field(default=None, description="The comparator was a sham; not stated never passes.")
    sort: Annotated[str, one_of("name", "-name", "at", "-at", "year", "-year")] = Field(
        default="name", description="Order; unknown values stand last both ways."
    )

    def build_filters(self, ctx: RequestContext) -> Filters:
        return Filters(self._chosen(ctx) | non_empty(direction=self.direction, sham=bool_facet(self.sham)))


class FindingParams(FindingFilterParams, PageParams):
    """What the list takes."""

    facet: list[
        Annotated[
            str, one_of("procedure", "family", "body_region", "design", "grade", "commercial", "direction", "sham")
        ]
    ] = repeatable(FACET)


class MatrixParams(ReleaseParams):
    """Filters of the matrix."""

    role: list[RoleValue] = repeatable("What the procedure does there: diagnoses, treats (or, of a risk, carries).")
    family: list[FamilyValue] = repeatable("Family of the procedure.")
    body_region: list[RegionValue] = repeatable("Region of the body.")


def _page(ctx: RequestContext, path: str, params: PageParams) -> Response:
    ctx.check_release(params.release)
    return paginate(
        read,
        path,
        filters=params.build_filters(ctx),
        order=params.build_order(),
        limit=params.limit,
        cursor=params.cursor,
        facets=params.facets,
        table=True,
    )


@router.get("/targets", response_model=ListPage[TargetEdge], responses=error_responses())
def list_targets(params: Annotated[TargetParams, Query()], ctx: Context) -> Response:
    """Every edge: this procedure diagnoses or treats this pain generator."""
    return _page(ctx, "targets", params)


@router.get("/targets/matrix", response_model=Matrix, responses=error_responses())
def get_targets_matrix(params: Annotated[MatrixParams, Query()], ctx: Context) -> Response:
    """Procedures by pain generators, for a heat map. Body regions are those of the generators."""
    ctx.check_release(params.release)
    _ = ctx.release
    rows = list_matrix(
        ctx.connection, families=params.family, roles=params.role, body_regions=params.body_region, limit=MAX_CELLS + 1
    )
    if len(rows) > MAX_CELLS:
        message = f"more than {MAX_CELLS} cells: narrow the matrix by family, role or body region"
        raise InvalidParameter(message, errors=(FieldError("family", None, message),))
    procedures = {row.procedure: row.procedure_name for row in rows}
    generators = {row.pain_generator: (row.generator_sort_name, row.generator_name) for row in rows}
    columns = sorted(generators, key=lambda slug: (generators[slug][0], slug))
    return ctx.json_response(
        {
            "procedures": [{"type": "procedure", "slug": slug, "name": name} for slug, name in procedures.items()],
            "pain_generators": [
                {"type": "pain_generator", "slug": slug, "name": generators[slug][1]} for slug in columns
            ],
            "cells": [
                {
                    "procedure": row.procedure,
                    "pain_generator": row.pain_generator,
                    "role": row.role,
                    "grade": row.grade,
                    "claim": row.claim_id,
                }
                for row in rows
            ],
        }
    )


@router.get("/relief-durations", response_model=ListPage[ReliefDurationClaimOut], responses=error_responses())
def list_relief_durations(params: Annotated[ReliefDurationParams, Query()], ctx: Context) -> Response:
    """Every estimate of how long relief lasts."""
    return _page(ctx, "relief-durations", params)


@router.get("/response-rates", response_model=ListPage[ResponseRateClaimOut], responses=error_responses())
def list_response_rates(params: Annotated[ResponseRateParams, Query()], ctx: Context) -> Response:
    """Every share of people who respond."""
    return _page(ctx, "response-rates", params)


@router.get("/findings", response_model=ListPage[FindingClaimOut], responses=error_responses())
def list_findings(params: Annotated[FindingParams, Query()], ctx: Context) -> Response:
    """Every finding: outcome, effect, comparator, direction."""
    return _page(ctx, "findings", params)
