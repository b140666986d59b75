"""Monitoring: health, metrics of all workers, log lines with the request ID."""

import asyncio
import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from build import procedure
from checkout import ROOT
from conftest import Client, Load
from prometheus_client.parser import text_string_to_metric_families

from app.errors import ConfigurationError
from app.main import create_app
from app.monitoring.logs import JsonFormatter, LogBudget, bind_request_id, request_id
from app.monitoring.metrics import Metrics, remove_dead_workers
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


def test_a_503_has_the_request_id_of_the_log(client: Client) -> None:
    client.app.mark_database_unreachable()
    response = client.get("/v1/procedures", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})

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


# Shares its metrics in the directory, then waits until its standard input ends.
WORKER = """
import sys
import time
from pathlib import Path
from app.monitoring.metrics import Metrics
from app.settings import share_metrics_directory

share_metrics_directory(Path(sys.argv[1]))
metrics = Metrics(Path(sys.argv[1]))
hits, reachable, revision = int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
metrics.hits = hits
metrics.observe({}, 200, 0.003)
metrics.set_release("1.0.0", "outdated")
metrics.set_release("1.0.0", revision)
metrics.database_reachable.set(reachable)
metrics.cache_bytes.set(hits)
metrics.release_age.set(hits)
metrics.publish()
print("published", flush=True)
sys.stdin.read()
"""
RENDER = """
import asyncio, sys
from pathlib import Path
from app.monitoring.metrics import Metrics
from app.settings import share_metrics_directory

share_metrics_directory(Path(sys.argv[1]))
print(asyncio.run(Metrics(Path(sys.argv[1])).render()).decode())
"""


@contextmanager
def run_worker(directory: Path, *arguments: str) -> Iterator[int]:
    """Run a worker that has published its metrics; yields its process id."""
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, str(directory), *arguments],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"published\n"
        yield process.pid


def read_samples(text: str) -> dict[tuple[str, ...], float]:
    """Value of each sample by its name and the values of its labels, in the order of their names."""
    families = text_string_to_metric_families(text)
    return {
        (sample.name, *(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in families
        for sample in family.samples
    }


def test_metrics_of_all_workers_of_a_host_are_merged_without_the_gauges_of_dead_workers(tmp_path: Path) -> None:
    (tmp_path / "kb.db").write_text("not of a worker", encoding="utf-8")
    with run_worker(tmp_path, "16", "0", "dead"):
        pass
    with run_worker(tmp_path, "3", "1", "r1"), run_worker(tmp_path, "4", "0", "r2"):
        process = subprocess.run(
            [sys.executable, "-c", RENDER, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
        )

    samples = read_samples(process.stdout)
    assert samples["kb_workers",] == 3
    assert samples["kb_cache_hits_total",] == 23
    assert samples["kb_responses_total", "unrouted", "200"] == 3
    assert samples["kb_response_seconds_bucket", "0.0025", "unrouted"] == 0
    assert samples["kb_response_seconds_bucket", "0.005", "unrouted"] == 3
    assert samples["kb_cache_bytes",] == 7
    assert samples["kb_database_reachable",] == 0
    assert samples["kb_release_age_seconds",] == 4
    releases = {key[1:]: value for key, value in samples.items() if key[0] == "kb_release_info"}
    assert releases == {("r1", "1.0.0"): 1, ("r2", "1.0.0"): 1}


def test_a_server_starts_without_the_metrics_of_dead_workers(tmp_path: Path) -> None:
    (tmp_path / "kb_1.db").write_text("not of a worker", encoding="utf-8")
    with run_worker(tmp_path, "16", "0", "dead"):
        pass
    with run_worker(tmp_path, "3", "1", "r1") as running:
        remove_dead_workers(tmp_path)
        files = {file.name for file in tmp_path.iterdir()}

    assert {name for name in files if str(running) not in name} == {"kb_1.db"}
    assert f"counter_{running}.db" in files


def test_the_metrics_of_one_process_start_complete_and_name_no_release() -> None:
    names = {name for name, *_ in read_samples(asyncio.run(Metrics().render()).decode())}

    assert names >= {"kb_cache_hits_total", "kb_cache_misses_total", "kb_workers", "kb_database_reachable"}
    assert not {name for name in names if name.startswith("kb_release_") or name.endswith("_created")}


def test_metrics_count_responses_and_cache_hits_and_name_the_release(client: Client, load: Load) -> None:
    load(procedure("p"))
    for _ in range(2):
        client.get("/v1/procedures/p")

    response = client.get("/metrics")

    assert response.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    samples = read_samples(response.text)
    assert samples["kb_responses_total", "/procedures/{slug}", "200"] == 1
    assert samples["kb_response_seconds_count", "/procedures/{slug}"] == 1
    assert samples["kb_cache_hits_total",] == 1
    assert samples["kb_database_reachable",] == 1
    assert samples["kb_release_info", client.app.revision, client.app.version] == 1


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


@pytest.mark.parametrize(
    ("host", "token", "status"),
    [
        ("127.0.0.1", "", 200),
        ("::1", "", 200),
        ("0.0.0.0", "", 404),
        ("kb.example.org", "", 404),
        ("0.0.0.0", "t", 200),
    ],
)
def test_metrics_are_closed_where_other_hosts_reach_the_server_unless_asked_for(
    database_url: str, runner: asyncio.Runner, host: str, token: str, status: int
) -> None:
    client = Client(create_app(Settings(database_url=database_url, host=host, metrics_token=token)), runner)

    response = client.get("/metrics", headers={"Authorization": f"Bearer {token}"} if token else {})

    assert response.status_code == status
    client.close()


def test_a_flood_of_refusals_writes_a_few_lines_and_counts_the_rest() -> None:
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    handler.addFilter(LogBudget(lines=3, seconds=0.2))
    log = logging.getLogger("procedure_kb.test_budget")
    log.propagate, log.handlers = False, [handler]

    for number in range(50):
        log.warning("refused %d", number)
        log.error("another kind")
    time.sleep(0.3)
    log.warning("refused %d", 50)

    assert lines[:6] == ["refused 0", "another kind", "refused 1", "another kind", "refused 2", "another kind"]
    assert lines[6:] == ["refused 50 (47 lines like this were left out)"]
