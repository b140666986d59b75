"""Documentation: its examples produce the output shown, it covers all settings and commands, and its links are not dead."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from checkout import ROOT
from live import find_free_port
from typer.main import get_command

from app.cli import cli
from app.settings import Settings

DOCUMENTED_URL = "http://127.0.0.1:8000"
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.fixture(scope="module")
def server(shipped_urls: dict[str, str]) -> Iterator[str]:
    """The shipped content behind a real server."""
    port = find_free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("KB_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--no-load"],
        env={**inherited, "PYTHONPATH": str(ROOT), "KB_DATABASE_URL": shipped_urls["sqlite"], "KB_PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            try:
                if httpx.get(f"{base}/health/live").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield base
    finally:
        process.terminate()
        process.wait()


def list_code_blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def list_curl_examples() -> list[tuple[str, str]]:
    """Each curl command of the README with the output shown below it."""
    examples = []
    for block in list_code_blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            if command.startswith("curl"):
                examples.append((command, output))
    return examples


def matches(documented: Any, actual: Any) -> bool:
    """Compare documented JSON with actual JSON; `...` in the documented JSON matches any omitted members."""
    if isinstance(documented, dict) and isinstance(actual, dict):
        members = {key: value for key, value in documented.items() if key != "..."}
        return ("..." in documented or members.keys() == actual.keys()) and all(
            key in actual and matches(value, actual[key]) for key, value in members.items()
        )
    if isinstance(documented, list) and isinstance(actual, list):
        elements = [element for element in documented if element != "..."]
        long_enough = len(actual) >= len(elements) if "..." in documented else len(actual) == len(elements)
        return long_enough and all(map(matches, elements, actual))
    return bool(documented == actual)


def test_the_readme_has_curl_examples_with_output() -> None:
    assert len(list_curl_examples()) >= 4
    assert all(output for _, output in list_curl_examples())


@pytest.mark.parametrize(("command", "output"), list_curl_examples())
def test_a_curl_example_of_the_readme_produces_its_output(server: str, command: str, output: str) -> None:
    url = shlex.split(command)[-1]
    assert url.startswith(DOCUMENTED_URL)

    response = httpx.get(server + url.removeprefix(DOCUMENTED_URL))

    if output.startswith("HTTP/1.1"):
        status_line, *header_lines = output.splitlines()
        headers = dict(line.split(": ", 1) for line in header_lines)
        assert status_line == f"HTTP/1.1 {response.status_code} {response.reason_phrase}"
        assert {name: response.headers[name] for name in headers} == headers
    else:
        assert matches(json.loads(output), response.json()), response.text


def test_the_fetch_example_of_the_readme_prints_its_output(server: str) -> None:
    node = shutil.which("node")
    if node is None and not os.environ.get("KB_REQUIRE_ALL"):
        pytest.skip("Node.js is not installed")
    (script,), (output, *_) = list_code_blocks("js"), list_code_blocks("text")

    process = subprocess.run(
        [node or "node", "--input-type=module", "-e", script.replace(DOCUMENTED_URL, server)],
        capture_output=True,
        text=True,
        check=True,
        # Without proxy variables: the server is on this host.
        env={"PATH": os.environ["PATH"]},
    )

    assert process.stdout == output


def test_the_documented_settings_are_exactly_the_existing_ones() -> None:
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(KB_[A-Z_]+)`", text, re.MULTILINE))

    assert documented == {f"KB_{name.upper()}" for name in Settings.model_fields}
    assert all(f"`{name}`" in text for name in ("KB_FULL", "KB_REQUIRE_ALL"))


def test_every_command_is_documented_with_help_for_each_option() -> None:
    text = (ROOT / "docs/command-line.md").read_text(encoding="utf-8")
    commands = get_command(cli).commands  # type: ignore[attr-defined]

    assert set(re.findall(r"^\| `([a-z-]+)[^`]*` \|", text, re.MULTILINE)) == set(commands)
    for name, command in commands.items():
        assert command.help, name
        for option in command.params:
            assert getattr(option, "help", None), f"{name} {option.name}"
            if option.name != "help":
                assert f"`{max(option.opts, key=len)}`" in text, f"{name} {option.opts}"


def list_links(document: Path) -> list[str]:
    text = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:|#", link)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_relative_link_is_dead(document: Path) -> None:
    dead = [link for link in list_links(document) if not (document.parent / link.partition("#")[0]).exists()]

    assert dead == []


def test_every_document_is_reachable_from_the_readme() -> None:
    reached: set[Path] = set()
    queue = [ROOT / "README.md"]
    while queue:
        path = queue.pop()
        # A link to a directory leads to all of its documents, as on the websites that host repositories.
        documents = [path] if path.suffix == ".md" else sorted(path.glob("*.md")) if path.is_dir() else []
        for document in documents:
            if document not in reached:
                reached.add(document)
                queue += [(document.parent / link.partition("#")[0]).resolve() for link in list_links(document)]

    assert [path.relative_to(ROOT).as_posix() for path in DOCUMENTS if path not in reached] == []
