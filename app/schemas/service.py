"""Health check response."""

from typing import Literal

from pydantic import Field

from app.schemas.building_blocks import ResponseModel


class Health(ResponseModel):
    """Health of the service."""

    status: Literal["ok", "degraded"] = Field(
        description="`degraded`: some files of the release could not be prepared, and what needs them is a 503. Any other"
        " state is a 503."
    )
    failure: str | None = Field(
        description="Why files (search index, OpenAPI document, exports) could not be prepared, which is tried again; null"
        " if none failed."
    )
