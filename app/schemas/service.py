"""Health check response."""

from typing import Literal

from pydantic import Field

from app.schemas.building_blocks import ResponseModel


class Health(ResponseModel):
    """Health of the service."""

    status: Literal["ok"] = Field(description="Always `ok`; any other state is a 503.")
    failure: str | None = Field(
        description="Why files (search index, OpenAPI document, exports) could not be prepared, so that what needs"
        " them is a 503; it is tried again. Null: none failed."
    )
