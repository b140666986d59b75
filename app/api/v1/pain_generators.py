"""Pain generators: the list, one in full, and the look-up from the generator."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from app.api.deps import (
    MAX_VALUES,
    ByEdgeParams,
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
)
from app.api.v1.batch import BatchParams, batch_of
from app.domain import vocabulary
from app.domain.values import Among
from app.http.alternate_links import alternates_header
from app.http.context import Reading
from app.http.pagination import page_of
from app.http.slug_resolution import get_document, require_record
from app.openapi.responses import OF_A_RECORD, answers
from app.queries.list_filter import Filters
from app.schemas.building_blocks import Batch, ListPage
from app.schemas.records import PainGeneratorDetail, PainGeneratorSummary, ProcedureByEdge

router = APIRouter(prefix="/pain-generators", tags=["pain generators"], route_class=StrictRoute)


class PainGeneratorParams(Paged):
    """Filters of the list of pain generators."""

    kind: list[Annotated[str, Among(vocabulary.GENERATOR_KINDS)]] = many("Kind of structure.")
    body_region: list[RegionValue] = many("Region of the body.")
    condition: list[Text] = Field(
        default_factory=list, max_length=MAX_VALUES, description="Slug or name: generators that it arises from."
    )
    sort: Annotated[str, sorts("name", "-name", "updated", "-updated")] = Field(default="name", description="Order.")
    facet: list[Annotated[str, facets("kind", "body_region", "condition")]] = Field(
        default_factory=list, max_length=MAX_VALUES, description="Filters to count the values of."
    )

    def filters(self, read: Reading) -> Filters:
        conditions = list(resolved(read, "condition", "condition", self.condition))
        return Filters(chosen(kind=self.kind, body_region=self.body_region, condition=conditions))


@router.get("", response_model=ListPage[PainGeneratorSummary], responses=answers())
def list_pain_generators(params: Annotated[PainGeneratorParams, Query()], read: Reader) -> Response:
    """Pain generators, filtered, sorted and counted."""
    read.require(params.release)
    return page_of(
        read,
        "pain-generators",
        filters=params.filters(read),
        order=params.order(),
        limit=params.limit,
        cursor=params.cursor,
        facets=params.facets,
    )


@router.get("/batch", response_model=Batch[PainGeneratorDetail], responses=answers())
def get_pain_generators_batch(params: BatchParams, read: Reader) -> Response:
    """Several pain generators in full, in the order asked; what is not there is said."""
    return batch_of(read, "pain_generator", params)


@router.get("/{slug}", response_model=PainGeneratorDetail, responses=answers(*OF_A_RECORD))
def get_pain_generator(slug: PathSlug, params: Preconditioned, read: Reader) -> Response:
    """A pain generator in full: every block known, unknown or not applicable."""
    read.require(params.release)
    return read.json(
        get_document(read, "pain_generator", slug), headers=alternates_header(read, "pain-generators", slug)
    )


@router.get("/{slug}/procedures", response_model=ListPage[ProcedureByEdge], responses=answers(*OF_A_RECORD))
def list_procedures_of_pain_generator(slug: PathSlug, params: ByEdgeParams, read: Reader) -> Response:
    """Procedures that diagnose or treat this pain generator or a narrower one, each with the edge that says so."""
    read.require(params.release)
    require_record(read, "pain_generator", slug)
    return page_of(
        read,
        f"pain-generators/{slug}/procedures",
        filters=params.filters(read),
        order=params.order(),
        limit=params.limit,
        cursor=params.cursor,
        facets=params.facets,
    )
