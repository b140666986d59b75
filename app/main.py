"""Application factory: `create_app` wires every part of the service."""

import asyncio
import datetime as dt
import time
from collections.abc import AsyncIterator, Collection, Coroutine, Iterator
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route

from app import __version__
from app.api.disabled_features import disabled_feature_router
from app.api.v1 import compare as comparison
from app.api.v1 import (
    conditions,
    exports,
    feeds,
    guide,
    linked_data,
    pain_generators,
    procedures,
    quality,
    releases,
    risks,
    sources,
)
from app.api.v1 import health as service
from app.api.v1 import procedure_claims as edges
from app.api.v1 import search as searching
from app.db.read_engine import create_read_engine
from app.errors import ConfigurationError
from app.http.access_log import InstrumentedResponseCache, Tracer
from app.http.context import ReleaseCache
from app.http.fast_path import FastPath
from app.http.problems import add_problem_handlers
from app.http.redirects import add_redirect_handler
from app.http.release_watcher import ReleaseWatcher, watch_releases
from app.http.response_cache import ResponseCache
from app.monitoring.metrics import Gauge, Metrics
from app.monitoring.metrics_server import serve_metrics
from app.openapi.document import add_openapi_routes
from app.settings import Settings, load_settings
from app.web.rendering import answer_missing
from app.web.routes import router as web_router

if TYPE_CHECKING:
    from app.api.mcp.server import McpApp


def create_app(settings: Settings | None = None) -> ResponseCache:
    """The whole service for one set of settings (default: the environment): the application inside its response cache."""
    settings = settings or load_settings()
    engine = create_read_engine(settings.database_url)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await watcher.poll(5)
        tasks = [asyncio.create_task(one) for one in _background_tasks(settings, watcher, metrics)]
        async with conversation.run() if conversation else nullcontext():
            yield
        await _cancel_all(tasks)
        engine.dispose()
        if isinstance(answers, InstrumentedResponseCache) and answers.tracer:
            answers.tracer.shutdown()

    app = FastAPI(
        title="procedure-kb",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    metrics = Metrics()
    metrics.directory = settings.workers_dir
    observed = settings.access_log or settings.otlp_endpoint
    answers = (InstrumentedResponseCache if observed else ResponseCache)(
        app,
        cache_bytes=settings.cache_bytes,
        max_concurrency=settings.max_concurrency,
        metrics=metrics,
        link_base=settings.link_base,
    )
    if isinstance(answers, InstrumentedResponseCache):
        answers.access_log = settings.access_log
        answers.tracer = _build_tracer(settings.otlp_endpoint)
    answers.database_can_hang = not engine.is_file
    watcher = ReleaseWatcher(engine, answers)
    app.state.settings = settings
    app.state.engine = engine
    app.state.memo = ReleaseCache()
    app.state.metrics = metrics
    app.state.answers = answers
    app.state.missing_page = answer_missing
    metrics.gauges.append(lambda: _collect_gauges(answers, watcher))
    add_problem_handlers(app)
    add_redirect_handler(app)
    api = APIRouter(prefix="/v1")
    modules = (
        # First: `{slug}` would take the ending of these for a part of the name.
        linked_data,
        exports,
        feeds,
        procedures,
        conditions,
        pain_generators,
        comparison,
        edges,
        risks,
        sources,
        guide,
        releases,
        searching,
        quality,
    )
    for module in modules:
        api.include_router(module.router)
    app.include_router(api)
    app.include_router(service.router)
    app.include_router(web_router)
    in_fhir = _add_fhir(app, settings.extras)
    conversation = _add_mcp(app, settings.extras)
    add_openapi_routes(app)
    routes = [
        (f"/v1{route.path}", route)
        for module in modules
        for route in module.router.routes
        if isinstance(route, APIRoute)
    ]
    others = (route.path for route in (*service.router.routes, *web_router.routes) if isinstance(route, APIRoute))
    known = {*(path for path, _ in routes), *others, *in_fhir, "/openapi.json", "/openapi-3.0.json"}
    app.state.known_paths = sorted(known)
    # A file on this machine answers in microseconds; a server elsewhere must not hold up the other requests.
    answers.fast_path = FastPath(app, routes, in_thread=not engine.is_file).handle
    return answers


def _background_tasks(settings: Settings, watcher: ReleaseWatcher, metrics: Metrics) -> Iterator[Coroutine[Any, Any, None]]:
    """What a process does beside answering."""
    yield watch_releases(watcher, settings.revision_poll_seconds)
    if settings.workers_dir:
        yield _publish_metrics(metrics)
    if settings.metrics_port:
        yield serve_metrics(metrics, settings.host, settings.metrics_port, settings.metrics_token)


async def _cancel_all(tasks: Collection[asyncio.Task[None]]) -> None:
    """Cancel until they are done: before Python 3.12, wait_for swallows a cancellation that meets its result."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=0.5)


async def _publish_metrics(metrics: Metrics) -> None:
    while True:
        metrics.publish()
        await asyncio.sleep(1)


def _build_tracer(endpoint: str) -> Tracer | None:
    if not endpoint:
        return None
    try:
        from app.monitoring.traces import TraceExporter  # noqa: PLC0415 - only the extra `otel` has what it imports
    except ImportError:
        raise ConfigurationError(
            "OTEL_EXPORTER_OTLP_ENDPOINT is set and the extra otel is not installed: "
            "add KB_EXTRAS=otel, or install requirements/otel.txt."
        ) from None
    return TraceExporter(endpoint)


def _add_fhir(app: FastAPI, extras: tuple[str, ...]) -> list[str]:
    """Serve /fhir where it is set, and say elsewhere how to get it. The paths that it answers."""
    if "fhir" not in extras:
        app.include_router(disabled_feature_router("fhir", "/fhir", "/fhir/{rest:path}"))
        return []
    from app.api.fhir.capability import add_fhir_routes  # noqa: PLC0415 - not every start pays for what few serve

    return add_fhir_routes(app)


def _add_mcp(app: FastAPI, extras: tuple[str, ...]) -> "McpApp | None":
    """Serve /mcp where it is set, and say elsewhere how to get it."""
    if "mcp" not in extras:
        app.include_router(disabled_feature_router("mcp", "/mcp"))
        return None
    from app.api.mcp.server import McpApp as Served  # noqa: PLC0415 - only the extra `mcp` has what it imports

    conversation = Served()
    app.router.routes.append(Route("/mcp", endpoint=conversation))
    return conversation


def _collect_gauges(answers: ResponseCache, watcher: ReleaseWatcher) -> dict[str, Gauge]:
    entries, size = answers.cache_size
    release = watcher.release
    shown = {
        "kb_cache_entries": Gauge("Answers held in memory.", entries),
        "kb_cache_bytes": Gauge("Bytes of held answers, as counted for the bound.", size),
        "kb_database_reachable": Gauge(
            "The database answered the last poll of every worker.", 0.0 if answers.stale else 1.0, "min"
        ),
        "kb_requests_at_work": Gauge("Requests being computed.", answers.in_flight),
        f'kb_release_info{{version="{release.version if release else ""}",revision="{answers.revision}"}}': Gauge(
            "Workers that answer this release.", 1.0
        ),
    }
    if release:
        published = dt.datetime.fromisoformat(release.date).replace(tzinfo=dt.UTC).timestamp()
        shown["kb_release_age_seconds"] = Gauge("Since the date of the release.", time.time() - published, "max")
        shown["kb_release_seen_timestamp_seconds"] = Gauge("When the release was first met here.", watcher.since, "max")
    return shown
