"""Wheel: installed into a fresh environment and run from an empty directory without the checkout."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from checkout import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(directory),
    ]
    subprocess.run([*command, str(ROOT)], check=True, capture_output=True)
    (path,) = directory.glob("procedure_kb-*.whl")
    return path


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Scripts directory of a fresh environment with the wheel, and with the dependencies of this environment."""
    environment = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    python = environment / "bin" / "python"
    site = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    command = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(command, check=True, capture_output=True)
    # They follow the wheel on the path and exclude the editable install of the checkout under test.
    dependencies = Path(sysconfig.get_path("purelib"))
    links = Path(site) / "dependencies"
    links.mkdir()
    for entry in dependencies.iterdir():
        if "procedure_kb" not in entry.name and entry.suffix != ".pth":
            (links / entry.name).symlink_to(entry)
    (Path(site) / "dependencies.pth").write_text(f"{links}\n", encoding="utf-8")
    return environment / "bin"


@pytest.fixture(scope="module")
def environment(scripts: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("KB_", "PYTHONPATH"))}
    return {**inherited, "PATH": f"{scripts}:{os.environ['PATH']}"}


@pytest.fixture(scope="module")
def empty_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("empty")


@pytest.fixture(scope="module")
def server(scripts: Path, environment: dict[str, str], empty_directory: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [scripts / "procedure-kb", "serve"],
        cwd=empty_directory,
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
    """URL in the line that uvicorn logs when it listens."""
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


def test_an_installed_wheel_serves_the_first_request_of_the_readme_from_an_empty_directory(
    server: str, empty_directory: Path
) -> None:
    response = httpx.get(f"{server}/v1/pain-generators/facet-joint/procedures?role=treats&facet=role", timeout=60)

    assert response.status_code == 200
    assert response.json()["items"]
    assert (empty_directory / "var" / "kb.sqlite3").is_file()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["load"], "is already loaded"),
        (["status"], "Release   "),
        (["check"], "procedures"),
        (["export", "--static", "site"], "files below site"),
    ],
)
def test_an_installed_wheel_runs_every_command(
    server: str, scripts: Path, environment: dict[str, str], empty_directory: Path, arguments: list[str], line: str
) -> None:
    assert server
    process = subprocess.run(
        [scripts / "procedure-kb", *arguments],
        cwd=empty_directory,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert process.returncode == 0, process.stderr
    assert line in process.stdout


def test_wheel_and_checkout_have_the_same_code_fingerprint(
    scripts: Path, environment: dict[str, str], empty_directory: Path
) -> None:
    statement = "import json, app.version as version; print(json.dumps([version.__file__, version.code_fingerprint()]))"
    process = subprocess.run(
        [scripts / "python", "-c", statement],
        cwd=empty_directory,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    file, fingerprint = json.loads(process.stdout)

    from app.version import code_fingerprint

    assert not Path(file).is_relative_to(ROOT)
    assert fingerprint == code_fingerprint()
