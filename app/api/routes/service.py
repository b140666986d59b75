"""What the service says of itself: health, metrics, problems."""

import asyncio

from fastapi import APIRouter, Request, Response
from sqlalchemy.exc import SQLAlchemyError

from app.errors import NotFound, NotLoaded, Unavailable
from app.http.openapi import answers
from app.http.problems import problem_response
from app.queries.release import find_release
from app.schemas.service import Health

router = APIRouter(tags=["service"])


def _live(request: Request) -> None:
    # An answer that must not be kept: it speaks of this moment.
    request.state.kb_live = True


@router.get("/health/live", response_model=Health, responses={})
async def get_liveness(request: Request) -> Response:
    """The process runs and answers."""
    _live(request)
    return Response('{"status":"ok"}', media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/health/ready", response_model=Health, responses=answers())
async def get_readiness(request: Request) -> Response:
    """The database answers and holds a release: send traffic here."""
    _live(request)
    state = request.app.state

    def look() -> bool:
        with state.engine.snapshot() as snapshot:
            return find_release(snapshot) is not None

    try:
        loaded = await asyncio.wait_for(asyncio.to_thread(look), timeout=2)
    except (SQLAlchemyError, TimeoutError):
        return problem_response(request, Unavailable("The database did not answer.", retry_after=2))
    if not loaded:
        return problem_response(request, NotLoaded("The database holds no release yet.", retry_after=5))
    return Response('{"status":"ok"}', media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/metrics", response_class=Response, include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    """Prometheus text, for whoever holds the token where one is set."""
    _live(request)
    settings = request.app.state.settings
    if settings.metrics_port:
        raise NotFound("Metrics are served on their own port.")
    if settings.metrics_token and request.headers.get("authorization") != f"Bearer {settings.metrics_token}":
        raise NotFound("Nothing is served here.")
    return Response(request.app.state.metrics.text(), media_type="text/plain; version=0.0.4")
