"""Edges and estimates across all procedures: targets, relief durations, response rates, findings."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.api.deps import (
    MAX_VALUES,
    DesignValue,
    FamilyValue,
    Flag,
    GradeValue,
    IntentValue,
    Listed,
    Paged,
    Precondition,
    Reader,
    RegionValue,
    RoleValue,
    StrictRoute,
    Text,
    chosen,
    facets,
    many,
    resolved,
    sorts,
    yes_no,
)
from app.domain import vocabulary
from app.domain.values import Among
from app.errors import FieldError, InvalidParameter
from app.http.context import Reading
from app.http.pagination import page_of
from app.openapi.responses import answers
from app.queries.list_filter import Filters
from app.queries.matrix import list_matrix
from app.schemas.building_blocks import ListPage
from app.schemas.claims import FindingClaim, ReliefDurationClaim, ResponseRateClaim
from app.schemas.records import Matrix, TargetEdge

router = APIRouter(tags=["edges and estimates"], route_class=StrictRoute)
# A heat map with more cells is no picture any more: narrow it by family, region or role.
MAX_CELLS = 20_000


class TargetFilters(Listed):
    """Filters of the list of targets."""

    procedure: list[Text] = Field(
        default_factory=list, max_length=MAX_VALUES, description="Slug or name: this procedure and its narrower ones."
    )
    pain_generator: list[Text] = Field(
        default_factory=list, max_length=MAX_VALUES, description="Slug or name: this generator and its narrower ones."
    )
    role: list[RoleValue] = many("What the procedure does there: diagnoses, treats (or, of a risk, carries).")
    family: list[FamilyValue] = many("Family of the procedure.")
    body_region: list[RegionValue] = many("Region of the body.")
    grade: list[GradeValue] = many("Grade of the evidence behind it.")
    sort: Annotated[str, sorts("name", "-name")] = Field(
        default="name", description="Order: by procedure, then by pain generator."
    )

    def filters(self, read: Reading) -> Filters:
        return Filters(
            chosen(
                procedure=list(resolved(read, "procedure", "procedure", self.procedure)),
                pain_generator=list(resolved(read, "pain_generator", "pain_generator", self.pain_generator)),
                role=self.role,
                family=self.family,
                body_region=self.body_region,
                grade=self.grade,
            )
        )


class TargetParams(TargetFilters, Paged):
    """What the list takes."""

    facet: list[Annotated[str, facets("procedure", "pain_generator", "role", "family", "body_region", "grade")]] = (
        Field(default_factory=list, max_length=MAX_VALUES, description="Filters to count the values of.")
    )


class Estimates(Listed):
    """Filters that every list of estimates has."""

    procedure: list[Text] = Field(
        default_factory=list, max_length=MAX_VALUES, description="Slug or name: this procedure and its narrower ones."
    )
    condition: list[Text] = Field(
        default_factory=list, max_length=MAX_VALUES, description="Slug or name: procedures indicated for it."
    )
    family: list[FamilyValue] = many("Family of the procedure.")
    body_region: list[RegionValue] = many("Region of the body.")
    design: list[DesignValue] = many("Design of a source behind it.")
    grade: list[GradeValue] = many("Grade of the evidence behind it.")
    commercial: Flag = Field(default=None, description="Only commercial sources stand behind it.")

    def _chosen(self, read: Reading) -> dict[str, tuple[str, ...]]:
        return chosen(
            procedure=list(resolved(read, "procedure", "procedure", self.procedure)),
            condition=list(resolved(read, "condition", "condition", self.condition)),
            family=self.family,
            body_region=self.body_region,
            design=self.design,
            grade=self.grade,
            commercial=yes_no(self.commercial),
        )


class ReliefDurationFilters(Estimates):
    """Filters of the list of relief durations."""

    intent: list[IntentValue] = many("What it is done for.")
    measure: list[Annotated[str, Among(vocabulary.MEASURES)]] = many("What was measured.")
    statistic: list[Annotated[str, Among(vocabulary.STATISTICS)]] = many("What the figure is.")
    typical: Flag = Field(default=None, description="The one shown first for its procedure and intent.")
    sort: Annotated[str, sorts("name", "-name", "relief", "-relief", "year", "-year")] = Field(
        default="name", description="Order; unknown values stand last both ways."
    )

    def filters(self, read: Reading) -> Filters:
        mine = chosen(intent=self.intent, measure=self.measure, statistic=self.statistic, typical=yes_no(self.typical))
        return Filters(self._chosen(read) | mine)


class ReliefDurationParams(ReliefDurationFilters, Paged):
    """What the list takes."""

    facet: list[
        Annotated[
            str,
            facets(
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
    ] = Field(default_factory=list, max_length=MAX_VALUES, description="Filters to count the values of.")


class ResponseRateFilters(Estimates):
    """Filters of the list of response rates."""

    sort: Annotated[str, sorts("name", "-name", "percent", "-percent", "at", "-at", "year", "-year")] = Field(
        default="name", description="Order; unknown values stand last both ways."
    )

    def filters(self, read: Reading) -> Filters:
        return Filters(self._chosen(read))


class ResponseRateParams(ResponseRateFilters, Paged):
    """What the list takes."""

    facet: list[Annotated[str, facets("procedure", "family", "body_region", "design", "grade", "commercial")]] = Field(
        default_factory=list, max_length=MAX_VALUES, description="Filters to count the values of."
    )


class FindingFilters(Estimates):
    """Filters of the list of findings."""

    direction: list[Annotated[str, Among(vocabulary.DIRECTIONS)]] = many("Which way the finding points.")
    sham: Flag = Field(default=None, description="The comparator was a sham; not stated never passes.")
    sort: Annotated[str, sorts("name", "-name", "at", "-at", "year", "-year")] = Field(
        default="name", description="Order; unknown values stand last both ways."
    )

    def filters(self, read: Reading) -> Filters:
        return Filters(self._chosen(read) | chosen(direction=self.direction, sham=yes_no(self.sham)))


class FindingParams(FindingFilters, Paged):
    """What the list takes."""

    facet: list[
        Annotated[
            str, facets("procedure", "family", "body_region", "design", "grade", "commercial", "direction", "sham")
        ]
    ] = Field(default_factory=list, max_length=MAX_VALUES, description="Filters to count the values of.")


class MatrixParams(Precondition):
    """Filters of the matrix."""

    role: list[RoleValue] = many("What the procedure does there: diagnoses, treats (or, of a risk, carries).")
    family: list[FamilyValue] = many("Family of the procedure.")
    body_region: list[RegionValue] = many("Region of the body.")


def _page(read: Reading, path: str, params: Paged) -> Response:
    read.require(params.release)
    return page_of(
        read,
        path,
        filters=params.filters(read),
        order=params.order(),
        limit=params.limit,
        cursor=params.cursor,
        facets=params.facets,
        table=True,
    )


@router.get("/targets", response_model=ListPage[TargetEdge], responses=answers())
def list_targets(params: Annotated[TargetParams, Query()], read: Reader) -> Response:
    """Every edge: this procedure diagnoses or treats this pain generator."""
    return _page(read, "targets", params)


@router.get("/targets/matrix", response_model=Matrix, responses=answers())
def get_targets_matrix(params: Annotated[MatrixParams, Query()], read: Reader) -> Response:
    """Procedures by pain generators, for a heat map. Body regions are those of the generators."""
    read.require(params.release)
    _ = read.release
    rows = list_matrix(
        read.connection, families=params.family, roles=params.role, body_regions=params.body_region, limit=MAX_CELLS + 1
    )
    if len(rows) > MAX_CELLS:
        message = f"more than {MAX_CELLS} cells: narrow the matrix by family, role or body region"
        raise InvalidParameter(message, errors=(FieldError("family", None, message),))
    procedures = {row.procedure: row.procedure_name for row in rows}
    generators = {row.pain_generator: (row.generator_sort_name, row.generator_name) for row in rows}
    columns = sorted(generators, key=lambda slug: (generators[slug][0], slug))
    return read.dump(
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


@router.get("/relief-durations", response_model=ListPage[ReliefDurationClaim], responses=answers())
def list_relief_durations(params: Annotated[ReliefDurationParams, Query()], read: Reader) -> Response:
    """Every estimate of how long relief lasts."""
    return _page(read, "relief-durations", params)


@router.get("/response-rates", response_model=ListPage[ResponseRateClaim], responses=answers())
def list_response_rates(params: Annotated[ResponseRateParams, Query()], read: Reader) -> Response:
    """Every share of people who respond."""
    return _page(read, "response-rates", params)


@router.get("/findings", response_model=ListPage[FindingClaim], responses=answers())
def list_findings(params: Annotated[FindingParams, Query()], read: Reader) -> Response:
    """Every finding: outcome, effect, comparator, direction."""
    return _page(read, "findings", params)
