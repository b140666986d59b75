"""Claims across all procedures: targets, relief durations, response rates and findings."""

from typing import Annotated

from fastapi import Query, Response

from app.api.deps import (
    FACET,
    ROLE,
    Context,
    DesignValue,
    GradeValue,
    ListParams,
    OptionalBool,
    PageParams,
    ReleaseParams,
    ShortText,
    create_router,
    one_of,
    optional,
    repeatable,
    sort_order,
    too_many_rows,
)
from app.api.v1.record_responses import list_page
from app.domain.values import BodyRegion, Direction, Intent, Measure, Statistic, TargetRole
from app.queries.matrix import list_matrix
from app.schemas.building_blocks import Family, ListPage
from app.schemas.claims import build_page_model
from app.schemas.records import Matrix, TargetEdge

router = create_router("edges and estimates")
# A heat map with more cells is unreadable.
MAX_CELLS = 20_000
ESTIMATE_FACETS = ("procedure", "family", "body_region", "design", "grade", "commercial")


class TargetFilterParams(ListParams):
    """Filters of the list of targets."""

    procedure: list[ShortText] = repeatable("Slug or name; includes narrower procedures.")
    pain_generator: list[ShortText] = repeatable("Slug or name; includes narrower pain generators.")
    role: list[TargetRole] = repeatable(ROLE)
    family: list[Family] = repeatable("Family of the procedure.")
    body_region: list[BodyRegion] = repeatable("Body region.")
    grade: list[GradeValue] = repeatable("Evidence grade.")
    sort: Annotated[str, one_of("name", "-name")] = sort_order("Sort order: by procedure, then by pain generator.")


class TargetParams(TargetFilterParams, PageParams):
    """Parameters of the list of targets."""

    facet: list[Annotated[str, one_of("procedure", "pain_generator", "role", "family", "body_region", "grade")]] = (
        repeatable(FACET)
    )


class EstimateFilterParams(ListParams):
    """Filters shared by the lists of estimates."""

    procedure: list[ShortText] = repeatable("Slug or name; includes narrower procedures.")
    condition: list[ShortText] = repeatable("Slug or name; procedures indicated for this condition.")
    family: list[Family] = repeatable("Family of the procedure.")
    body_region: list[BodyRegion] = repeatable("Body region.")
    design: list[DesignValue] = repeatable("Design of a source that supports it.")
    grade: list[GradeValue] = repeatable("Evidence grade.")
    commercial: OptionalBool = optional("Whether all sources of the estimate are commercial.")


class ReliefDurationFilterParams(EstimateFilterParams):
    """Filters of the list of relief durations."""

    intent: list[Intent] = repeatable("Purpose of the procedure.")
    measure: list[Measure] = repeatable("Outcome measure.")
    statistic: list[Statistic] = repeatable("Statistic that the figure reports.")
    typical: OptionalBool = optional("Whether it is the typical estimate for its procedure and intent.")
    sort: Annotated[str, one_of("name", "-name", "relief", "-relief", "year", "-year")] = sort_order(
        "Sort order; unknown values are last in both directions."
    )


class ReliefDurationParams(ReliefDurationFilterParams, PageParams):
    """Parameters of the list of relief durations."""

    facet: list[Annotated[str, one_of(*ESTIMATE_FACETS, "intent", "measure", "statistic", "typical")]] = repeatable(
        FACET
    )


class ResponseRateFilterParams(EstimateFilterParams):
    """Filters of the list of response rates."""

    sort: Annotated[str, one_of("name", "-name", "percent", "-percent", "at", "-at", "year", "-year")] = sort_order(
        "Sort order; unknown values are last in both directions."
    )


class ResponseRateParams(ResponseRateFilterParams, PageParams):
    """Parameters of the list of response rates."""

    facet: list[Annotated[str, one_of(*ESTIMATE_FACETS)]] = repeatable(FACET)


class FindingFilterParams(EstimateFilterParams):
    """Filters of the list of findings."""

    direction: list[Direction] = repeatable("Direction of the finding.")
    sham: OptionalBool = optional("Whether the comparator was a sham; findings that do not say so never match.")
    sort: Annotated[str, one_of("name", "-name", "at", "-at", "year", "-year")] = sort_order(
        "Sort order; unknown values are last in both directions."
    )


class FindingParams(FindingFilterParams, PageParams):
    """Parameters of the list of findings."""

    facet: list[Annotated[str, one_of(*ESTIMATE_FACETS, "direction", "sham")]] = repeatable(FACET)


class MatrixParams(ReleaseParams):
    """Filters of the matrix."""

    role: list[TargetRole] = repeatable(ROLE)
    family: list[Family] = repeatable("Family of the procedure.")
    body_region: list[BodyRegion] = repeatable("Body region.")


@router.get("/targets", response_model=ListPage[TargetEdge])
def list_targets(params: Annotated[TargetParams, Query()], ctx: Context) -> Response:
    """Every target: a procedure diagnoses or treats a pain generator."""
    return list_page(ctx, "targets", params, table=True)


@router.get("/targets/matrix", response_model=Matrix)
def get_targets_matrix(params: Annotated[MatrixParams, Query()], ctx: Context) -> Response:
    """Matrix of procedures and pain generators, for a heat map. `body_region` filters the pain generators."""
    rows = list_matrix(
        ctx.connection, families=params.family, roles=params.role, body_regions=params.body_region, limit=MAX_CELLS + 1
    )
    if len(rows) > MAX_CELLS:
        message = f"more than {MAX_CELLS} cells; filter by family, role or body region"
        raise too_many_rows(message, ("role", "family", "body_region"))
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


@router.get("/relief-durations", response_model=build_page_model(ListPage, "relief_duration"))
def list_relief_durations(params: Annotated[ReliefDurationParams, Query()], ctx: Context) -> Response:
    """Every estimate of how long relief lasts."""
    return list_page(ctx, "relief-durations", params, table=True)


@router.get("/response-rates", response_model=build_page_model(ListPage, "response_rate"))
def list_response_rates(params: Annotated[ResponseRateParams, Query()], ctx: Context) -> Response:
    """Every estimate of the share of people who respond."""
    return list_page(ctx, "response-rates", params, table=True)


@router.get("/findings", response_model=build_page_model(ListPage, "finding"))
def list_findings(params: Annotated[FindingParams, Query()], ctx: Context) -> Response:
    """Every study finding: outcome, effect, comparator, direction."""
    return list_page(ctx, "findings", params, table=True)
