"""ASGI factory for servers: `uvicorn --factory app.asgi:load_app`."""

import signal
import threading

from starlette.types import ASGIApp

from app.gc_pause import gc_paused


def load_app() -> ASGIApp:
    """Import and wire the service with the settings of the environment.

    Most of a start is importing, which allocates much and frees little: garbage collection is paused for it.
    """
    _finish_on_hangup()
    with gc_paused():
        from app.main import create_app  # noqa: PLC0415 - imported here, so that the pause covers the import

        return create_app()


def _finish_on_hangup() -> None:
    """Have SIGHUP (the terminal or the connection is gone) finish what is in flight, as SIGTERM does, in place of ending at once."""
    if hasattr(signal, "SIGHUP") and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
