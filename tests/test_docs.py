"""What the documents say is so: examples answer as shown, settings and commands are all there, links lead somewhere."""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from checkout import ROOT
from typer.main import get_command

from app.cli import cli
from app.settings import OTHERS, Settings

HERE = "http://127.0.0.1:8000"
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.fixture(scope="module")
def server(shipped_urls: dict[str, str]) -> Iterator[str]:
    """The shipped content behind a real server."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    given = {name: value for name, value in os.environ.items() if not name.startswith("KB_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "app.cli", "serve", "--no-load"],
        env={**given, "PYTHONPATH": str(ROOT), "KB_DATABASE_URL": shipped_urls["sqlite"], "KB_PORT": str(port)},
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


def fenced(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def curls() -> list[tuple[str, str]]:
    """Each curl of a console example of the README with the answer that is shown below it."""
    found = []
    for block in fenced("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = part.partition("\n")
            if command.startswith("curl"):
                found.append((command, shown))
    return found


def shown_in(shown: Any, real: Any) -> bool:
    """Is what is shown part of what is real: `...` stands for what is left out."""
    if isinstance(shown, dict) and isinstance(real, dict):
        left_out = "..." in shown
        mine = {key: value for key, value in shown.items() if key != "..."}
        return (left_out or mine.keys() == real.keys()) and all(
            key in real and shown_in(value, real[key]) for key, value in mine.items()
        )
    if isinstance(shown, list) and isinstance(real, list):
        mine_ = [one for one in shown if one != "..."]
        enough = len(real) >= len(mine_) if "..." in shown else len(real) == len(mine_)
        return enough and all(shown_in(one, other) for one, other in zip(mine_, real, strict=False))
    return bool(shown == real)


def test_the_readme_has_examples_with_answers() -> None:
    assert len(curls()) >= 4
    assert all(shown for _, shown in curls())


@pytest.mark.parametrize(("command", "shown"), curls())
def test_a_curl_of_the_readme_answers_as_shown(server: str, command: str, shown: str) -> None:
    address = shlex.split(command)[-1]
    assert address.startswith(HERE)

    answer = httpx.get(server + address.removeprefix(HERE))

    if shown.startswith("HTTP/1.1"):
        first, *headers = shown.splitlines()
        assert first == f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}"
        assert {name: answer.headers[name] for name, _, _ in (one.partition(": ") for one in headers)} == dict(
            one.split(": ", 1) for one in headers
        )
    else:
        assert shown_in(json.loads(shown), answer.json()), answer.text


def test_the_fetch_of_the_readme_prints_what_is_shown(server: str) -> None:
    node = shutil.which("node")
    if node is None and not os.environ.get("KB_REQUIRE_ALL"):
        pytest.skip("no node here")
    (script,), (shown, *_) = fenced("js"), fenced("text")

    done = subprocess.run(
        [node or "node", "--input-type=module", "-e", script.replace(HERE, server)],
        capture_output=True,
        text=True,
        check=True,
        # A machine with a proxy: the server is on this one.
        env={"PATH": os.environ["PATH"]},
    )

    assert done.stdout == shown


def test_every_setting_is_documented_and_nothing_else() -> None:
    text = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `(KB_[A-Z_]+)`", text, re.MULTILINE))

    assert documented == {f"KB_{name.upper()}" for name in Settings.model_fields}
    assert all(f"`{name}`" in text for name in OTHERS)


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


def links(document: Path) -> list[str]:
    text = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return [link for link in re.findall(r"\]\(([^)\s]+)\)", text) if not re.match(r"[a-z]+:|#", link)]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_relative_link_is_dead(document: Path) -> None:
    dead = [link for link in links(document) if not (document.parent / link.partition("#")[0]).exists()]

    assert dead == []


def test_every_document_can_be_reached_from_the_readme() -> None:
    reached: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        here = todo.pop()
        # A link to a folder leads to all of its documents, as it does where repositories are shown.
        found = [here] if here.suffix == ".md" else sorted(here.glob("*.md")) if here.is_dir() else []
        for document in found:
            if document not in reached:
                reached.add(document)
                todo += [(document.parent / link.partition("#")[0]).resolve() for link in links(document)]

    assert [path.relative_to(ROOT).as_posix() for path in DOCUMENTS if path not in reached] == []
