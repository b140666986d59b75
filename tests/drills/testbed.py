"""What the drills share: a folder, two releases, a loaded cluster to copy, and the end of whatever they started."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Self

import httpx
from drills.content import COLD, WARM, right_bodies, seeds
from drills.processes import Api, Nginx, Postgres, load
from drills.traffic import Traffic

FULL = bool(os.environ.get("KB_FULL"))
RATE = 120.0


class Bench:
    """The parts of one drill; leaving the block ends every process of it."""

    def __init__(self, root: Path, shared: "Shared") -> None:
        self.work, self.shared = root, shared
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def primary(self) -> Postgres:
        """A cluster that holds the first release."""
        one = self.shared.cluster.copy_to(self.work / "primary").start()
        self._stack.callback(one.stop)
        return one

    def replica(self, primary: Postgres) -> Postgres:
        one = primary.replica(self.work / "replica")
        self._stack.callback(one.stop)
        return one

    def api(self, database: str, *, workers: int = 1, **settings: str) -> Api:
        one = Api(self.work, database, workers=workers, **settings).start()
        self._stack.callback(one.stop)
        return one

    def apis(self, database: str, count: int = 2, *, workers: int = 1) -> list[Api]:
        """Several at once: they start side by side."""
        made = [Api(self.work, database, workers=workers).start(wait=False) for _ in range(count)]
        for one in made:
            self._stack.callback(one.stop)
        for one in made:
            one.wait()
        return made

    def nginx(self, *origins: int, **limits: int) -> Nginx:
        one = Nginx(self.work / "nginx", *origins, **limits).start()
        self._stack.callback(one.stop)
        return one

    def sqlite(self) -> str:
        """A file that holds the first release."""
        shutil.copy(self.shared.file, self.work / "kb.sqlite3")
        return f"sqlite:///{self.work / 'kb.sqlite3'}"

    def load(self, database: str, *, second: bool) -> subprocess.CompletedProcess[bytes]:
        return load(database, self.shared.seeds[second])

    def traffic(self, ports: Sequence[int], *, rate: float = RATE) -> Traffic:
        """Callers of warm addresses: each is asked for once at each port before it counts."""
        for port in ports:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                for url in WARM:
                    client.get(url, headers={"Accept-Encoding": "identity"}).raise_for_status()
        return Traffic(ports, WARM, self.shared.expected, rate=rate)


class Shared:
    """Made once for all drills."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="kb-drills-"))
        # The database server runs as another user, which must be able to pass through.
        self.root.chmod(0o755)
        self.seeds = seeds(self.root)
        self._number = 0

    @cached_property
    def expected(self) -> dict[str, dict[str, str]]:
        return right_bodies(self.seeds)

    @property
    def versions(self) -> list[str]:
        return list(self.expected)

    @cached_property
    def cluster(self) -> Postgres:
        one = Postgres(self.root / "cluster")
        one.make()
        one.start()
        try:
            one.ask("CREATE DATABASE kb")
            done = load(url_of(one), self.seeds[0])
            assert done.returncode == 0, done.stderr.decode()
        finally:
            one.stop()
        return one

    @cached_property
    def file(self) -> Path:
        file = self.root / "first.sqlite3"
        done = load(f"sqlite:///{file}", self.seeds[0])
        assert done.returncode == 0, done.stderr.decode()
        return file

    def bench(self) -> Bench:
        self._number += 1
        folder = self.root / f"drill-{self._number}"
        folder.mkdir()
        return Bench(folder, self)

    def close(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


def url_of(*servers: Postgres, **parameters: str) -> str:
    hosts = ",".join(f"127.0.0.1:{one.port}" for one in servers)
    query = "&".join(f"{name}={value}" for name, value in parameters.items())
    return f"postgresql://kb_loader@{hosts}/kb?{query}" if query else f"postgresql://kb_loader@{hosts}/kb"


__all__ = ["COLD", "FULL", "RATE", "WARM", "Bench", "Shared", "url_of"]
