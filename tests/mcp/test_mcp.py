"""MCP over real HTTP: a server in a process of its own, the SDK's client, and bare requests."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
from checkout import ROOT
from conftest import ENGINES, Client
from mcp.client.client import Client as McpClient

from app.domain.json import Json
from app.version import code_fingerprint

TOOLS = {"find", "get", "what_treats", "compare", "what_changed"}
CALLS: list[tuple[str, Json]] = [
    ("find", {"query": "sciatica"}),
    ("find", {"query": "burning pain in the low back", "types": ["procedure"], "limit": 3}),
    ("get", {"name": "rhizotomy"}),
    ("get", {"name": "vertebroplasty", "sections": ["risks", "relief_durations"]}),
    ("get", {"name": "lumbar-radiculopathy", "type": "condition"}),
    ("get", {"name": "facet-joint"}),
    ("get", {"name": "dural-puncture"}),
    ("get", {"name": "vertebroplasty--finding-01"}),
    ("what_treats", {"target": "facet-joint"}),
    ("what_treats", {"target": "sciatica", "role": "treats", "limit": 2}),
    ("compare", {"procedures": ["vertebroplasty", "balloon-kyphoplasty"]}),
]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def start(url: str, search: Path, **more: str) -> tuple[str, subprocess.Popen[bytes]]:
    port = free_port()
    given = {name: value for name, value in os.environ.items() if not name.startswith("KB_")}
    env = {
        **given,
        "KB_DATABASE_URL": url.replace("+psycopg", ""),
        "KB_EXTRAS": "mcp",
        "KB_SEARCH_DIR": str(search),
        **more,
    }
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "--factory",
        "app.main:create_app",
        "--port",
        str(port),
        "--log-level",
        "warning",
    ]
    server = subprocess.Popen(command, cwd=ROOT, env=env)
    address = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            if httpx.get(f"{address}/health/ready", timeout=5).status_code == 200:
                return address, server
        except httpx.HTTPError:
            assert server.poll() is None
        time.sleep(0.1)
    server.terminate()
    raise AssertionError("the server does not answer")


@pytest.fixture(scope="module", params=ENGINES)
def served(
    request: pytest.FixtureRequest, shipped_urls: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    address, server = start(shipped_urls[request.param], tmp_path_factory.mktemp("search"))
    yield address
    server.terminate()
    server.wait(30)


@pytest.fixture
def call(served: str) -> Callable[[str, Json], Any]:
    def ask(tool: str, given: Json) -> Any:
        async def talk() -> Any:
            async with McpClient(f"{served}/mcp") as client:
                return await client.call_tool(tool, given)

        return asyncio.run(talk())

    return ask


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_sdk_lists_five_tools_that_only_read(served: str, mode: str) -> None:
    async def talk() -> Any:
        async with McpClient(f"{served}/mcp", mode=mode) as client:
            return await client.list_tools()

    tools = asyncio.run(talk()).tools

    assert {tool.name for tool in tools} == TOOLS
    for tool in tools:
        assert tool.annotations.read_only_hint
        assert "not advice" in tool.description
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        jsonschema.Draft202012Validator.check_schema(tool.output_schema)


@pytest.mark.parametrize(
    ("tool", "given"), CALLS, ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:40]
)
def test_every_answer_cites_names_its_release_and_is_no_advice(
    served: str, call: Callable[[str, Json], Any], tool: str, given: Json
) -> None:
    result = call(tool, given)

    assert not result.is_error, result.content
    answer = result.structured_content
    assert answer["release"]["version"] == httpx.get(f"{served}/v1/releases/current").json()["version"]
    assert answer["notice"].lower().count("information, not advice") == 1
    assert answer["sources"]
    assert json.loads(result.content[0].text) == answer
    named = {source["slug"] for source in answer["sources"]}
    assert set(re.findall(r'"sources": \["([^"]+)"', json.dumps(answer))) <= named


def test_what_changed_tells_the_changes_of_a_release(served: str, call: Callable[[str, Json], Any]) -> None:
    version = httpx.get(f"{served}/v1/releases/current").json()["version"]

    first = call("what_changed", {"limit": 2}).structured_content
    second = call("what_changed", {"limit": 2, "cursor": first["next"]}).structured_content

    shown = httpx.get(f"{served}/v1/releases/{version.replace('+', '%2B')}/changes?limit=4").json()
    assert first["version"] == version
    assert first["total"] == shown["page"]["total"]
    assert [one["record"] for one in first["items"] + second["items"]] == [one["entity"] for one in shown["items"]]


def test_what_treats_agrees_with_the_look_up(served: str, call: Callable[[str, Json], Any]) -> None:
    told, cursor = [], ""
    while cursor is not None:
        answer = call(
            "what_treats", {"target": "facet-joint", "role": "treats", "limit": 3, "cursor": cursor}
        ).structured_content
        told += [(one["slug"], one["claim"]["id"]) for one in answer["items"]]
        cursor = answer["next"]

    shown = httpx.get(f"{served}/v1/pain-generators/facet-joint/procedures?role=treats&limit=100").json()["items"]
    assert told == [(one["slug"], one["edge"]["claim"]) for one in shown]


def test_a_record_in_full_has_every_claim_of_its_page(served: str, call: Callable[[str, Json], Any]) -> None:
    answer = call("get", {"name": "vertebroplasty"}).structured_content
    page = httpx.get(f"{served}/v1/procedures/vertebroplasty").json()

    told = {claim["id"] for section in answer["sections"] for claim in section["claims"]}
    shown = {
        item["id"]
        for block in page.values()
        if isinstance(block, dict)
        for item in block.get("items", ())
        if "citations" in item
    }
    assert told == shown
    assert set(answer["unknown"]) == {
        name
        for name, block in page.items()
        if isinstance(block, dict) and block.get("status") == "unknown" and name not in {"typical_relief", "conflicts"}
    }


@pytest.mark.parametrize(
    ("tool", "given", "near"),
    [
        ("get", {"name": "vertebroplsty"}, "vertebroplasty"),
        ("get", {"name": "vertebroplasty", "type": "proceedure"}, "procedure"),
        ("get", {"name": "vertebroplasty", "sections": ["risk"]}, "risks"),
        ("get", {"nam": "vertebroplasty"}, "name"),
        ("get", {"name": "vertebroplasty--finding-99", "type": "claim"}, "vertebroplasty--"),
        ("find", {"query": "?"}, "letter"),
        ("find", {"query": "pain", "limit": 51}, "50"),
        ("find", {"query": "pain", "cursor": "x"}, "cursor"),
        ("what_treats", {"target": "facett joint"}, "facet-joint"),
        ("what_treats", {"target": "facet-joint", "role": "treat"}, "treats"),
        ("what_treats", {"target": "facet-joint", "family": ["ablatoin"]}, "ablation"),
        ("what_treats", {"target": "facet-joint", "min_relief": "3 months"}, "P3M"),
        ("compare", {"procedures": ["vertebroplasty"]}, "2"),
        ("compare", {"procedures": ["vertebroplasty", "Percutaneous vertebroplasty"]}, "two different"),
        ("what_changed", {"version": "9.9.9"}, "Nearest known"),
    ],
)  # fmt: skip
def test_a_mistake_is_an_error_that_names_the_nearest(
    call: Callable[[str, Json], Any], tool: str, given: Json, near: str
) -> None:
    result = call(tool, given)

    assert result.is_error
    assert near in result.content[0].text


def test_an_unknown_tool_is_an_error_of_the_protocol_with_the_nearest(served: str) -> None:
    answer = posted(served, {**CALL, "params": {"name": "what_treat", "arguments": {}}})

    assert "what_treats" in answer.json()["error"]["message"]


def posted(served: str, body: Json | bytes, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    plain = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    return httpx.post(f"{served}/mcp", content=content, headers={**plain, **headers}, timeout=30)


LIST: Json = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
CALL: Json = {
    "jsonrpc": "2.0",
    "id": 2,
    "method": "tools/call",
    "params": {"name": "get", "arguments": {"name": "facet-joint"}},
}


def test_any_worker_answers_without_a_session_behind_any_host(served: str) -> None:
    answer = posted(served, LIST, Host="kb.example.org", Origin="https://elsewhere.example")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert len(answer.json()["result"]["tools"]) == 5
    assert "mcp-session-id" not in answer.headers


def test_answers_are_open_to_browsers_name_their_release_and_are_not_kept(served: str) -> None:
    answer = posted(served, CALL)

    assert answer.headers["access-control-allow-origin"] == "*"
    assert "KB-Release" in answer.headers["access-control-expose-headers"]
    assert answer.headers["kb-release"] == httpx.get(f"{served}/v1/releases/current").json()["version"]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers.get_list("kb-build") == [code_fingerprint()]
    preflight = httpx.options(
        f"{served}/mcp", headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    )
    assert preflight.status_code == 204
    assert "POST" in preflight.headers["access-control-allow-methods"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PUT"])
def test_only_post_means_anything_without_sessions(served: str, method: str) -> None:
    answer = httpx.request(method, f"{served}/mcp", headers={"Accept": "text/event-stream"}, timeout=30)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST, OPTIONS")
    assert answer.headers["access-control-allow-origin"] == "*"


def test_a_body_that_is_too_large_is_refused_at_the_door(served: str) -> None:
    whole = posted(served, b"x" * 70_000)
    parts = httpx.post(f"{served}/mcp", content=iter([b"x" * 1000] * 70), timeout=30)

    assert (whole.status_code, whole.json()["code"]) == (413, "body_too_large")
    assert parts.status_code == 413


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"jsonrpc":"2.0"}', b"\xff\xfe", b'{"jsonrpc":"2.0","id":1,"method":"none"}', json.dumps({**CALL, "params": {"name": "get", "arguments": {"name": "\u0000"}}}).encode(), json.dumps({**CALL, "params": {"name": "get", "arguments": {"name": "\ud800"}}}).encode(), json.dumps({**CALL, "params": {"name": "get", "arguments": 3}}).encode()])  # fmt: skip
def test_nothing_that_can_be_posted_is_a_fault_of_the_service(served: str, body: bytes) -> None:
    answer = posted(served, body)

    assert answer.status_code < 500, answer.text
    assert "Internal" not in answer.text


def test_an_installation_without_mcp_says_how_to_get_it(client: Client) -> None:
    for method in ("GET", "POST"):
        answer = client.request(
            method, "/mcp", headers={"Content-Type": "application/json"}, content="{}" if method == "POST" else None
        )
        assert (answer.status_code, answer.json()["code"]) == (404, "not_installed")
        assert "KB_EXTRAS=mcp make serve" in answer.text
        assert answer.headers["access-control-allow-origin"] == "*"


def test_more_at_once_than_it_is_set_to_is_refused_with_when_to_come_back(
    shipped_urls: dict[str, str], tmp_path: Path
) -> None:
    address, server = start(shipped_urls["sqlite"], tmp_path, KB_MAX_CONCURRENCY="1")

    async def many() -> list[httpx.Response]:
        async with httpx.AsyncClient(timeout=60) as client:
            plain = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
            heavy = {
                **CALL,
                "params": {"name": "compare", "arguments": {"procedures": ["vertebroplasty", "balloon-kyphoplasty"]}},
            }
            return await asyncio.gather(*(client.post(f"{address}/mcp", json=heavy, headers=plain) for _ in range(20)))

    try:
        answers = asyncio.run(many())
    finally:
        server.terminate()
        server.wait(30)

    assert {one.status_code for one in answers} == {200, 503}
    assert all(one.headers["retry-after"] for one in answers if one.status_code == 503)


def test_every_example_of_the_document_is_answered(served: str) -> None:
    text = (ROOT / "docs/mcp.md").read_text(encoding="utf-8")
    bodies = re.findall(r"-d '(\{[^']+\})'", text)

    assert bodies
    for body in bodies:
        answer = posted(served, body.encode())
        assert answer.status_code == 200
        assert not answer.json()["result"].get("isError"), answer.text[:300]
