"""create_app: the one place that wires. No module-level app: `uvicorn --factory app.main:create_app`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from sqlalchemy.exc import SQLAlchemyError

from app import __version__
from app.api.routes import (
    comparison,
    conditions,
    edges,
    guide,
    linked_data,
    pain_generators,
    procedures,
    quality,
    releases,
    risks,
    searching,
    service,
    sources,
)
from app.db.engines import read_engine
from app.http.answers import Answers
from app.http.describing import describe
from app.http.direct import Direct
from app.http.metrics import Metrics
from app.http.problems import add_problem_handlers
from app.http.reading import Memo
from app.http.redirects import add_redirect_handler
from app.http.watching import look, watch
from app.settings import Settings, load_settings
from app.web.routes import router as web_router


def create_app(settings: Settings | None = None) -> Answers:
    """The whole service for one set of settings: the application inside its cache."""
    settings = settings or load_settings()
    engine = read_engine(settings.database_url)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        with suppress(SQLAlchemyError):
            release = await asyncio.to_thread(look, engine)
            answers.see(release.revision if release else "")
        watching = asyncio.create_task(watch(engine, answers, settings.revision_poll_seconds))
        yield
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
        engine.dispose()

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
    answers = Answers(
        app,
        cache_bytes=settings.cache_bytes,
        max_concurrency=settings.max_concurrency,
        metrics=metrics,
        link_base=settings.link_base,
    )
    app.state.settings = settings
    app.state.engine = engine
    app.state.memo = Memo()
    app.state.metrics = metrics
    app.state.answers = answers
    metrics.gauges.append(lambda: _gauges(answers))
    add_problem_handlers(app)
    add_redirect_handler(app)
    api = APIRouter(prefix="/v1")
    modules = (
        # First: `{slug}` would take the ending of these for a part of the name.
        linked_data,
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
    describe(app)
    routes = [
        (f"/v1{route.path}", route)
        for module in modules
        for route in module.router.routes
        if isinstance(route, APIRoute)
    ]
    others = (route.path for route in (*service.router.routes, *web_router.routes) if isinstance(route, APIRoute))
    app.state.known_paths = sorted({*(path for path, _ in routes), *others, "/openapi.json"})
    # A file on this machine answers in microseconds; a server elsewhere must not hold up the other requests.
    answers.direct = Direct(app, routes, in_thread=not engine.is_file).answer
    return answers


def _gauges(answers: Answers) -> dict[str, tuple[str, float]]:
    entries, size = answers.held
    return {
        "kb_cache_entries": ("Answers held in memory.", entries),
        "kb_cache_bytes": ("Bytes of held answers, as counted for the bound.", size),
        "kb_database_reachable": ("The database answered the last poll.", 0.0 if answers.stale else 1.0),
        f'kb_release_info{{revision="{answers.revision}"}}': ("Revision that this process answers.", 1.0),
        "kb_requests_at_work": ("Requests being computed.", answers.at_work),
    }
