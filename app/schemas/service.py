"""Health check response."""

from typing import Literal

from app.schemas.building_blocks import ResponseModel


class Health(ResponseModel):
    """Health of the service."""

    status: Literal["ok"]
