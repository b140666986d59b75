"""Routes of an optional feature that is not enabled."""

from fastapi import APIRouter, Response

from app.errors import FeatureDisabled


def explain_how_to_enable(feature: str) -> str:
    """Sentence about a feature that the settings do not name."""
    return f"{feature.upper()} is not enabled; set KB_FEATURES={feature} (`KB_FEATURES={feature} make serve` installs and serves it)."


def disabled_feature_router(reason: str, *paths: str) -> APIRouter:
    """Router that raises FeatureDisabled at the paths of a feature; the reason says how to enable it."""
    router = APIRouter(include_in_schema=False)

    async def refuse() -> Response:
        raise FeatureDisabled(reason)

    for path in paths:
        router.add_api_route(path, refuse, methods=["GET", "POST", "DELETE"])
    return router
