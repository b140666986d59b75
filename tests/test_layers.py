"""The architecture, held as a table: which room may import which."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parent.parent / "app"
# Package or top-level module -> those it may import. Each may import itself; an empty set imports nothing of the application.
BELOW: dict[str, set[str]] = {
    "errors": set(),
    "version": set(),
    "resources": set(),
    "gc_pause": set(),
    "domain": set(),
    "text": set(),
    "files": set(),
    "schemas": {"domain"},
    "db": {"resources"},
    "settings": {"db", "domain", "errors", "resources"},
    "models": {"db", "domain"},
    "search": {"db", "files", "text"},
    "queries": {"db", "domain", "errors", "text"},
    "seed": {"domain", "errors", "text"},
    "read_model": {"domain", "seed", "text"},
    "loader": {"db", "domain", "gc_pause", "models", "queries", "read_model", "seed", "text", "version"},
    "formats": {"db", "domain", "queries", "read_model", "schemas", "text"},
    "monitoring": set(),
    "http": {"db", "domain", "errors", "monitoring", "queries", "read_model", "search", "settings", "text", "version"},
    "openapi": {"db", "domain", "http", "queries", "schemas"},
    "api": {
        "db",
        "domain",
        "errors",
        "files",
        "formats",
        "http",
        "monitoring",
        "openapi",
        "queries",
        "schemas",
        "search",
        "text",
        "version",
    },
    "web": {"domain", "errors", "formats", "http", "openapi", "queries", "search", "settings", "text"},
    "main": {"api", "db", "errors", "http", "monitoring", "openapi", "settings", "web"},
    "asgi": {"gc_pause", "main"},
    "static_site": {"errors", "http", "web"},
    "cli": {
        "db",
        "errors",
        "gc_pause",
        "loader",
        "main",
        "monitoring",
        "queries",
        "seed",
        "settings",
        "static_site",
        "version",
    },
}


def room_of(path: Path) -> str:
    return path.relative_to(APP).parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "app":
            parts = node.module.split(".")
            found |= (
                {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names if alias.name != "__version__"}
            )
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("app.")}
    return found


@pytest.mark.parametrize("path", sorted(APP.rglob("*.py")), ids=lambda path: path.relative_to(APP).as_posix())
def test_imports_go_downward_only(path: Path) -> None:
    room = room_of(path)
    if room == "__init__":
        return

    assert imports_of(path) - {room} <= BELOW[room]


def test_the_table_has_no_cycle() -> None:
    done: set[str] = set()
    while len(done) < len(BELOW):
        free = {room for room, below in BELOW.items() if room not in done and below <= done}
        assert free, f"a cycle among {sorted(set(BELOW) - done)}"
        done |= free


def test_only_the_settings_read_the_environment() -> None:
    readers = {path for path in APP.rglob("*.py") if "os.environ" in path.read_text(encoding="utf-8")}

    assert {path.relative_to(APP).as_posix() for path in readers} <= {"settings.py", "cli.py"}


def test_a_start_imports_no_optional_part_that_it_does_not_serve() -> None:
    asked = (
        "import sys; from app.main import create_app; create_app(); "
        "print(*(name for name in sys.modules if name.startswith(('app.api.fhir', 'app.formats.fhir', 'app.api.mcp', 'sqlalchemy'))))"
    )

    made = subprocess.run(
        [sys.executable, "-c", asked], cwd=APP.parent, env={}, capture_output=True, text=True, check=True
    )

    assert made.stdout.split() == []
