"""Emergencies: list and detail."""

from typing import Annotated

from fastapi import Query, Response

from app.api.deps import Context, PathSlug, create_router
from app.api.parameters import EmergencyParams, ReleaseQuery
from app.api.v1.record_responses import get_record, list_page
from app.openapi.responses import RECORD_RESPONSES
from app.schemas.building_blocks import ListPage
from app.schemas.records import EmergencyDetail, EmergencySummary

router = create_router("emergencies", prefix="/emergencies")


@router.get("", response_model=ListPage[EmergencySummary])
def list_emergencies(params: Annotated[EmergencyParams, Query()], ctx: Context) -> Response:
    """Emergencies that a reader may meet, with how soon to get help."""
    return list_page(ctx, "emergencies", params)


@router.get("/{slug}", response_model=EmergencyDetail, responses=RECORD_RESPONSES)
def get_emergency(slug: PathSlug, _: ReleaseQuery, ctx: Context) -> Response:
    """An emergency in full: each sign with how soon to get help, and the claims behind it."""
    return get_record(ctx, "emergency", slug)
