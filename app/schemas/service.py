"""What the service says of itself."""

from typing import Literal

from app.schemas.building_blocks import Shown


class Health(Shown):
    """The service is well."""

    status: Literal["ok"]
