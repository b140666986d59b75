"""Slots of the database: requests wait for one, hold it until their work ends, and a busy process is no database that is away."""

import asyncio
import time
from typing import Any

import httpx
import pytest
from build import procedure
from conftest import Client, Load
from fastapi import Request
from starlette.types import Receive, Scope, Send

from app.db.errors import DatabaseBusy
from app.db.read_engine import MAX_READERS, create_read_engine
from app.http import gateway as gateway_module
from app.http.context import request_context
from app.http.gateway import HttpGateway
from app.monitoring.metrics import Metrics


class SlowApplication:
    """Application that counts the requests on which it works at the same time."""

    def __init__(self, seconds: float) -> None:
        self.seconds, self.working, self.most = seconds, 0, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive
        if scope["path"].startswith("/v1"):
            self.working += 1
            self.most = max(self.most, self.working)
            await asyncio.sleep(self.seconds)
            self.working -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"{}"})


def build_gateway(application: SlowApplication) -> tuple[HttpGateway, httpx.AsyncClient]:
    gateway = HttpGateway(application, cache_bytes=0, max_concurrency=256, metrics=Metrics(None), link_base="")
    gateway.database_can_hang = True
    return gateway, httpx.AsyncClient(transport=httpx.ASGITransport(gateway), base_url="http://kb.test")


def test_requests_wait_for_a_slot_and_all_are_answered(runner: asyncio.Runner) -> None:
    application = SlowApplication(0.02)
    _, http = build_gateway(application)

    async def get_all() -> list[httpx.Response]:
        return await asyncio.gather(*(http.get(f"/v1/{number}") for number in range(40)))

    assert {response.status_code for response in runner.run(get_all())} == {200}
    assert application.most == MAX_READERS


def test_too_long_a_wait_is_overloaded_and_not_stale(runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_module, "SLOT_WAIT", 0.1)
    application = SlowApplication(1.0)
    _, http = build_gateway(application)

    async def get_all() -> tuple[list[httpx.Response], httpx.Response, float]:
        requests = [asyncio.create_task(http.get(f"/v1/{number}")) for number in range(MAX_READERS + 3)]
        await asyncio.sleep(0.05)
        began = time.monotonic()
        live = await http.get("/health/live")
        return await asyncio.gather(*requests), live, time.monotonic() - began

    responses, live, seconds = runner.run(get_all())

    refused = [response for response in responses if response.status_code == 503]
    assert len(refused) == 3
    for response in refused:
        assert response.json()["code"] == "overloaded"
        assert int(response.headers["retry-after"]) > 0
        assert "kb-stale" not in response.headers
    assert (live.status_code, live.json()) == (200, {})
    assert seconds < 5


def test_a_slot_is_held_until_its_work_ends(runner: asyncio.Runner) -> None:
    application = SlowApplication(1.0)
    gateway, http = build_gateway(application)

    async def lose_and_find_the_database() -> tuple[list[httpx.Response], list[httpx.Response]]:
        requests = [asyncio.create_task(http.get(f"/v1/{number}")) for number in range(MAX_READERS)]
        await asyncio.sleep(0.05)
        gateway.mark_database_unreachable()
        given_up = await asyncio.gather(*requests)
        gateway.mark_database_reachable()
        return given_up, await asyncio.gather(*(http.get(f"/v1/{number}") for number in range(3)))

    given_up, answered = runner.run(lose_and_find_the_database())

    assert [response.json()["code"] for response in given_up] == ["unavailable"] * MAX_READERS
    assert [response.status_code for response in answered] == [200] * 3
    assert application.most == MAX_READERS


def test_who_waits_for_a_slot_is_told_at_once_when_the_database_goes(runner: asyncio.Runner) -> None:
    application = SlowApplication(2.0)
    gateway, http = build_gateway(application)

    async def lose_the_database() -> tuple[list[httpx.Response], float]:
        requests = [asyncio.create_task(http.get(f"/v1/{number}")) for number in range(MAX_READERS + 2)]
        await asyncio.sleep(0.05)
        gateway.mark_database_unreachable()
        began = time.monotonic()
        return await asyncio.gather(*requests), time.monotonic() - began

    responses, seconds = runner.run(lose_the_database())

    assert {response.json()["code"] for response in responses} == {"unavailable"}
    assert seconds < 1.5


def test_a_statement_that_takes_too_long_says_busy(postgres_database: str) -> None:
    engine = create_read_engine(f"postgresql+psycopg://{postgres_database.partition('://')[2]}")

    with engine.transaction() as transaction:
        transaction.fetch("SELECT set_config('statement_timeout', '50', true)", {})
        with pytest.raises(DatabaseBusy):
            transaction.fetch("SELECT pg_sleep(5)", {})
    engine.dispose()


def test_a_busy_database_is_overload_and_marks_nothing_as_stale(
    client: Client, load: Load, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(procedure("p"))

    def fail(*_: Any) -> Any:
        raise DatabaseBusy("no connection was free in time")

    monkeypatch.setattr(client.app.app.state.services.engine, "transaction", fail)  # type: ignore[attr-defined]
    for path in ("/v1/procedures/p", "/procedures/p"):
        response = client.get(path)
        assert (response.status_code, response.json()["code"]) == (503, "overloaded")
        assert int(response.headers["retry-after"]) > 0
    monkeypatch.undo()

    assert "kb-stale" not in client.get("/v1/procedures/p").headers


def test_a_closed_transaction_is_never_opened_again(client: Client, load: Load) -> None:
    load(procedure("p"))
    scope = {"type": "http", "app": client.app.app, "query_string": b"", "headers": [], "state": {}}

    with request_context(Request(scope)) as ctx:
        version = ctx.release.version
        ctx.close()

        assert ctx.release.version == version
        with pytest.raises(RuntimeError, match="closed"):
            _ = ctx.transaction
