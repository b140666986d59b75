"""The patient guide."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.api.deps import Paged, PathSlug, Preconditioned, Reader, StrictRoute
from app.http.pagination import page_of
from app.http.slug_resolution import get_document
from app.openapi.responses import OF_A_RECORD, answers
from app.queries.list_filter import Filters, Order
from app.schemas.building_blocks import ListPage
from app.schemas.records import GuidePageDetail, GuideSummary

router = APIRouter(prefix="/guide", tags=["guide"], route_class=StrictRoute)


@router.get("", response_model=ListPage[GuideSummary], responses=answers())
def list_guide_pages(params: Annotated[Paged, Query()], read: Reader) -> Response:
    """Pages of the patient guide, in reading order."""
    read.require(params.release)
    return page_of(read, "guide", filters=Filters(), order=Order(), limit=params.limit, cursor=params.cursor)


@router.get("/{slug}", response_model=GuidePageDetail, responses=answers(*OF_A_RECORD))
def get_guide_page(slug: PathSlug, params: Preconditioned, read: Reader) -> Response:
    """A page of the patient guide, with the claims it rests on."""
    read.require(params.release)
    return read.json(get_document(read, "guide_page", slug))
