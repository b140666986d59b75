"""Conditions: the list, one in full, what treats it, and the way through care."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.api.deps import (
    MAX_VALUES,
    ByEdgeParams,
    Flag,
    Paged,
    PathSlug,
    Preconditioned,
    Reader,
    RegionValue,
    StrictRoute,
    Text,
    chosen,
    facets,
    many,
    resolved,
    sorts,
    yes_no,
)
from app.api.v1.batch import BatchParams, batch_of
from app.http.alternate_links import alternates_header
from app.http.context import Reading
from app.http.pagination import page_of
from app.http.slug_resolution import get_document, require_record
from app.openapi.responses import OF_A_RECORD, answers
from app.queries.list_filter import Filters
from app.schemas.building_blocks import Batch, ListPage
from app.schemas.records import ConditionDetail, ConditionOptions, ConditionSummary, ProcedureByEdge

router = APIRouter(prefix="/conditions", tags=["conditions"], route_class=StrictRoute)


class ConditionParams(Paged):
    """Filters of the list of conditions."""

    body_region: list[RegionValue] = many("Region of the body.")
    pain_generator: list[Text] = Field(
        default_factory=list, max_length=MAX_VALUES, description="Slug or name: conditions that arise from it."
    )
    stub: Flag = Field(default=None, description="Named by the evidence and not described.")
    sort: Annotated[str, sorts("name", "-name", "updated", "-updated")] = Field(default="name", description="Order.")
    facet: list[Annotated[str, facets("body_region", "pain_generator", "stub")]] = Field(
        default_factory=list, max_length=MAX_VALUES, description="Filters to count the values of."
    )

    def filters(self, read: Reading) -> Filters:
        generators = list(resolved(read, "pain_generator", "pain_generator", self.pain_generator))
        return Filters(chosen(body_region=self.body_region, pain_generator=generators, stub=yes_no(self.stub)))


@router.get("", response_model=ListPage[ConditionSummary], responses=answers())
def list_conditions(params: Annotated[ConditionParams, Query()], read: Reader) -> Response:
    """Conditions, filtered, sorted and counted."""
    read.require(params.release)
    return page_of(
        read,
        "conditions",
        filters=params.filters(read),
        order=params.order(),
        limit=params.limit,
        cursor=params.cursor,
        facets=params.facets,
    )


@router.get("/batch", response_model=Batch[ConditionDetail], responses=answers())
def get_conditions_batch(params: BatchParams, read: Reader) -> Response:
    """Several conditions in full, in the order asked; what is not there is said."""
    return batch_of(read, "condition", params)


@router.get("/{slug}", response_model=ConditionDetail, responses=answers(*OF_A_RECORD))
def get_condition(slug: PathSlug, params: Preconditioned, read: Reader) -> Response:
    """A condition in full: every block known, unknown or not applicable."""
    read.require(params.release)
    return read.json(get_document(read, "condition", slug), headers=alternates_header(read, "conditions", slug))


@router.get("/{slug}/procedures", response_model=ListPage[ProcedureByEdge], responses=answers(*OF_A_RECORD))
def list_procedures_of_condition(slug: PathSlug, params: ByEdgeParams, read: Reader) -> Response:
    """Procedures that are used for this condition or a narrower one, each with the edge that says so."""
    read.require(params.release)
    require_record(read, "condition", slug)
    return page_of(
        read,
        f"conditions/{slug}/procedures",
        filters=params.filters(read),
        order=params.order(),
        limit=params.limit,
        cursor=params.cursor,
        facets=params.facets,
    )


@router.get("/{slug}/options", response_model=ConditionOptions, responses=answers(*OF_A_RECORD))
def get_condition_options(slug: PathSlug, params: Preconditioned, read: Reader) -> Response:
    """The way through care: what is urgent, care without a procedure, then for each pain generator what confirms and treats it."""
    read.require(params.release)
    return read.json(get_document(read, "condition", slug, document="options"))
