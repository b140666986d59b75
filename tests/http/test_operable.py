"""What an operator sees: health, metrics of all workers, log lines with the id of the request."""

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
def test_ready_needs_a_release_and_its_index_and_live_needs_neither(client: Client, load: Load) -> None:
    assert client.get("/health/live").status_code == 200
    assert client.get("/health/ready").json()["code"] == "not_loaded"

    load(procedure("p"))

    assert client.get("/health/ready").status_code == 200


def test_the_trace_of_the_caller_is_the_id_of_the_request() -> None:
    assert bind_request_id([(b"traceparent", f"00-{TRACE}-b7ad6b7169203331-01".encode())]) == TRACE


@pytest.mark.parametrize(
    "sent", [b"", b"x", b"00-" + b"0" * 32 + b"-b7ad6b7169203331-01", b"ff-" + TRACE.encode() + b"-b7ad6b7169203331-01"]
)
def test_without_a_valid_traceparent_each_request_gets_an_id_of_its_own(sent: bytes) -> None:
    first, second = bind_request_id([(b"traceparent", sent)]), bind_request_id([(b"traceparent", sent)])

    assert len(first) == len(second) == 32
    assert first != second


def test_a_line_of_the_log_is_json_with_the_id_and_the_exception() -> None:
    request_id.set(TRACE)
    record = logging.LogRecord("procedure_kb.http", logging.ERROR, "f", 1, "defect at %s", ("/v1",), None)
    record.status = 500

    line = json.loads(JsonFormatter().format(record))

    assert (line["level"], line["message"], line["request_id"], line["status"]) == (
        "error",
        "defect at /v1",
        TRACE,
        500,
    )


def test_a_503_names_the_request_as_the_log_does(client: Client) -> None:
    client.app.mark_stale()
    answer = client.get("/v1/procedures", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})

    assert (answer.status_code, answer.headers["kb-request-id"]) == (503, TRACE)


def test_the_access_log_tells_every_answer_hits_too(
    database_url: str, client: Client, load: Load, caplog: pytest.LogCaptureFixture
) -> None:
    load(procedure("p"))
    told = Client(create_app(Settings(database_url=database_url, access_log=True)), client.runner)
    told.poll_release()
    with caplog.at_level(logging.INFO, logger="procedure_kb.access"):
        for _ in range(2):
            told.get("/v1/procedures/p?release=")
            told.get("/v1/procedures/p")
    told.close()

    lines = [json.loads(JsonFormatter().format(record)) for record in caplog.records]
    assert [(line["status"], line["cached"]) for line in lines if not line["query"]] == [(200, False), (200, True)]
    assert all(line["path"] == "/v1/procedures/p" and line["bytes"] > 0 for line in lines)


def test_metrics_of_the_workers_of_a_box_add_up_and_a_dead_one_drops_out(tmp_path: Path) -> None:
    one = Metrics()
    one.directory, one.hits = tmp_path, 3
    one.gauges.append(
        lambda: {"kb_database_reachable": Gauge("Reachable.", 1.0, "min"), "kb_cache_bytes": Gauge("B.", 5)}
    )
    other = one.counts() | {"hits": 4, "gauges": {"kb_database_reachable": ["Reachable.", 0.0, "min"]}}
    (tmp_path / f"{os.getppid()}.json").write_bytes(orjson.dumps(other))
    (tmp_path / "99999999.json").write_bytes(orjson.dumps(other))

    text = one.render()

    assert "kb_cache_hits_total 7\n" in text
    assert "kb_workers 2\n" in text
    assert "kb_database_reachable 0\n" in text
    assert "kb_cache_bytes 5\n" in text
    assert not (tmp_path / "99999999.json").exists()


def test_metrics_say_what_an_operator_asks(client: Client, load: Load) -> None:
    load(procedure("p"))
    for _ in range(2):
        client.get("/v1/procedures/p")

    text = client.get("/metrics").text

    assert 'kb_responses_total{route="/procedures/{slug}",status="200"} 1' in text
    assert 'kb_response_seconds_count{route="/procedures/{slug}"} 1' in text
    assert "kb_cache_hits_total 1\n" in text
    assert "kb_database_reachable 1\n" in text
    assert f'revision="{client.app.revision}"}} 1' in text


def test_metrics_with_a_token_answer_who_has_it(database_url: str, client: Client) -> None:
    guarded = Client(create_app(Settings(database_url=database_url, metrics_token="secret")), client.runner)

    assert guarded.get("/metrics").status_code == 404
    assert guarded.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 404
    assert guarded.get("/metrics", headers={"Authorization": "Bearer secret"}).status_code == 200
    guarded.close()


def test_traces_without_their_extra_are_a_setting_to_mend(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "app.monitoring.traces", None)

    with pytest.raises(ConfigurationError, match=r"requirements/otel\.txt"):
        create_app(Settings(database_url=database_url, otlp_endpoint="http://127.0.0.1:4318"))
