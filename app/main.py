"""Application factory: `create_app` wires every part of the service."""

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Route

from app import __version__
from app.api.disabled_features import disabled_feature_router
from app.api.export_cache import EXPORT_ARTIFACT
from app.api.v1 import (
    code_lookup,
    compare,
    conditions,
    emergencies,
    exports,
    feeds,
    guide,
    health,
    index,
    infobutton,
    linked_data,
    pain_generators,
    procedure_claims,
    procedures,
    quality,
    releases,
    risks,
    search,
    sources,
)
from app.db.read_engine import create_read_engine
from app.http.background import run_in_background, update_gauges
from app.http.fast_path import FastPath
from app.http.gateway import HttpGateway
from app.http.instrumented_gateway import build_gateway
from app.http.preparation import ReleasePreparer
from app.http.problems import add_error_handlers
from app.http.release_watcher import ReleaseWatcher
from app.http.request_limits import MCP_PATHS
from app.http.search import INDEX_ARTIFACT
from app.http.services import Services
from app.monitoring.metrics import Metrics
from app.openapi.document import OPENAPI_ARTIFACT, add_openapi_routes
from app.settings import Settings, explain_how_to_enable, load_settings, share_metrics_directory
from app.web.rendering import render_not_found
from app.web.routes import router as web_router

_log = logging.getLogger("procedure_kb")
# In the order of their preparation.
RELEASE_ARTIFACTS = (INDEX_ARTIFACT, OPENAPI_ARTIFACT, EXPORT_ARTIFACT)
V1_MODULES = (
    # First: `{slug}` would take the suffix of their paths for a part of the slug.
    linked_data,
    exports,
    feeds,
    procedures,
    conditions,
    pain_generators,
    compare,
    procedure_claims,
    risks,
    sources,
    emergencies,
    guide,
    releases,
    search,
    code_lookup,
    infobutton,
    quality,
)


def _build_router() -> APIRouter:
    """Router of what every application serves."""
    router = APIRouter(generate_unique_id_function=lambda route: route.name)
    router.include_router(index.router)
    for module in V1_MODULES:
        router.include_router(module.router, prefix="/v1")
    for other in (health.router, web_router):
        router.include_router(other)
    return router


# Shared by the applications of a process: FastAPI prepares its routes at the first request, which takes longer than the request.
_ROUTER: Final = _build_router()


def create_app(settings: Settings | None = None) -> HttpGateway:
    """The whole service for one set of settings (default: the environment): the application behind its gateway."""
    settings = settings or load_settings()
    engine = create_read_engine(settings.database_url)
    # Before the metrics: the library that keeps them is imported by them.
    share_metrics_directory(settings.metrics_dir)
    metrics = Metrics(settings.metrics_dir)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with run_in_background(watcher, metrics, settings), mcp_lifespan:
            yield
        for read_engine in {engine, watch_engine}:
            read_engine.dispose()
        gateway.shutdown()

    app = FastAPI(
        title="procedure-kb",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    gateway = build_gateway(app, settings, metrics)
    # A server elsewhere may hang without a word; a file on this host cannot.
    gateway.database_can_hang = not engine.is_file
    services = app.state.services = Services(settings, engine, metrics, gateway, render_missing_page=render_not_found)
    # A connection of its own to a server: those of requests may all be busy.
    watch_engine = engine if engine.is_file else create_read_engine(settings.database_url, connections=1)
    preparer = ReleasePreparer(app, services, RELEASE_ARTIFACTS)
    gateway.report_damaged_file = preparer.check_soon
    watcher = ReleaseWatcher(watch_engine, gateway, preparer)
    metrics.update_gauges = lambda: update_gauges(metrics, gateway, watcher)
    add_error_handlers(app)

    app.router.routes += _ROUTER.routes
    fhir_paths = _add_fhir(app, settings)
    mcp_lifespan = _add_mcp(app, settings)
    add_openapi_routes(app)

    api_routes = _list_routes(index.router)
    api_routes += [(f"/v1{path}", route) for module in V1_MODULES for path, route in _list_routes(module.router)]
    paths = {path for path, _ in (*api_routes, *_list_routes(health.router), *_list_routes(web_router))}
    services.api_routes = tuple(api_routes)
    services.known_paths = tuple(sorted({*paths, *fhir_paths, "/openapi.json", "/openapi-3.0.json"}))
    # A file answers in microseconds; a server elsewhere must not hold up the other requests.
    gateway.fast_path = FastPath(app, api_routes, in_thread=not engine.is_file).handle
    return gateway


def _list_routes(router: APIRouter) -> list[tuple[str, APIRoute]]:
    return [(route.path, route) for route in router.routes if isinstance(route, APIRoute)]


def _add_fhir(app: FastAPI, settings: Settings) -> list[str]:
    """Serve /fhir where it is enabled, and say elsewhere how to enable it. Returns the paths that it serves."""
    reason = explain_how_to_enable("fhir")
    if "fhir" in settings.features and not settings.absolute_base:
        reason = "FHIR needs absolute links, and the public URL is not known; set KB_PUBLIC_URL."
        _log.warning(reason)
    if "fhir" not in settings.features or not settings.absolute_base:
        app.include_router(disabled_feature_router(reason, "/fhir", "/fhir/{rest:path}"))
        return []
    from app.api.fhir.capability import add_fhir_routes  # noqa: PLC0415 - imported only where it is served

    return add_fhir_routes(app)


def _add_mcp(app: FastAPI, settings: Settings) -> AbstractAsyncContextManager[None]:
    """Serve /mcp where it is enabled, and say elsewhere how to enable it. Returns what runs as long as the service."""
    if "mcp" not in settings.features:
        app.include_router(disabled_feature_router(explain_how_to_enable("mcp"), "/mcp"))
        return nullcontext()
    from app.api.mcp.server import McpApp  # noqa: PLC0415 - needs the extra `mcp`

    mcp = McpApp()
    app.router.routes += [Route(path, endpoint=mcp) for path in MCP_PATHS]
    return mcp.run()
