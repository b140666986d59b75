"""Routes of an optional feature that is not enabled."""

from fastapi import APIRouter, Response

from app.errors import FeatureDisabled


def disabled_feature_router(feature: str, *paths: str) -> APIRouter:
    """Router that raises FeatureDisabled at the paths of a feature and tells how to enable it."""
    router = APIRouter(include_in_schema=False)

    async def refuse() -> Response:
        raise FeatureDisabled(
            f"{feature.upper()} is not enabled; set KB_FEATURES={feature} (`KB_FEATURES={feature} make serve` installs and serves it)."
        )

    for path in paths:
        router.add_api_route(path, refuse, methods=["GET", "POST", "DELETE"])
    return router
