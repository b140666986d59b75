"""Health check response."""

from typing import Literal

from pydantic import Field

from app.schemas.building_blocks import ResponseModel


class Health(ResponseModel):
    """Health of the service."""

    status: Literal["ok"] = Field(description="Always `ok`; any other state is a 503.")
