"""Real processes on loopback: PostgreSQL with a streaming replica, API processes, nginx. Each is stopped by its process ID."""

import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psycopg
from checkout import ROOT
from live import find_free_port

TEMPLATE = ROOT / "docs/operations/nginx/kb.conf.template"
WAIT_SECONDS = 60.0


def wait_for(event: str, condition: Callable[[], bool], seconds: float = WAIT_SECONDS) -> None:
    """Wait until a condition is true. Raises TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            msg = f"{event}: not within {seconds:.0f} s"
            raise TimeoutError(msg)
        time.sleep(0.05)


def list_children(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(child) for child in children.split()]


def read_memory_mib(pid: int) -> float:
    match = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(encoding="ascii"))
    return int(match.group(1)) / 1024 if match else 0.0


def stop_process(process: subprocess.Popen[bytes], signal_number: int = signal.SIGTERM) -> None:
    if process.poll() is None:
        process.send_signal(signal_number)
        try:
            process.wait(timeout=40)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def mount(*arguments: str) -> None:
    """Run `mount` as root, or `umount` if that is the first argument."""
    command = [
        *([] if os.getuid() == 0 else ["sudo", "-n"]),
        *(arguments if arguments[0] == "umount" else ["mount", *arguments]),
    ]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, (command, process.stderr)


@contextmanager
def mounted_tmpfs(path: Path, size: str) -> Iterator[Path]:
    """Mount a file system of its own, of a size such as `64m`, at a new directory during the block."""
    path.mkdir()
    mount("-t", "tmpfs", "-o", f"size={size},mode=0777", "tmpfs", str(path))
    try:
        yield path
    finally:
        # Lazily: a process that is ending may still have a file open.
        mount("umount", "--lazy", str(path))


def find_postgres_binaries() -> Path | None:
    """Directory of Debian's newest server binaries."""
    servers = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[4]))
    return servers[-1].parent if servers else None


class Postgres:
    """PostgreSQL server with its data directory, which remains after the process ends."""

    def __init__(self, data: Path, port: int | None = None) -> None:
        binaries = find_postgres_binaries()
        assert binaries, "Debian's PostgreSQL is missing: apt install postgresql"
        self.bin, self.data, self.port = binaries, data, port or find_free_port()
        self.process: subprocess.Popen[bytes] | None = None

    # PostgreSQL refuses to run as root, so root runs it as Debian's user.
    @staticmethod
    def user_arguments() -> dict[str, str]:
        return {"user": "postgres", "group": "postgres"} if os.getuid() == 0 else {}

    def run(self, *command: str) -> None:
        process = subprocess.run(
            [str(self.bin / command[0]), *command[1:]],
            capture_output=True,
            cwd="/",
            check=False,
            **self.user_arguments(),
        )
        assert process.returncode == 0, (command, process.stderr.decode())

    def _change_owner(self) -> None:
        if os.getuid() == 0:
            for path in (self.data, *self.data.rglob("*")):
                shutil.chown(path, "postgres", "postgres")
        self.data.chmod(0o700)

    def initialize(self) -> None:
        self.data.mkdir()
        self._change_owner()
        self.run("initdb", "-D", str(self.data), "-U", "kb_loader", "-A", "trust", "--no-sync", "--wal-segsize=1")
        lines = "fsync=off\nwal_level=replica\nhot_standby=on\nmax_wal_size=64MB\nlisten_addresses='127.0.0.1'\n"
        lines += "unix_socket_directories=''\nwal_keep_size=64MB\nhot_standby_feedback=on\nshared_buffers=32MB\n"
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write(lines)

    def copy_to(self, data: Path) -> "Postgres":
        shutil.copytree(self.data, data)
        copy = Postgres(data)
        copy._change_owner()
        return copy

    def start(self, *, max_file_bytes: int = resource.RLIM_INFINITY) -> "Postgres":
        def limit_file_size() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))

        log = (self.data.parent / f"{self.data.name}.log").open("ab")
        command = [str(self.bin / "postgres"), "-D", str(self.data), "-p", str(self.port)]
        self.process = subprocess.Popen(
            command,
            stdout=log,
            stderr=log,
            cwd="/",
            preexec_fn=limit_file_size,  # noqa: PLW1509 - it makes one system call
            **self.user_arguments(),
        )
        log.close()
        wait_for(f"PostgreSQL on {self.port}", self.is_ready)
        return self

    def is_ready(self) -> bool:
        try:
            self.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def execute(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        url = f"postgresql://kb_loader@127.0.0.1:{self.port}/{database}"
        with psycopg.connect(url, autocommit=True, connect_timeout=3) as connection:
            cursor = connection.execute(sql)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    def create_roles(self) -> None:
        """Create the roles of docs/operations."""
        variables = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "KB_API_PASSWORD": "one"}
        variables |= {"KB_REPLICATION_PASSWORD": "two", "PATH": f"{self.bin}:{os.environ['PATH']}"}
        script = str(ROOT / "docs/operations/roles.sh")
        subprocess.run(["bash", script], env={**os.environ, **variables}, check=True, capture_output=True)

    def start_replica(self, data: Path) -> "Postgres":
        replica = Postgres(data)
        data.mkdir()
        replica._change_owner()
        self.run(
            "pg_basebackup", "-h", "127.0.0.1", "-p", str(self.port), "-U", "kb_loader", "-D", str(data), "-R",
            "-X", "stream", "-c", "fast", "--no-sync",
        )  # fmt: skip
        return replica.start()

    def stop(self, signal_number: int = signal.SIGINT) -> None:
        """Stop the server: SIGINT is a fast shutdown, SIGKILL ends all its processes like a power failure."""
        if self.process is None or self.process.poll() is not None:
            return
        children = list_children(self.process.pid)
        self.process.send_signal(signal_number)
        if signal_number == signal.SIGKILL:
            for pid in children:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
        self.process.wait(timeout=60)
        for pid in children:
            wait_for(f"the end of {pid}", lambda pid=pid: not Path(f"/proc/{pid}/status").exists() or is_dead(pid))


def is_dead(pid: int) -> bool:
    try:
        return "State:\tZ" in Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    except OSError:
        return True


class Api:
    """`procedure-kb serve` with its workers."""

    def __init__(
        self, work: Path, database: str, *, workers: int = 1, max_files: int = 0, **more_settings: str
    ) -> None:
        # Limit of open files; 0: that of this process.
        self.max_files = max_files
        self.port, self.work, self.workers = find_free_port(), work, workers
        self.base = f"http://127.0.0.1:{self.port}"
        settings = {"DATABASE_URL": database, "PORT": str(self.port), "SEARCH_DIR": str(work / "search")}
        settings |= {"EXPORT_DIR": str(work / "export"), **more_settings}
        self.env = inherit_environment() | {f"KB_{name}": value for name, value in settings.items()}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, wait: bool = True) -> "Api":
        log = (self.work / f"api-{self.port}.log").open("ab")
        command = [sys.executable, "-m", "app.cli", "serve", "--no-load", "--workers", str(self.workers)]
        limited = ["bash", "-c", f'ulimit -n {self.max_files}; exec "$@"', "-"] if self.max_files else []
        self.process = subprocess.Popen([*limited, *command], env=self.env, cwd=ROOT, stdout=log, stderr=log)
        log.close()
        if wait:
            self.wait()
        return self

    def wait(self) -> None:
        wait_for(f"the API on {self.port}", lambda: responds(f"{self.base}/health/ready"))

    def list_worker_pids(self) -> list[int]:
        assert self.process
        if self.workers == 1:
            return [self.process.pid]
        # The supervisor's other child is the resource tracker of multiprocessing.
        return [pid for pid in list_children(self.process.pid) if b"spawn_main" in _read_command_line(pid)]

    def stop(self, signal_number: int = signal.SIGTERM) -> None:
        if self.process is None:
            return
        workers = list_children(self.process.pid) if self.process.poll() is None else []
        stop_process(self.process, signal_number)
        if signal_number == signal.SIGKILL:
            for pid in workers:
                if not is_dead(pid):
                    os.kill(pid, signal.SIGKILL)


def _read_command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def responds(url: str, status: int = 200) -> bool:
    try:
        return httpx.get(url, timeout=10).status_code == status
    except httpx.TransportError:
        return False


def render_nginx_template(values: Mapping[str, str]) -> str:
    """Render the template like the entry point of the nginx image: replace only the named variables."""
    text = TEMPLATE.read_text(encoding="utf-8")
    for name, value in values.items():
        text = text.replace(f"${{KB_NGINX_{name}}}", value)
    return text


class Nginx:
    """Debian's nginx with the configuration from the Compose file."""

    def __init__(
        self, work: Path, *origins: int, rate: int = 10_000, burst: int = 10_000, connections: int = 500
    ) -> None:
        self.port, self.work = find_free_port(), work
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
        (work / "kb.conf").write_text(render_nginx_template(values), encoding="utf-8")
        temp_paths = "".join(
            f"  {name}_temp_path {work}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        user = "user root;\n" if os.getuid() == 0 else ""
        main = f"{user}worker_processes 1;\npid {work}/nginx.pid;\ndaemon off;\nerror_log stderr warn;\n"
        main += f"events {{ worker_connections 1024; }}\nhttp {{\n{temp_paths}  include {work}/kb.conf;\n}}\n"
        (work / "nginx.conf").write_text(main, encoding="utf-8")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Nginx":
        # nginx reopens /dev/stdout, which works for a file.
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
            stop_process(self.process)


def find_nginx() -> str | None:
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def inherit_environment() -> dict[str, str]:
    """Environment of this process without the settings of the service, and with the checkout on the Python path."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KB_")}
    return {**inherited, "PYTHONPATH": str(ROOT)}


def run_load(database: str, seed: Path, **options: object) -> subprocess.CompletedProcess[bytes]:
    """Run `procedure-kb load` as an operator does."""
    env = {**inherit_environment(), "KB_DATABASE_URL": database}
    command = [sys.executable, "-m", "app.cli", "load", "--seed", str(seed)]
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, check=False, **options)  # type: ignore[call-overload,no-any-return]
