"""Container files in a container engine: Dockerfile and docker-compose.yml, run by `tests/containers/run`."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
from checkout import ROOT

BASE: Final = "http://127.0.0.1:8000"
NEW, BEFORE = "procedure-kb:new", "procedure-kb:before"
# Where the machine keeps the settings of pip: a build has to find packages as the machine does.
PIP_SETTINGS: Final = [path for path in ("/etc/pip.conf", "/etc/ssl/certs") if Path(path).exists()]
SECRETS: Final = {
    "KB_LOADER_PASSWORD": "loader-secret-1",
    "KB_API_PASSWORD": "api-secret-1",
    "KB_REPLICATION_PASSWORD": "replica-secret-1",
    "KB_PUBLIC_URL": BASE,
    # Tests ask faster than one reader.
    "KB_NGINX_RATE": "500",
}


def run(*command: str, check: bool = True, **environment: str) -> subprocess.CompletedProcess[str]:
    process = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **SECRETS, **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert process.returncode == 0 or not check, f"{command}: {process.stdout[-2000:]}{process.stderr[-4000:]}"
    return process


def wait_for(what: str, condition: Callable[[], object], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} seconds"
        time.sleep(0.3)


def get_status(url: str) -> int:
    try:
        return httpx.get(url, timeout=15).status_code
    except httpx.TransportError:
        return 0


def build_image(source: Path, tag: str) -> None:
    mounts = [option for path in PIP_SETTINGS for option in ("-v", f"{path}:{path}:ro")]
    options = ("--isolation", "chroot", "--network", "host", "--format", "docker")
    run("podman", "build", "-q", *options, *mounts, "-t", tag, str(source))


@pytest.fixture(scope="session", autouse=True)
def image() -> str:
    build_image(ROOT, NEW)
    return NEW


@pytest.fixture(scope="session")
def image_before(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Image of the code before the newest migration. This version's Dockerfile builds it: only the code is of then."""
    newest = run("git", "log", "-1", "--format=%H", "--", "migrations/versions").stdout.strip()
    source = tmp_path_factory.mktemp("before")
    archive = source / "source.tar"
    run("git", "archive", "--output", str(archive), f"{newest}^")
    run("tar", "-xf", str(archive), "-C", str(source))
    archive.unlink()
    shutil.copy(ROOT / "Dockerfile", source)
    build_image(source, BEFORE)
    return BEFORE


class Container:
    """One container of the image, on the network of this machine."""

    def __init__(self, *options: str, port: int, command: tuple[str, ...] = (), **environment: str) -> None:
        self.base = f"http://127.0.0.1:{port}"
        settings = {"KB_PORT": str(port), "KB_HOST": "127.0.0.1", **environment}
        variables = [option for name, value in settings.items() for option in ("-e", f"{name}={value}")]
        started = run("podman", "run", "-d", "--network", "host", *variables, *options, NEW, *command)
        self.name = started.stdout.strip()

    def inspect(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads(run("podman", "inspect", self.name).stdout)[0]["State"]
        return state

    def logs(self) -> str:
        process = run("podman", "logs", self.name)
        return process.stdout + process.stderr

    def wait_until_ready(self) -> None:
        wait_for(f"readiness of {self.logs()}", lambda: get_status(f"{self.base}/health/ready") == 200)

    def remove(self) -> None:
        run("podman", "rm", "-f", "-v", "-t", "0", self.name, check=False)


@pytest.fixture
def start(request: pytest.FixtureRequest) -> Callable[..., Container]:
    def start_container(*options: str, **settings: Any) -> Container:
        container = Container(*options, **settings)
        request.addfinalizer(container.remove)
        return container

    return start_container


READ_ONLY: Final = ("--read-only", "--read-only-tmpfs=false", "--cap-drop=ALL", "--security-opt=no-new-privileges")


@pytest.mark.parametrize("options", [(), READ_ONLY], ids=["default", "read-only root"])
def test_one_container_serves_from_sqlite_and_stops_cleanly(
    start: Callable[..., Container], options: tuple[str, ...]
) -> None:
    container = start(*options, port=18200)
    container.wait_until_ready()

    wait_for("the export", lambda: get_status(f"{container.base}/v1/export/manifest.json") == 200)
    for path in ("/v1/procedures", "/v1/search?q=epidural", "/openapi.json", "/v1/export/kb.sqlite", "/"):
        assert get_status(f"{container.base}{path}") == 200, path
    assert run("podman", "exec", container.name, "id", "-u").stdout.strip() == "10001"

    run("podman", "stop", "-t", "25", container.name)
    assert container.inspect()["ExitCode"] == 0, container.logs()


def test_a_container_that_is_told_to_stop_while_it_loads_stops_at_once(start: Callable[..., Container]) -> None:
    container = start(port=18201)
    wait_for("the migration before the load", lambda: "Migrated" in container.logs(), seconds=120)
    began = time.monotonic()
    run("podman", "stop", "-t", "25", container.name)

    assert time.monotonic() - began < 10
    assert "Traceback" not in container.logs()


@pytest.mark.parametrize("variable", ["KB_SEARCH_DIR", "KB_EXPORT_DIR"])
def test_a_directory_that_cannot_be_written_ends_the_start_with_its_name(
    start: Callable[..., Container], variable: str
) -> None:
    container = start(*READ_ONLY, port=18202, **{variable: "/opt/files"})
    wait_for("the end", lambda: container.inspect()["Status"] == "exited")

    assert container.inspect()["ExitCode"] == 2
    assert f"{variable}='/opt/files'" in container.logs()
    assert "Traceback" not in container.logs()


class Services:
    """All services of docker-compose.yml. Started one by one: this engine does not wait for health."""

    def up(self, name: str, image: str = NEW) -> None:
        run("podman-compose", "up", "-d", "--no-build", "--no-deps", "--force-recreate", name, KB_IMAGE=image)

    def replace_api(self, name: str, image: str = NEW) -> None:
        """Start an API anew, and have nginx look up its address again, as docs/operations/containers.md says."""
        self.up(name, image)
        wait_for(f"readiness of {name}", lambda: self.answers(name, "/health/ready"))
        self.exec("nginx", "nginx", "-s", "reload")

    def answers(self, name: str, path: str) -> bool:
        """Whether this API itself, behind nginx, answers the path with success."""
        program = f"import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000{path}')"
        command = ("podman-compose", "exec", "-T", name, "python", "-c", program)
        return run(*command, KB_IMAGE=NEW, check=False).returncode == 0

    def exec(self, name: str, *command: str) -> str:
        return run("podman-compose", "exec", "-T", name, *command, KB_IMAGE=NEW).stdout

    def kill(self, name: str) -> None:
        run("podman-compose", "kill", "-s", "KILL", name, KB_IMAGE=NEW)

    def wait_for_postgres(self, name: str) -> None:
        command = ("podman-compose", "exec", "-T", name, "pg_isready", "-U", "kb_loader", "-d", "kb")
        wait_for(f"{name} accepts connections", lambda: run(*command, check=False).returncode == 0)

    def load(self, image: str) -> None:
        self.up("migrate", image)
        container = "procedure-kb_migrate_1"
        assert run("podman", "wait", container).stdout.strip() == "0", run("podman", "logs", container).stderr[-2000:]

    def start(self, image: str) -> None:
        self.up("db", image)
        self.wait_for_postgres("db")
        self.up("replica", image)
        self.wait_for_postgres("replica")
        self.load(image)
        for name in ("api-1", "api-2", "nginx"):
            self.up(name, image)
        wait_for("readiness through nginx", lambda: get_status(f"{BASE}/health/ready") == 200)

    def down(self) -> None:
        run("podman-compose", "down", "-v", "-t", "5", KB_IMAGE=NEW, check=False)


@pytest.fixture(scope="session")
def services(image_before: str) -> Iterator[Services]:
    services = Services()
    services.down()
    services.start(image_before)
    yield services
    services.down()


def test_the_services_upgrade_from_the_image_before_and_answer_throughout(services: Services) -> None:
    paths = ("/v1/procedures", "/v1/procedures/vertebroplasty", "/health/live")
    before = {path: get_status(f"{BASE}{path}") for path in paths}
    build = httpx.get(f"{BASE}/v1/procedures").headers["kb-build"]

    services.load(NEW)
    for name in ("api-1", "api-2"):
        services.replace_api(name)
    wait_for("the new build", lambda: httpx.get(f"{BASE}/v1/procedures").headers["kb-build"] != build)

    assert set(before.values()) == {200}
    for path in (*paths, "/v1/search?q=epidural", "/openapi.json", "/"):
        wait_for(path, lambda: get_status(f"{BASE}{path}") == 200)  # noqa: B023 - called at once


def test_exports_are_served_through_nginx(services: Services) -> None:
    # Each API prepares its own copy, and answers 503 until it has one.
    for name in ("api-1", "api-2"):
        wait_for(f"the export of {name}", lambda: services.answers(name, "/v1/export/manifest.json"))  # noqa: B023
    manifest = httpx.get(f"{BASE}/v1/export/manifest.json").json()

    assert all(get_status(file["links"]["self"]) == 200 for file in manifest["files"])


# Each URL is stored by neither nginx nor the API.
def list_statuses(limits: range) -> list[int]:
    return [get_status(f"{BASE}/v1/procedures?limit={limit}") for limit in limits]


def test_the_service_answers_while_an_api_is_killed(services: Services) -> None:
    services.kill("api-1")
    statuses = list_statuses(range(3, 13))
    services.replace_api("api-1")

    assert statuses == [200] * 10


def test_the_service_turns_to_the_primary_when_the_replica_is_killed(services: Services) -> None:
    services.kill("replica")
    # Connections to the replica that were open are found to be lost when they are used.
    at_first = set(list_statuses(range(13, 23)))
    later: list[int] = []
    for first in range(23, 93, 10):
        time.sleep(4)
        later = list_statuses(range(first, first + 10))
        if later == [200] * 10:
            break
    services.up("replica")
    services.wait_for_postgres("replica")

    assert at_first <= {200, 503}
    assert later == [200] * 10


@pytest.mark.parametrize("name", ["db", "replica", "api-1", "nginx"])
def test_no_service_can_write_its_root_file_system(services: Services, name: str) -> None:
    written = services.exec(name, "sh", "-c", "touch /usr/x 2>/dev/null && echo written || echo refused")

    assert written.strip() == "refused"


def test_nginx_cannot_reach_the_database(services: Services) -> None:
    found = services.exec("nginx", "sh", "-c", "getent hosts db replica >/dev/null && echo found || echo unknown")

    assert found.strip() == "unknown"
    assert "api-1" in services.exec("nginx", "getent", "hosts", "api-1")


@pytest.mark.usefixtures("services")
def test_the_api_stops_cleanly_within_its_grace() -> None:
    container = "procedure-kb_api-2_1"
    run("podman", "stop", "-t", "30", container)

    assert run("podman", "inspect", container, "--format", "{{.State.ExitCode}}").stdout.strip() == "0"
    assert get_status(f"{BASE}/v1/procedures?limit=17") == 200


@pytest.mark.usefixtures("services")
def test_no_log_of_a_service_has_a_password_or_a_traceback() -> None:
    for name in ("migrate", "api-1", "api-2", "nginx"):
        process = run("podman", "logs", f"procedure-kb_{name}_1")
        log = process.stdout + process.stderr
        assert "Traceback" not in log, name
        assert not any(secret in log for key, secret in SECRETS.items() if key.endswith("PASSWORD")), name
