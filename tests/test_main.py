"""Application factory."""

import asyncio
import gc
import time
import weakref
from pathlib import Path

import pytest
from conftest import Client

from app.main import create_app
from app.settings import FEATURES, Settings


@pytest.mark.parametrize("features", [(), tuple(FEATURES)])
def test_an_application_that_has_answered_is_collected(migrated_file: Path, features: tuple[str, ...]) -> None:
    settings = Settings(database_url=f"sqlite:///{migrated_file}", features=features, public_url="https://kb.test")

    def answer() -> weakref.ReferenceType[object]:
        with asyncio.Runner() as runner:
            client = Client(create_app(settings), runner)
            for path in ("/openapi.json", "/docs", "/v1/procedures", "/fhir/metadata", "/mcp"):
                client.get(path)
            client.close()
        return weakref.ref(client.app.app)

    reference = answer()
    # A collection that another thread has begun makes collect() return at once; the exporter of traces ends a moment later.
    deadline = time.monotonic() + 10
    while reference() is not None and time.monotonic() < deadline:
        gc.collect()
        time.sleep(0.1)
    # Compared outside the assertion: pytest keeps what an assertion has seen.
    is_collected = reference() is None
    assert is_collected
