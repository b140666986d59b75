"""What stands at the addresses of an optional part that is not served."""

from fastapi import APIRouter, Response

from app.errors import NotAcceptable


def not_installed(extra: str, *paths: str) -> APIRouter:
    """What an installation without an extra answers at its addresses: how to get it."""
    missing = APIRouter(include_in_schema=False)

    async def answer() -> Response:
        raise NotAcceptable(
            f"This installation serves no {extra}. Start it with KB_EXTRAS={extra}: `KB_EXTRAS={extra} make serve` installs and serves it."
        )

    for path in paths:
        missing.add_api_route(path, answer, methods=["GET", "POST", "DELETE"])
    return missing
