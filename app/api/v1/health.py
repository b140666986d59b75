"""What the service says of itself: health, metrics, problems."""

import asyncio
from typing import Final

from fastapi import APIRouter, Request, Response

from app.db.errors import DatabaseError
from app.errors import NotFound, NotLoaded, Unavailable
from app.http.context import request_context
from app.http.problems import problem_response
from app.http.search import get_index
from app.monitoring.metrics_server import is_authorized
from app.openapi.responses import limit_responses
from app.schemas.service import Health

# Of a large release the index takes minutes to build: it goes on being built after a check gave up waiting.
_READY_SECONDS: Final = 2

router = APIRouter(tags=["service"])


def _live(request: Request) -> None:
    # An answer that must not be kept: it speaks of this moment.
    request.state.kb_live = True


@router.get("/health/live", response_model=Health, responses=limit_responses())
async def get_liveness(request: Request) -> Response:
    """The process runs and answers."""
    _live(request)
    return Response('{"status":"ok"}', media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/health/ready", response_model=Health, responses=limit_responses())
async def get_readiness(request: Request) -> Response:
    """The database answers, holds a release, and its search index stands on this box: send traffic here."""
    _live(request)

    def look() -> None:
        with request_context(request) as read:
            get_index(ctx)

    try:
        await asyncio.wait_for(asyncio.to_thread(look), timeout=_READY_SECONDS)
    except NotLoaded as error:
        return problem_response(request, error)
    except (DatabaseError, TimeoutError):
        return problem_response(request, Unavailable("The database did not answer.", retry_after=2))
    except OSError as error:
        reason = f"The search index cannot be built here: {error.strerror}."
        return problem_response(request, Unavailable(reason, retry_after=10))
    return Response('{"status":"ok"}', media_type="application/json", headers={"Cache-Control": "no-store"})


@router.get("/metrics", response_class=Response, include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    """Prometheus text, for whoever holds the token where one is set."""
    _live(request)
    settings = request.app.state.settings
    if settings.metrics_port:
        raise NotFound("Metrics are served on their own port.")
    if not is_authorized(settings.metrics_token, request.headers.get("authorization", "")):
        raise NotFound("Nothing is served here.")
    return Response(request.app.state.metrics.text(), media_type="text/plain; version=0.0.4")
