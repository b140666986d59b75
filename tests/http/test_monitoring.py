"""Monitoring: health, metrics of all workers, log lines with the request ID."""

import json
import logging
import os
import sys
from pathlib import Path

import orjson
import pytest
from build import procedure
from conftest import Client, Load

from app.errors import ConfigurationError
from app.main import create_app
from app.monitoring.logs import JsonFormatter, bind_request_id, request_id
from app.monitoring.metrics import Gauge, Metrics
from app.settings import Settings

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_ready_requires_a_release_and_live_does_not(client: Client, load: Load) -> None:
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").json()["code"] == "not_loaded"

    load(procedure("p"))

    assert client.get("/health/ready").status_code == 200


def test_the_trace_id_of_the_client_is_the_request_id() -> None:
    assert bind_request_id([(b"traceparent", f"00-{TRACE}-b7ad6b7169203331-01".encode())]) == TRACE


@pytest.mark.parametrize(
    "traceparent",
    [b"", b"x", b"00-" + b"0" * 32 + b"-b7ad6b7169203331-01", b"ff-" + TRACE.encode() + b"-b7ad6b7169203331-01"],
)
def test_without_a_valid_traceparent_each_request_gets_a_unique_id(traceparent: bytes) -> None:
    first, second = bind_request_id([(b"traceparent", traceparent)]), bind_request_id([(b"traceparent", traceparent)])

    assert len(first) == len(second) == 32
    assert first != second


def test_a_log_line_is_json_with_the_request_id_and_extra_fields() -> None:
    request_id.set(TRACE)
    record = logging.LogRecord("procedure_kb.http", logging.ERROR, "f", 1, "error at %s", ("/v1",), None)
    record.status = 500

    line = json.loads(JsonFormatter().format(record))

    assert (line["level"], line["message"], line["request_id"], line["status"]) == (
        "error",
        "error at /v1",
        TRACE,
        500,
    )


def test_a_503_has_the_request_id_of_the_log(client: Client) -> None:
    client.app.mark_stale()
    response = client.get("/v1/procedures", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})

def test_a_log_line_of_an_exception_has_its_traceback_and_no_field_beside_those_of_the_record() -> None:
    request_id.set("")
    try:
        int("broken")
    except ValueError:
        record = logging.LogRecord("uvicorn.error", logging.ERROR, "f", 1, "failed", None, sys.exc_info())
    record.color_message = "\x1b[31mfailed"

    line = json.loads(JsonFormatter().format(record))

    assert set(line) == {"time", "level", "logger", "message", "exception"}
    assert line["time"].endswith("+00:00")
    assert line["exception"].endswith("ValueError: invalid literal for int() with base 10: 'broken'")


    assert (response.status_code, response.headers["kb-request-id"]) == (503, TRACE)


def test_the_access_log_has_a_line_for_every_response_including_cache_hits(
    database_url: str, client: Client, load: Load, caplog: pytest.LogCaptureFixture
) -> None:
    load(procedure("p"))
    logged = Client(create_app(Settings(database_url=database_url, access_log=True)), client.runner)
    logged.poll_release()
    with caplog.at_level(logging.INFO, logger="procedure_kb.access"):
        for _ in range(2):
            logged.get("/v1/procedures/p?release=")
            logged.get("/v1/procedures/p")
    logged.close()

    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    assert [(line["status"], line["cached"]) for line in lines if not line["query"]] == [(200, False), (200, True)]
    assert all(line["path"] == "/v1/procedures/p" and line["bytes"] > 0 for line in lines)


def test_metrics_of_all_workers_of_a_host_are_merged_without_those_of_dead_workers(tmp_path: Path) -> None:
    metrics = Metrics()
    metrics.directory, metrics.hits = tmp_path, 3
    metrics.gauges.append(
        lambda: {"kb_database_reachable": Gauge("Reachable.", 1.0, "min"), "kb_cache_bytes": Gauge("B.", 5)}
    )
    other_worker = metrics.counts() | {"hits": 4, "gauges": {"kb_database_reachable": ["Reachable.", 0.0, "min"]}}
    (tmp_path / f"{os.getppid()}.json").write_bytes(orjson.dumps(other_worker))
    (tmp_path / "99999999.json").write_bytes(orjson.dumps(other_worker))
    (tmp_path / "notes.json").write_text("not of a worker", encoding="utf-8")

    text = metrics.render()

    assert "kb_cache_hits_total 7\n" in text
    assert "kb_workers 2\n" in text
    assert "kb_database_reachable 0\n" in text
    assert "kb_cache_bytes 5\n" in text
    assert not (tmp_path / "99999999.json").exists()


def test_metrics_count_responses_and_cache_hits_and_name_the_release(client: Client, load: Load) -> None:
    load(procedure("p"))
    for _ in range(2):
        client.get("/v1/procedures/p")

    text = client.get("/metrics").text

    assert 'kb_responses_total{route="/procedures/{slug}",status="200"} 1' in text
    assert 'kb_response_seconds_count{route="/procedures/{slug}"} 1' in text
    assert "kb_cache_hits_total 1\n" in text
    assert "kb_database_reachable 1\n" in text
    assert f'revision="{client.app.revision}"}} 1' in text


def test_metrics_with_a_token_require_it(database_url: str, client: Client) -> None:
    protected = Client(create_app(Settings(database_url=database_url, metrics_token="secret")), client.runner)

    assert protected.get("/metrics").status_code == 404
    assert protected.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    assert protected.get("/metrics", headers={"Authorization": "Bearer secret"}).status_code == 200
    protected.close()


def test_traces_without_their_extra_are_a_configuration_error(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "app.monitoring.traces", None)

    with pytest.raises(ConfigurationError, match=r"requirements/otel\.txt"):
        create_app(Settings(database_url=database_url, otlp_endpoint="http://127.0.0.1:4318"))
