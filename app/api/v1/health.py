"""Liveness, readiness and metrics."""

import asyncio
from typing import Final

import orjson
from fastapi import APIRouter, Request, Response

from app.db.errors import DatabaseError
from app.errors import NotFound, NotLoaded, NotReady, Unavailable
from app.http.context import request_context
from app.http.problems import problem_response
from app.http.search import INDEX_ARTIFACT, get_index
from app.http.services import get_services
from app.monitoring.metrics import MEDIA_TYPE
from app.monitoring.metrics_server import is_authorized
from app.openapi.responses import limit_responses
from app.schemas.service import Health

# A database that hangs must not hang the check.
_READY_SECONDS: Final = 2

router = APIRouter(tags=["service"])


def _health_response(failure: str = "") -> Response:
    body = {"status": "ok", "failure": failure or None}
    return Response(orjson.dumps(body), media_type="application/json", headers={"Cache-Control": "no-store"})


def _live(request: Request) -> None:
    # The response describes this moment, so it must not be cached.
    request.state.kb_uncacheable = True


@router.get("/health/live", response_model=Health, responses=limit_responses())
async def get_liveness(request: Request) -> Response:
    """The process is running."""
    _live(request)
    return _health_response()


@router.get("/health/ready", response_model=Health, responses=limit_responses())
async def get_readiness(request: Request) -> Response:
    """Ready for traffic: the database responds and has a release, and this process serves one with its search index.

    `failure` names what else could not be prepared.
    """
    _live(request)
    services = get_services(request)
    # Readiness takes no parameters, and does not wait: `release=` must not fail the check.
    scope = {**request.scope, "query_string": b"", "state": {}}

    def check() -> None:
        with request_context(Request(scope)) as ctx:
            try:
                get_index(ctx)
            except NotReady:
                # While the next release is prepared, the one before is served.
                if services.prepared.find(services.gateway.revision, INDEX_ARTIFACT.name) is None:
                    raise

    try:
        await asyncio.wait_for(asyncio.to_thread(check), timeout=_READY_SECONDS)
    except (NotLoaded, NotReady) as error:
        return problem_response(request, error)
    except (DatabaseError, TimeoutError):
        return problem_response(request, Unavailable("The database did not respond.", retry_after=2))
    except OSError as error:
        reason = f"The search index cannot be built on this host: {error.strerror}."
        return problem_response(request, Unavailable(reason, retry_after=10))
    return _health_response(services.preparation_failure)


@router.get("/metrics", response_class=Response, include_in_schema=False)
async def get_metrics(request: Request) -> Response:
    """Metrics in the Prometheus text format. If a token is configured, the request must carry it.

    Where other hosts reach this server, metrics are served only if a setting asks for them.
    """
    _live(request)
    services = get_services(request)
    settings = services.settings
    if settings.metrics_port:
        raise NotFound("Metrics are served on a separate port.")
    if not settings.metrics_token and not settings.listens_on_loopback:
        raise NotFound("Metrics are served beyond this host with KB_METRICS_PORT or KB_METRICS_TOKEN.")
    if not is_authorized(settings.metrics_token, request.headers.get("authorization", "")):
        raise NotFound("Not found.")
    return Response(await services.metrics.render(), media_type=MEDIA_TYPE)
