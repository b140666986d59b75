"""Architecture as a table: the packages that each package may import."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

APP = Path(__file__).resolve().parent.parent / "app"
# Package or top-level module -> packages it may import, beside itself.
ALLOWED_IMPORTS: dict[str, set[str]] = {
    "errors": set(),
    "version": set(),
    "resources": set(),
    "gc_pause": set(),
    "domain": set(),
    "text": set(),
    "files": set(),
    "schemas": {"domain", "errors"},
    "db": {"resources"},
    "settings": {"db", "domain", "errors", "resources"},
    "models": {"db", "domain"},
    "search": {"db", "domain", "text"},
    "queries": {"db", "domain", "errors", "text"},
    "seed": {"domain", "errors", "text"},
    "read_model": {"domain", "seed", "text"},
    "loader": {"db", "domain", "gc_pause", "models", "queries", "read_model", "seed", "text", "version"},
    "formats": {"db", "domain", "models", "queries", "read_model", "schemas", "text"},
    "monitoring": set(),
    "http": {
        "db",
        "domain",
        "errors",
        "files",
        "gc_pause",
        "monitoring",
        "queries",
        "read_model",
        "search",
        "settings",
        "text",
        "version",
    },
    "openapi": {"db", "domain", "errors", "http", "queries", "schemas"},
    "api": {
        "db",
        "domain",
        "errors",
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
    "release_artifact": {"db", "errors", "files", "http", "main", "settings"},
    "static_site": {"domain", "errors", "http", "web"},
    # Beside the service: it starts it, and nothing of the service imports it.
    "testing": {"db", "errors", "http", "loader", "main", "settings"},
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


def get_package(path: Path) -> str:
    return path.relative_to(APP).parts[0].removesuffix(".py")


def find_imports(path: Path) -> set[str]:
    imports = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "app":
            parts = node.module.split(".")
            imports |= (
                {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names if alias.name != "__version__"}
            )
        elif isinstance(node, ast.Import):
            imports |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("app.")}
    return imports


@pytest.mark.parametrize(
    "path", sorted(set(APP.rglob("*.py")) - {APP / "__init__.py"}), ids=lambda path: path.relative_to(APP).as_posix()
)
def test_a_package_imports_only_the_packages_below_it(path: Path) -> None:
    package = get_package(path)

    assert find_imports(path) - {package} <= ALLOWED_IMPORTS[package]


def test_the_packages_form_no_cycle() -> None:
    visited: set[str] = set()
    while len(visited) < len(ALLOWED_IMPORTS):
        layer = {
            package for package, allowed in ALLOWED_IMPORTS.items() if package not in visited and allowed <= visited
        }
        assert layer, f"a cycle among {sorted(set(ALLOWED_IMPORTS) - visited)}"
        visited |= layer


def test_nothing_of_the_service_imports_the_test_kit() -> None:
    assert not [package for package, allowed in ALLOWED_IMPORTS.items() if "testing" in allowed]


def test_only_settings_and_command_line_read_the_environment() -> None:
    readers = {path for path in APP.rglob("*.py") if "os.environ" in path.read_text(encoding="utf-8")}

    assert {path.relative_to(APP).as_posix() for path in readers} <= {"settings.py", "cli.py"}


def test_starting_without_optional_features_does_not_import_them() -> None:
    script = (
        "import sys; from app.main import create_app; create_app(); "
        "print(*(name for name in sys.modules if name.startswith(('app.api.fhir', 'app.formats.fhir', 'app.api.mcp', 'sqlalchemy'))))"
    )

    process = subprocess.run(
        [sys.executable, "-c", script], cwd=APP.parent, env={}, capture_output=True, text=True, check=True
    )

    assert process.stdout.split() == []
