"""The wheel, installed as a stranger would: a fresh environment, an empty folder, no checkout."""

import json
import os
import subprocess
import sys
import sysconfig
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from checkout import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    (path,) = folder.glob("procedure_kb-*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scripts directory of a fresh environment that holds the wheel; its dependencies are those of this environment."""
    environment = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], check=True, capture_output=True, text=True
    ).stdout.strip()
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    # Behind the wheel on the path, and without the editable install of the checkout that is under test.
    dependencies = Path(sysconfig.get_path("purelib"))
    links = Path(site) / "dependencies"
    links.mkdir()
    for entry in dependencies.iterdir():
        if "procedure_kb" not in entry.name and entry.suffix != ".pth":
            (links / entry.name).symlink_to(entry)
    (Path(site) / "dependencies.pth").write_text(f"{links}\n", encoding="utf-8")
    return environment / "bin"


@pytest.fixture(scope="module")
def environment(installed: Path) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("KB_", "PYTHONPATH"))}
    return {**clean, "PATH": f"{installed}:{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="module")
def server(installed: Path, environment: dict[str, str], folder: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [installed / "procedure-kb", "serve"],
        cwd=folder,
        env={**environment, "KB_PORT": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield _announced_url(process)
    finally:
        process.terminate()
        process.wait(timeout=30)


def _announced_url(process: subprocess.Popen[str]) -> str:
    """The URL in uvicorn's line about where it runs."""
    assert process.stdout
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "running on http" in line:
            return "http" + line.split("http", 1)[1].split()[0].rstrip('",')
    pytest.fail("".join(lines))


def test_the_wheel_carries_migrations_seed_and_types(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()

    assert "app/py.typed" in names
    assert "app/bundled/migrations/env.py" in names
    assert any(name.startswith("app/bundled/seed_data/procedures/") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "migrations/", "seed_data/", "docs/"))]


def test_an_installed_wheel_serves_the_first_request_of_the_readme_from_an_empty_folder(
    server: str, folder: Path
) -> None:
    response = httpx.get(f"{server}/v1/pain-generators/facet-joint/procedures?role=treats&facet=role", timeout=60)

    assert response.status_code == 200
    assert response.json()["items"]
    assert (folder / "var" / "kb.sqlite3").is_file()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["load"], "is loaded already"),
        (["status"], "Release   "),
        (["check"], "procedures"),
        (["export", "--static", "site"], "files below site"),
    ],
)
def test_an_installed_wheel_runs_every_command(  # noqa: PLR0917 - fixtures
    server: str, installed: Path, environment: dict[str, str], folder: Path, arguments: list[str], line: str
) -> None:
    assert server
    done = subprocess.run(
        [installed / "procedure-kb", *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert line in done.stdout


def test_a_wheel_and_its_checkout_are_the_same_code(installed: Path, environment: dict[str, str], folder: Path) -> None:
    statement = "import json, app.version as version; print(json.dumps([version.__file__, version.build_id()]))"
    done = subprocess.run(
        [installed / "python", "-c", statement], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    file, fingerprint = json.loads(done.stdout)

    from app.version import code_fingerprint

    assert not Path(file).is_relative_to(ROOT)
    assert fingerprint == code_fingerprint()
