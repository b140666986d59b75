"""Patient guide: list and pages."""

from fastapi import Response

from app.api.deps import Context, PathSlug, create_router
from app.api.parameters import PageQuery, ReleaseQuery
from app.api.v1.record_responses import get_record, list_page
from app.openapi.responses import RECORD_RESPONSES
from app.schemas.building_blocks import ListPage
from app.schemas.records import GuidePageDetail, GuideSummary

router = create_router("guide", prefix="/guide")


@router.get("", response_model=ListPage[GuideSummary])
def list_guide_pages(params: PageQuery, ctx: Context) -> Response:
    """Pages of the patient guide, in reading order."""
    return list_page(ctx, "guide", params)


@router.get("/{slug}", response_model=GuidePageDetail, responses=RECORD_RESPONSES)
def get_guide_page(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """A page of the patient guide, with the claims that support it."""
    return get_record(ctx, "guide_page", slug)
