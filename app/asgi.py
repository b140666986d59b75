"""ASGI factory for servers: `uvicorn --factory app.asgi:load_app`."""

from starlette.types import ASGIApp

from app.gc_pause import gc_paused


def load_app() -> ASGIApp:
    """Import and wire the service with the settings of the environment.

    Most of a start is importing, which allocates much and frees little: garbage collection is paused for it.
    """
    with gc_paused():
        from app.main import create_app  # noqa: PLC0415 - imported here, so that the pause covers the import

        return create_app()
