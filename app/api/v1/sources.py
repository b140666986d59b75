"""Sources and claims: what the facts rest on."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from app.api.deps import (
    MAX_VALUES,
    DesignValue,
    Flag,
    Paged,
    PathSlug,
    Preconditioned,
    Reader,
    StrictRoute,
    chosen,
    facets,
    many,
    sorts,
    yes_no,
)
from app.domain import vocabulary
from app.domain.values import Among
from app.errors import NotFound
from app.http.context import Reading
from app.http.pagination import page_of
from app.http.slug_resolution import get_document
from app.openapi.responses import OF_A_RECORD, answers
from app.queries.documents import find_claim
from app.queries.list_filter import Filters
from app.schemas.building_blocks import ListPage
from app.schemas.claims import Claim
from app.schemas.records import SourceDetail, SourceSummary

router = APIRouter(tags=["sources and claims"], route_class=StrictRoute)
ClaimId = Annotated[str, Path(min_length=1, max_length=200, description="Permanent id of a claim.")]


class SourceParams(Paged):
    """Filters of the list of sources."""

    design: list[DesignValue] = many("Design of a source behind it.")
    commercial: Flag = Field(default=None, description="A practice's or a maker's own words.")
    status: list[Annotated[str, Among(vocabulary.SOURCE_STATUSES)]] = many("State of the source.")
    sort: Annotated[str, sorts("name", "-name", "year", "-year", "updated", "-updated")] = Field(
        default="name", description="Order; an unknown year stands last both ways."
    )
    facet: list[Annotated[str, facets("design", "commercial", "status")]] = Field(
        default_factory=list, max_length=MAX_VALUES, description="Filters to count the values of."
    )

    def filters(self, read: Reading) -> Filters:
        del read
        return Filters(chosen(design=self.design, commercial=yes_no(self.commercial), status=self.status))


@router.get("/sources", response_model=ListPage[SourceSummary], responses=answers())
def list_sources(params: Annotated[SourceParams, Query()], read: Reader) -> Response:
    """What the facts rest on."""
    read.require(params.release)
    return page_of(
        read,
        "sources",
        filters=params.filters(read),
        order=params.order(),
        limit=params.limit,
        cursor=params.cursor,
        facets=params.facets,
    )


@router.get("/sources/{slug}", response_model=SourceDetail, responses=answers(*OF_A_RECORD))
def get_source(slug: PathSlug, params: Preconditioned, read: Reader) -> Response:
    """A source and every claim that rests on it."""
    read.require(params.release)
    return read.json(get_document(read, "source", slug))


@router.get("/claims/{id}", response_model=Claim, responses=answers(404))
def get_claim(id: ClaimId, params: Preconditioned, read: Reader) -> Response:
    """One claim, to cite, embed or report."""
    read.require(params.release)
    _ = read.release
    document = find_claim(read.connection, id)
    if document is None:
        raise NotFound(f"No claim has the id {id[:200]!r}.")
    return read.json(bytes(document))
