"""Real processes on loopback: PostgreSQL with a streaming replica, API processes, nginx. Each is stopped by its own id."""

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import psycopg
from checkout import ROOT

TEMPLATE = ROOT / "docs/operations/nginx/kb.conf.template"
PATIENCE = 60.0


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(what: str, holds: Callable[[], bool], seconds: float = PATIENCE) -> float:
    """Seconds until something holds. A busy machine has a minute for it."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            msg = f"{what}: not within {seconds:.0f} s"
            raise TimeoutError(msg)
        time.sleep(0.05)
    return time.monotonic() - began


def children_of(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(one) for one in found.split()]


def memory_mib(pid: int) -> float:
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    return int(found.group(1)) / 1024 if found else 0.0


def end(process: subprocess.Popen[bytes], how: int = signal.SIGTERM) -> None:
    if process.poll() is None:
        process.send_signal(how)
        try:
            process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def postgres_binaries() -> Path | None:
    """Debian's server binaries, the newest."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    return found[-1].parent if found else None


class Postgres:
    """One server of a cluster; the data directory outlives its process."""

    def __init__(self, data: Path, port: int | None = None) -> None:
        binaries = postgres_binaries()
        assert binaries, "Debian's PostgreSQL is missing: apt install postgresql"
        self.bin, self.data, self.port = binaries, data, port or free_port()
        self.process: subprocess.Popen[bytes] | None = None

    # PostgreSQL refuses to run as root: Debian's own user runs it then.
    @staticmethod
    def _as() -> dict[str, str]:
        return {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}

    def run(self, *command: str) -> None:
        done = subprocess.run(
            [str(self.bin / command[0]), *command[1:]], capture_output=True, cwd="/", check=False, **self._as()
        )
        assert done.returncode == 0, (command, done.stderr.decode())

    def _own(self) -> None:
        if os.getuid() == 0:
            for path in (self.data, *self.data.rglob("*")):
                shutil.chown(path, "postgres", "postgres")
        self.data.chmod(0o700)

    def make(self) -> None:
        self.data.mkdir()
        self._own()
        self.run("initdb", "-D", str(self.data), "-U", "kb_loader", "-A", "trust", "--no-sync", "--wal-segsize=1")
        lines = "fsync=off\nwal_level=replica\nhot_standby=on\nmax_wal_size=64MB\nlisten_addresses='127.0.0.1'\n"
        lines += "unix_socket_directories=''\nwal_keep_size=64MB\nhot_standby_feedback=on\nshared_buffers=32MB\n"
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(lines)

    def copy_to(self, data: Path) -> "Postgres":
        shutil.copytree(self.data, data)
        other = Postgres(data)
        other._own()
        return other

    def start(self, *, largest_file: int = resource.RLIM_INFINITY) -> "Postgres":
        def nearly_full() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

        log = (self.data.parent / f"{self.data.name}.log").open("ab")
        command = [str(self.bin / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        self.process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            cwd="/",
            preexec_fn=nearly_full,  # noqa: PLW1509 - it makes one system call
            **self._as(),
        )
        log.close()
        wait_for(f"PostgreSQL on {self.port}", self.answers)
        return self

    def answers(self) -> bool:
        try:
            self.ask("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def ask(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        url = f"postgresql://kb_loader@127.0.0.1:{self.port}/{database}"
        with psycopg.connect(url, autocommit=True, connect_timeout=3) as connection:
            cursor = connection.execute(sql)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def replica(self, data: Path) -> "Postgres":
        other = Postgres(data)
        data.mkdir()
        other._own()
        self.run(
            "pg_basebackup", "-h", "127.0.0.1", "-p", str(self.port), "-U", "kb_loader", "-D", str(data), "-R",
            "-X", "stream", "-c", "fast", "--no-sync",
        )  # fmt: skip
        return other.start()

    def stop(self, how: int = signal.SIGINT) -> None:
        """SIGINT is a fast shutdown; SIGKILL takes the whole server, as a machine that lost its power would."""
        if self.process is None or self.process.poll() is not None:
            return
        children = children_of(self.process.pid)
        self.process.send_signal(how)
        if how == signal.SIGKILL:
            for pid in children:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        self.process.wait(timeout=60)
        for pid in children:
            wait_for(f"the end of {pid}", lambda pid=pid: not Path(f"/proc/{pid}/status").exists() or _is_dead(pid))


def _is_dead(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return True


class Api:
    """One `procedure-kb serve` with its workers."""

    def __init__(self, work: Path, database: str, *, workers: int = 1, **settings: str) -> None:
        self.port, self.work, self.workers = free_port(), work, workers
        self.base = f"http://127.0.0.1:{self.port}"
        given = {"DATABASE_URL": database, "PORT": str(self.port), "SEARCH_DIR": str(work / "search"), **settings}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KB_")}
        self.env = {**kept, "PYTHONPATH": str(ROOT), **{f"KB_{name}": value for name, value in given.items()}}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, wait: bool = True) -> "Api":
        log = (self.work / f"api-{self.port}.log").open("ab")
        command = [sys.executable, "-m", "app.cli", "serve", "--no-load", "--workers", str(self.workers)]
        self.process = subprocess.Popen(command, env=self.env, cwd=ROOT, stdout=log, stderr=log)
        log.close()
        if wait:
            self.wait()
        return self

    def wait(self) -> None:
        wait_for(f"the API on {self.port}", lambda: answers(f"{self.base}/health/ready"))

    def worker_ids(self) -> list[int]:
        assert self.process
        if self.workers == 1:
            return [self.process.pid]
        # The supervisor's other child keeps track of resources and serves nothing.
        return [pid for pid in children_of(self.process.pid) if b"spawn_main" in _command(pid)]

    def stop(self, how: int = signal.SIGTERM) -> None:
        if self.process is None:
            return
        workers = children_of(self.process.pid) if self.process.poll() is None else []
        end(self.process, how)
        if how == signal.SIGKILL:
            for pid in workers:
                if not _is_dead(pid):
                    os.kill(pid, signal.SIGKILL)


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def answers(url: str, status: int = 200) -> bool:
    try:
        return httpx.get(url, timeout=10).status_code == status
    except httpx.TransportError:
        return False


def rendered(values: Mapping[str, str]) -> str:
    """The template as the entry point of the nginx image renders it: only the named variables are replaced."""
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"${{KB_NGINX_{name}}}", value)
    return text


class Nginx:
    """Debian's nginx with the configuration that the compose file uses."""

    def __init__(
        self, work: Path, *origins: int, rate: int = 10_000, burst: int = 10_000, connections: int = 500
    ) -> None:
        self.port, self.work = free_port(), work
        self.base = f"http://127.0.0.1:{self.port}"
        work.mkdir(parents=True, exist_ok=True)
        values = {
            "LISTEN": f"127.0.0.1:{self.port}",
            "UPSTREAMS": " ".join(f"server 127.0.0.1:{port} max_fails=2 fail_timeout=2s;" for port in origins),
            "CACHE": str(work / "cache"),
            "RATE": str(rate),
            "BURST": str(burst),
            "CONNECTIONS": str(connections),
        }
        (work / "kb.conf").write_text(rendered(values), encoding="utf-8")
        places = "".join(
            f"  {kind}_temp_path {work}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;\n" if os.getuid() == 0 else ""
        main = f"{user}worker_processes 1;\npid {work}/nginx.pid;\ndaemon off;\nerror_log stderr warn;\n"
        main += f"events {{ worker_connections 1024; }}\nhttp {{\n{places}  include {work}/kb.conf;\n}}\n"
        (work / "nginx.conf").write_text(main, encoding="utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Nginx":
        # A pipe or a file: nginx opens /dev/stdout anew, and both allow that.
        log = (self.work / "nginx.log").open("ab")
        command = [find_nginx() or "nginx", "-e", "stderr", "-p", str(self.work), "-c", str(self.work / "nginx.conf")]
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        log.close()
        wait_for("nginx", self._listens)
        return self

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        if self.process:
            end(self.process)


def find_nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def load(database: str, seed: Path, **more: object) -> subprocess.CompletedProcess[bytes]:
    """`procedure-kb load` as an operator runs it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("KB_")}
    env = {**kept, "PYTHONPATH": str(ROOT), "KB_DATABASE_URL": database}
    command = [sys.executable, "-m", "app.cli", "load", "--seed", str(seed)]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, check=False, **more)  # type: ignore[call-overload,no-any-return]
