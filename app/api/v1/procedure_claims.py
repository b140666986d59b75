"""Claims across all procedures: targets, relief durations, response rates and findings."""

from typing import Annotated

from fastapi import Query, Response

from app.api.deps import Context, create_router
from app.api.parameters import FindingParams, MatrixParams, ReliefDurationParams, ResponseRateParams, TargetParams
from app.api.v1.record_responses import list_page, too_many_rows
from app.queries.matrix import list_matrix
from app.schemas.building_blocks import ListPage
from app.schemas.claims import build_page_model
from app.schemas.records import Matrix, TargetRelation

router = create_router("targets and outcomes")
# A heat map with more cells is unreadable.
MAX_CELLS = 20_000


@router.get("/targets", response_model=ListPage[TargetRelation])
def list_targets(params: Annotated[TargetParams, Query()], ctx: Context) -> Response:
    """Every target: a procedure diagnoses or treats a pain generator."""
    return list_page(ctx, "targets", params, table=True)


@router.get("/targets/matrix", response_model=Matrix)
def get_targets_matrix(params: Annotated[MatrixParams, Query()], ctx: Context) -> Response:
    """Matrix of procedures and pain generators, for a heat map. `body_region` filters the pain generators."""
    rows = list_matrix(
        ctx.transaction, families=params.family, roles=params.role, body_regions=params.body_region, limit=MAX_CELLS + 1
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
