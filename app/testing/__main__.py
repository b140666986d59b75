"""Program of the fault server: `python -m app.testing [--host HOST] [--port PORT]`. Loads the invented content, then serves it."""

import argparse
import socket
import sys
import tempfile
from pathlib import Path
from typing import Final

import uvicorn

from app.db.migrations import migrate
from app.db.write_engine import create_write_engine
from app.loader.content import load_content
from app.loader.writer import write_content
from app.main import create_app
from app.settings import Settings
from app.testing.faults import FaultInjector

SEED: Final = Path(__file__).parent / "seed"


def main() -> None:
    """Serve until the process is stopped. Prints the base URL on a line of its own."""
    parser = argparse.ArgumentParser(prog="procedure-kb fault-server")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0: a free port")
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="kb-faults-") as folder,
        socket.create_server((arguments.host, arguments.port)) as listener,
    ):
        port = listener.getsockname()[1]
        settings = build_settings(Path(folder), f"http://{arguments.host}:{port}")
        load(settings)
        sys.stdout.write(f"Serving on http://{arguments.host}:{port}\n")
        sys.stdout.flush()
        server = uvicorn.Server(uvicorn.Config(FaultInjector(create_app(settings)), log_level="error", lifespan="on"))
        server.run(sockets=[listener])


def build_settings(folder: Path, url: str) -> Settings:
    """Settings of a server that keeps everything in one folder."""
    return Settings(
        database_url=str(folder / "kb.sqlite3"),
        search_dir=folder / "search",
        export_dir=folder / "export",
        public_url=url,
        features=("fhir",),
    )


def load(settings: Settings) -> None:
    """Load the invented content."""
    engine = create_write_engine(settings.writer_url)
    try:
        migrate(engine)
        write_content(engine, load_content(SEED))
    finally:
        engine.dispose()


if __name__ == "__main__":
    main()
