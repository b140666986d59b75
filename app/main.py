"""create_app: the one way to the service. No module-level app: `uvicorn --factory app.main:create_app`."""

from typing import TYPE_CHECKING

from app.gc_pause import collector_at_rest

if TYPE_CHECKING:
    from app.http.response_cache import Answers
    from app.settings import Settings


def create_app(settings: "Settings | None" = None) -> "Answers":
    """The whole service for one set of settings (default: the environment): the application inside its cache."""
    with collector_at_rest():
        # Here and not above: most of a start is importing, which makes much and throws little away.
        from app.wiring import wired  # noqa: PLC0415

        return wired(settings)
