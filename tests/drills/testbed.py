"""Test beds of the drills: servers and load for one drill, and the databases that all drills copy."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Self

import httpx
from drills.content import WARM_URLS, compute_expected_bodies, write_seeds
from drills.processes import ROOT, Api, Nginx, Postgres, inherit_environment, mounted_tmpfs, run_load
from drills.traffic import Traffic

FULL = bool(os.environ.get("KB_FULL"))
RATE = 120.0


class Testbed:
    """Processes of one drill; leaving the block stops all of them."""

    def __init__(self, directory: Path, fixtures: "Fixtures") -> None:
        self.work, self.fixtures = directory, fixtures
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def start_primary(self) -> Postgres:
        """Start a PostgreSQL server that holds the first release."""
        primary = self.fixtures.cluster.copy_to(self.work / "primary").start()
        self._stack.callback(primary.stop)
        return primary

    def start_replica(self, primary: Postgres) -> Postgres:
        replica = primary.start_replica(self.work / "replica")
        self._stack.callback(replica.stop)
        return replica

    def mount_disk(self, size: str) -> Path:
        """Mount a small file system."""
        return self._stack.enter_context(mounted_tmpfs(self.work / "disk", size))

    def start_api(
        self, database: str, *, workers: int = 1, work: Path | None = None, max_files: int = 0, **settings: str
    ) -> Api:
        """Start an API process; `work` is the directory of its files and log."""
        api = Api(work or self.work, database, workers=workers, max_files=max_files, **settings).start()
        self._stack.callback(api.stop)
        return api

    def start_apis(self, database: str, count: int = 2, *, workers: int = 1) -> list[Api]:
        """Start several API processes in parallel."""
        apis = [Api(self.work, database, workers=workers).start(wait=False) for _ in range(count)]
        for api in apis:
            self._stack.callback(api.stop)
        for api in apis:
            api.wait()
        return apis

    def start_nginx(self, *origins: int, **limits: int) -> Nginx:
        nginx = Nginx(self.work / "nginx", *origins, **limits).start()
        self._stack.callback(nginx.stop)
        return nginx

    def copy_sqlite(self) -> str:
        """Copy a SQLite file that holds the first release; returns its database URL."""
        shutil.copy(self.fixtures.sqlite_file, self.work / "kb.sqlite3")
        return f"sqlite:///{self.work / 'kb.sqlite3'}"

    def load(self, database: str, *, second: bool) -> subprocess.CompletedProcess[bytes]:
        return run_load(database, self.fixtures.seeds[second])

    def load_synthetic(self, database: str, count: int) -> None:
        """Load a synthetic release in a process of its own: it must not slow down the clients, which run in this one."""
        env = inherit_environment() | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
        command = [sys.executable, "-m", "benchmarks.synthetic", database, str(count)]
        subprocess.run(command, env=env, cwd=ROOT, check=True)

    def prepare_traffic(self, ports: Sequence[int], *, rate: float = RATE) -> Traffic:
        """Prepare clients of the warm URLs; requests each URL once at each port, so that it is cached."""
        for port in ports:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                for url in WARM_URLS:
                    client.get(url, headers={"Accept-Encoding": "identity"}).raise_for_status()
        return Traffic(ports, WARM_URLS, self.fixtures.expected, rate=rate)


class Fixtures:
    """Seeds and databases built once for all drills, in a temporary directory."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="kb-drills-"))
        # The database server runs as another user, who needs to traverse the directory.
        self.root.chmod(0o755)
        self.seeds = write_seeds(self.root)
        self._testbed_count = 0

    @cached_property
    def expected(self) -> dict[str, dict[str, str]]:
        return compute_expected_bodies(self.seeds)

    @property
    def versions(self) -> list[str]:
        return list(self.expected)

    @cached_property
    def cluster(self) -> Postgres:
        server = Postgres(self.root / "cluster")
        server.initialize()
        server.start()
        try:
            server.execute("CREATE DATABASE kb")
            process = run_load(build_database_url(server), self.seeds[0])
            assert process.returncode == 0, process.stderr.decode()
        finally:
            server.stop()
        return server

    @cached_property
    def sqlite_file(self) -> Path:
        file = self.root / "first.sqlite3"
        process = run_load(f"sqlite:///{file}", self.seeds[0])
        assert process.returncode == 0, process.stderr.decode()
        return file

    def create_testbed(self) -> Testbed:
        self._testbed_count += 1
        directory = self.root / f"drill-{self._testbed_count}"
        directory.mkdir()
        return Testbed(directory, self)

    def close(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


def build_database_url(*servers: Postgres, **parameters: str) -> str:
    hosts = ",".join(f"127.0.0.1:{server.port}" for server in servers)
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return f"postgresql://kb_loader@{hosts}/kb?{query}" if query else f"postgresql://kb_loader@{hosts}/kb"
