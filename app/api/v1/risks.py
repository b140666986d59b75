"""The catalogue of risks."""

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
    StrictRoute,
    Text,
    chosen,
    facets,
    many,
    resolved,
    sorts,
)
from app.domain import vocabulary
from app.domain.values import Among
from app.http.context import Reading
from app.http.pagination import page_of
from app.http.slug_resolution import get_document, require_record
from app.openapi.responses import OF_A_RECORD, answers
from app.queries.list_filter import Filters
from app.schemas.building_blocks import ListPage
from app.schemas.records import ProcedureByEdge, RiskDetail, RiskSummary

router = APIRouter(prefix="/risks", tags=["risks"], route_class=StrictRoute)


class RiskParams(Paged):
    """Filters of the catalogue of risks."""

    category: list[Annotated[str, Among(vocabulary.RISK_CATEGORIES)]] = many("Category of the risk.")
    procedure: list[Text] = Field(
        default_factory=list, max_length=MAX_VALUES, description="Slug or name: risks reported for it."
    )
    sort: Annotated[str, sorts("name", "-name", "updated", "-updated")] = Field(default="name", description="Order.")
    facet: list[Annotated[str, facets("category", "procedure")]] = Field(
        default_factory=list, max_length=MAX_VALUES, description="Filters to count the values of."
    )

    def filters(self, read: Reading) -> Filters:
        procedures = list(resolved(read, "procedure", "procedure", self.procedure))
        return Filters(chosen(category=self.category, procedure=procedures))


@router.get("", response_model=ListPage[RiskSummary], responses=answers())
def list_risks(params: Annotated[RiskParams, Query()], read: Reader) -> Response:
    """The catalogue of risks."""
    read.require(params.release)
    return page_of(
        read,
        "risks",
        filters=params.filters(read),
        order=params.order(),
        limit=params.limit,
        cursor=params.cursor,
        facets=params.facets,
    )


@router.get("/{slug}", response_model=RiskDetail, responses=answers(*OF_A_RECORD))
def get_risk(slug: PathSlug, params: Preconditioned, read: Reader) -> Response:
    """A risk with every figure that the sources give for it."""
    read.require(params.release)
    return read.json(get_document(read, "risk", slug))


@router.get("/{slug}/procedures", response_model=ListPage[ProcedureByEdge], responses=answers(*OF_A_RECORD))
def list_procedures_of_risk(slug: PathSlug, params: ByEdgeParams, read: Reader) -> Response:
    """Procedures for which this risk is reported."""
    read.require(params.release)
    require_record(read, "risk", slug)
    return page_of(
        read,
        f"risks/{slug}/procedures",
        filters=params.filters(read),
        order=params.order(),
        limit=params.limit,
        cursor=params.cursor,
        facets=params.facets,
    )
