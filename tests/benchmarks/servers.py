"""Measured servers, each a process pinned to one core, and the load sent to them from another core."""

import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from checkout import ROOT
from live import find_free_port

from app.errors import ConfigurationError

SERVER_CORE: Final = "0"
CLIENT_CORE: Final = "1"


@dataclass(frozen=True)
class Server:
    """Running server process."""

    base_url: str
    pid: int
    seconds_to_first_response: float

    @property
    def port(self) -> int:
        """Port that the server listens on."""
        return int(self.base_url.rpartition(":")[2])

    def memory_mib(self) -> float:
        """Current resident memory in MiB (Linux)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        match = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(match.group(1)) / 1024 if match else 0.0


def check_tools() -> None:
    """Raise ConfigurationError if a tool of the benchmark is not installed."""
    missing = [tool for tool in ("wrk", "taskset") if shutil.which(tool) is None]
    if missing:
        raise ConfigurationError(f"The benchmark needs {' and '.join(missing)} (Debian: apt install wrk util-linux).")


@contextmanager
def run_server(
    command: Sequence[str], port: int, probe_url: str, environ: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """Run a server pinned to one core until the block ends. The block starts at its first 200 for `probe_url`."""
    started = time.perf_counter()
    # Bytecode is always cached, as it is for installed software.
    env = ["-u", "PYTHONDONTWRITEBYTECODE", f"PYTHONPATH={ROOT}:{ROOT / 'tests'}"]
    env += [f"{name}={value}" for name, value in (environ or {}).items()]
    # A fixed command; no part of it comes from outside.
    process = subprocess.Popen(
        [shutil.which("taskset") or "taskset", "-c", SERVER_CORE, "env", *env, *command],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=base, timeout=5) as client:
            while not _is_ready(client, probe_url):
                if process.poll() is not None:
                    message = process.stderr.read().decode()[-2000:] if process.stderr else ""
                    raise ConfigurationError(f"A measured server exited at startup: {message}")
                if time.perf_counter() - started > 60:
                    raise ConfigurationError(f"A measured server does not respond to {probe_url} with 200.")
                time.sleep(0.01)
            seconds = time.perf_counter() - started
        yield Server(base, process.pid, seconds)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _is_ready(client: httpx.Client, probe_url: str) -> bool:
    try:
        return client.get(probe_url).status_code == 200
    except httpx.TransportError:
        return False


@contextmanager
def run_service(database: str, search_dir: Path, *, cached: bool) -> Iterator[Server]:
    """Run this service with one worker, as `serve` does, until it has prepared the release. `cached` enables the response cache."""
    port = find_free_port()
    command = [sys.executable, "-m", "uvicorn", "--factory", "app.asgi:load_app", "--port", str(port)]
    command += ["--no-access-log", "--no-server-header", "--log-level", "error"]
    environ = {"KB_DATABASE_URL": database, "KB_SEARCH_DIR": str(search_dir)}
    environ["KB_EXPORT_DIR"] = str(search_dir.parent / "export")
    if not cached:
        environ["KB_CACHE_BYTES"] = "0"
    with run_server(command, port, "/v1/procedures", environ) as server:
        with httpx.Client(base_url=server.base_url, timeout=30) as client:
            # The exports are built last, on the same core.
            while not _is_ready(client, "/v1/export/manifest.json"):
                time.sleep(0.1)
        yield server


def run_reference(name: str, file: Path, probe_url: str) -> AbstractContextManager[Server]:
    """Run a reference application: `bare` or `plain`."""
    port = find_free_port()
    return run_server([sys.executable, "-m", "benchmarks.reference", name, str(file), str(port)], port, probe_url)


def record_responses(server: Server, targets: Sequence[str]) -> dict[str, Any]:
    """Record bytes and headers of responses for the bare reference. Raises HTTPStatusError unless all are 200."""
    recorded = {}
    with httpx.Client(base_url=server.base_url, headers={"Accept-Encoding": "identity"}) as client:
        for target in targets:
            response = client.get(target)
            response.raise_for_status()
            headers = [[name, value] for name, value in response.headers.items() if name != "date"]
            key = target if "?" in target else f"{target}?"
            recorded[key] = {
                "headers": headers,
                "body": b64encode(response.content).decode(),
                "etag": response.headers["etag"],
            }
    return recorded


_LUA: Final = """\
local n = 0
request = function()
  n = n % #targets + 1
  if etags[n] == "" then return wrk.format("GET", targets[n]) end
  return wrk.format("GET", targets[n], {["If-None-Match"] = etags[n]})
end
"""


def measure_throughput(
    server: Server, targets: Sequence[str], etags: Sequence[str], *, seconds: int, work: Path
) -> float:
    """Measure requests per second with 16 connections over rotating URLs. Raises ConfigurationError on any error response."""
    quoted = ", ".join(f'"{target}"' for target in targets)
    tags = ", ".join(f"'{etag}'" for etag in etags)
    script = work / "rotation.lua"
    script.write_text(f"targets = {{{quoted}}}\netags = {{{tags}}}\n{_LUA}", encoding="utf-8")
    command = ["taskset", "-c", CLIENT_CORE, "wrk", "-t1", "-c16", f"-d{seconds}s", "-s", str(script), server.base_url]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise ConfigurationError(f"A measured server returned errors:\n{output}")
    match = re.search(r"Requests/sec:\s+([\d.]+)", output)
    return float(match.group(1)) if match else 0.0


def measure_latency(server: Server, targets: Sequence[str], *, seconds: float) -> float:
    """Measure the median latency in milliseconds with one connection, one request at a time."""
    times: list[float] = []
    requests = [f"GET {target} HTTP/1.1\r\nHost: bench\r\n\r\n".encode() for target in targets]
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        deadline, sent = time.perf_counter() + seconds, 0
        while time.perf_counter() < deadline or len(times) < 50:
            started = time.perf_counter()
            connection.sendall(requests[sent % len(requests)])
            _read_response(connection)
            times.append(time.perf_counter() - started)
            sent += 1
    # The first request to each URL is not counted: it builds what all requests of a release share.
    counted = times[min(len(targets), len(times) // 2) :]
    return statistics.median(counted) * 1000


def _read_response(connection: socket.socket) -> None:
    buffered = b""
    while b"\r\n\r\n" not in buffered:
        chunk = connection.recv(65536)
        if not chunk:
            raise ConfigurationError("A measured server closed the connection.")
        buffered += chunk
    head, _, body = buffered.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise ConfigurationError(f"A measured server returned {head[:60]!r}.")
    match = re.search(rb"content-length: (\d+)", head.lower())
    remaining = (int(match.group(1)) if match else 0) - len(body)
    while remaining > 0:
        remaining -= len(connection.recv(65536))
