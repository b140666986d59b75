"""Routes of an optional feature that is not enabled."""

from fastapi import APIRouter, Response

from app.errors import FeatureDisabled


def disabled_feature_router(reason: str, *paths: str) -> APIRouter:
    """Router that raises FeatureDisabled at the paths of a feature; the reason says how to enable it."""
    router = APIRouter(include_in_schema=False)

    async def refuse() -> Response:
        raise FeatureDisabled(reason)

    for path in paths:
        router.add_api_route(path, refuse, methods=["GET", "POST", "DELETE"])
    return router
