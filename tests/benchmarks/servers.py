"""Servers under measure, each a process of its own on one core, and what is sent to them from another."""

import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx
from checkout import ROOT

from app.errors import ConfigurationError

SERVER_CORE: Final = "0"
CLIENT_CORE: Final = "1"


@dataclass(frozen=True)
class Server:
    """A running server."""

    base: str
    pid: int
    seconds_to_first_answer: float

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.base.rpartition(":")[2])

    def memory_mib(self) -> float:
        """Resident memory now (Linux)."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        return int(found.group(1)) / 1024 if found else 0.0


def need_tools() -> None:
    """ConfigurationError names what the bench needs and this machine lacks."""
    missing = [tool for tool in ("wrk", "taskset") if shutil.which(tool) is None]
    if missing:
        raise ConfigurationError(f"The bench needs {' and '.join(missing)} (Debian: apt install wrk util-linux).")


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextmanager
def serving(command: Sequence[str], port: int, ask: str, environ: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run a server pinned to one core until the block ends; entered at its first 200."""
    began = time.perf_counter()
    # Installed software is compiled once, whatever this shell says of it.
    given = ["-u", "PYTHONDONTWRITEBYTECODE", f"PYTHONPATH={ROOT}"]
    given += [f"{name}={value}" for name, value in (environ or {}).items()]
    # A fixed command of this program; nothing of it comes from outside.
    process = subprocess.Popen(
        [shutil.which("taskset") or "taskset", "-c", SERVER_CORE, "env", *given, *command],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        with httpx.Client(base_url=base, timeout=5) as client:
            while not _answers(client, ask):
                if process.poll() is not None:
                    said = process.stderr.read().decode()[-2000:] if process.stderr else ""
                    raise ConfigurationError(f"A server of the bench ended at once: {said}")
                if time.perf_counter() - began > 60:
                    raise ConfigurationError(f"A server of the bench does not answer {ask} with 200.")
                time.sleep(0.01)
            seconds = time.perf_counter() - began
        yield Server(base, process.pid, seconds)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _answers(client: httpx.Client, ask: str) -> bool:
    try:
        return client.get(ask).status_code == 200
    except httpx.TransportError:
        return False


def ours(database: str, search_dir: Path, *, cached: bool, ask: str = "/v1/procedures") -> Any:
    """Our service, one worker, as `serve` runs it."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "--factory", "app.asgi:load_app", "--port", str(port)]
    command += ["--no-access-log", "--no-server-header", "--log-level", "error"]
    environ = {"KB_DATABASE_URL": database, "KB_SEARCH_DIR": str(search_dir)}
    if not cached:
        environ["KB_CACHE_BYTES"] = "0"
    return serving(command, port, ask, environ)


def reference(kind: str, file: Path, ask: str) -> Any:
    """One of the two references."""
    port = free_port()
    return serving([sys.executable, "-m", "benchmarks.reference", kind, str(file), str(port)], port, ask)


def record(server: Server, targets: Sequence[str]) -> dict[str, Any]:
    """Bytes and headers of answers, for the bare reference to return. Every one must be a 200."""
    found = {}
    with httpx.Client(base_url=server.base, headers={"Accept-Encoding": "identity"}) as client:
        for target in targets:
            answer = client.get(target)
            answer.raise_for_status()
            headers = [[name, value] for name, value in answer.headers.items() if name != "date"]
            key = target if "?" in target else f"{target}?"
            found[key] = {
                "headers": headers,
                "body": b64encode(answer.content).decode(),
                "etag": answer.headers["etag"],
            }
    return found


_LUA: Final = """\
local n = 0
request = function()
  n = n % #targets + 1
  if etags[n] == "" then return wrk.format("GET", targets[n]) end
  return wrk.format("GET", targets[n], {["If-None-Match"] = etags[n]})
end
"""


def load(server: Server, targets: Sequence[str], etags: Sequence[str], *, seconds: int, work: Path) -> float:
    """Requests a second with 16 connections over a rotation of addresses. ConfigurationError on any error answer."""
    quoted = ", ".join(f'"{one}"' for one in targets)
    tags = ", ".join("'" + one + "'" for one in etags)
    script = work / "rotation.lua"
    script.write_text(f"targets = {{{quoted}}}\netags = {{{tags}}}\n{_LUA}", encoding="utf-8")
    command = ["taskset", "-c", CLIENT_CORE, "wrk", "-t1", "-c16", f"-d{seconds}s", "-s", str(script), server.base]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise ConfigurationError(f"A server under measure answered with errors:\n{said}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    return float(found.group(1)) if found else 0.0


def latencies(server: Server, targets: Sequence[str], *, seconds: float) -> float:
    """Median time of one answer in milliseconds, one connection, one request at a time."""
    times: list[float] = []
    requests = [f"GET {one} HTTP/1.1\r\nHost: bench\r\n\r\n".encode() for one in targets]
    with socket.create_connection(("127.0.0.1", server.port)) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        until, place = time.perf_counter() + seconds, 0
        while time.perf_counter() < until or len(times) < 50:
            began = time.perf_counter()
            wire.sendall(requests[place % len(requests)])
            _read_answer(wire)
            times.append(time.perf_counter() - began)
            place += 1
    # Each address is asked once before it counts: what is the same for every request of a revision is made then.
    counted = times[min(len(targets), len(times) // 2) :]
    return statistics.median(counted) * 1000


def _read_answer(wire: socket.socket) -> None:
    held = b""
    while b"\r\n\r\n" not in held:
        got = wire.recv(65536)
        if not got:
            raise ConfigurationError("A server under measure closed the connection.")
        held += got
    head, _, body = held.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise ConfigurationError(f"A server under measure answered {head[:60]!r}.")
    found = re.search(rb"content-length: (\d+)", head.lower())
    left = (int(found.group(1)) if found else 0) - len(body)
    while left > 0:
        left -= len(wire.recv(65536))
