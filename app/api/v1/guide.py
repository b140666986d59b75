"""Patient guide: list and pages."""

from fastapi import APIRouter, Response

from app.api.deps import Context, PageQuery, PathSlug, ReleaseQuery, StrictRoute, list_page
from app.http.slug_resolution import get_document
from app.openapi.responses import RECORD_STATUSES, error_responses
from app.schemas.building_blocks import ListPage
from app.schemas.records import GuidePageDetail, GuideSummary

router = APIRouter(prefix="/guide", tags=["guide"], route_class=StrictRoute)


@router.get("", response_model=ListPage[GuideSummary], responses=error_responses())
def list_guide_pages(params: PageQuery, ctx: Context) -> Response:
    """Pages of the patient guide, in reading order."""
    return list_page(ctx, "guide", params)


@router.get("/{slug}", response_model=GuidePageDetail, responses=error_responses(*RECORD_STATUSES))
def get_guide_page(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """A page of the patient guide, with the claims that support it."""
    return ctx.bytes_response(get_document(ctx, "guide_page", slug))
