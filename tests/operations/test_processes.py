"""Processes of a server: a hangup finishes what is in flight, and no worker outlives its supervisor."""

import os
import signal
import socket
from pathlib import Path

import pytest
from build import procedure, write_seed
from drills.processes import Api, is_dead, run_load, wait_for


@pytest.fixture
def database(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path / 'kb.sqlite3'}"
    seed = write_seed(tmp_path / "seed", *(procedure(f"p-{number}") for number in range(300)))
    assert run_load(url, seed).returncode == 0
    return url


def test_workers_end_with_their_supervisor(tmp_path: Path, database: str) -> None:
    api = Api(tmp_path, database, workers=2).start()
    assert api.process
    workers = api.list_worker_pids()
    assert len(workers) == 2

    os.kill(api.process.pid, signal.SIGKILL)
    api.process.wait()

    for pid in workers:
        wait_for(f"the end of worker {pid}", lambda pid=pid: is_dead(pid), seconds=30)


def test_a_hangup_finishes_what_is_in_flight(tmp_path: Path, database: str) -> None:
    api = Api(tmp_path, database).start()
    assert api.process
    wait_for("the exports", lambda: b" 200 " in ask(api.port, "/v1/export/manifest.json"))
    with socket.create_connection(("127.0.0.1", api.port), timeout=60) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(b"GET /v1/export/kb.json HTTP/1.1\r\nHost: kb\r\n\r\n")
        received = connection.recv(4096)

        api.process.send_signal(signal.SIGHUP)

        head, _, body = received.partition(b"\r\n\r\n")
        (length,) = (int(line.split()[1]) for line in head.splitlines() if line.lower().startswith(b"content-length:"))
        assert length > 500_000
        size = len(body)
        while piece := connection.recv(65_536):
            size += len(piece)
    assert size == length
    assert api.process.wait(timeout=30) in {0, -signal.SIGTERM}


def test_connections_without_file_descriptors_get_a_503_and_the_rest_works(tmp_path: Path, database: str) -> None:
    api = Api(tmp_path, database, max_files=200).start()
    connections = []
    refusals = 0
    try:
        for _ in range(150):
            connection = socket.create_connection(("127.0.0.1", api.port), timeout=30)
            connection.sendall(b"GET /health/live HTTP/1.1\r\nHost: kb\r\n\r\n")
            answer = connection.recv(4096)
            assert answer.startswith((b"HTTP/1.1 200 ", b"HTTP/1.1 503 ")), answer
            refusals += b'"code":"overloaded"' in answer
            connections.append(connection)
        assert refusals > 10
    finally:
        for connection in connections:
            connection.close()
    wait_for("a response again", lambda: b" 200 " in ask(api.port, "/v1/procedures?sort=-name"), seconds=30)
    api.stop()


def test_an_index_cut_while_it_is_searched_ends_no_process(tmp_path: Path, database: str) -> None:
    api = Api(tmp_path, database).start()
    assert b" 200 " in ask(api.port, "/v1/search?q=p-1")

    files = [path for path in tmp_path.glob("search/index-*/**/*") if path.is_file()]
    for path in files:
        os.truncate(path, 0)

    assert any(path.suffix == ".store" for path in files)
    for number in range(100):
        # Each reads another record of the index.
        assert b" 200 " in ask(api.port, f"/v1/search?q=p-{number}"), number
    wait_for(
        "the index again", lambda: all(path.stat().st_size for path in tmp_path.glob("search/index-*/index/*.store"))
    )
    api.stop()


def ask(port: int, path: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: kb\r\nConnection: close\r\n\r\n".encode())
        return connection.recv(4096)
