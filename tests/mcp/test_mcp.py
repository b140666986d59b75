"""MCP over HTTP: a server in a separate process, called by the SDK's client and by plain requests."""

import asyncio
import json
import os
import re
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
from live import find_free_port
from mcp.client.client import Client as McpClient

from app.api.mcp.arguments import SECTIONS
from app.api.mcp.serialization import CitedSources
from app.api.mcp.server import describe_tool
from app.api.mcp.short_table import ShortTable
from app.api.mcp.tools import TOOLS as MCP_TOOLS
from app.domain.json import Json
from app.loader.content import load_content
from app.seed.emergency_checks import find_lowered_sign, find_misdirected_sign
from app.version import code_fingerprint

TOOLS = {
    *(
        "find",
        "get",
        "what_treats",
        "compare",
        "find_claims",
        "options",
        "disagreements",
        "lookup_code",
        "what_changed",
    ),
}
CALLS: list[tuple[str, Json]] = [
    ("find", {"query": "sciatica"}),
    ("find", {"query": "burning pain in the low back", "types": ["procedure"], "limit": 3}),
    ("get", {"name": "rhizotomy"}),
    ("get", {"name": "vertebroplasty", "sections": ["risks", "relief_durations"]}),
    ("get", {"name": "lumbar-radiculopathy", "type": "condition"}),
    ("get", {"name": "facet-joint"}),
    ("get", {"name": "dural-puncture"}),
    ("get", {"name": "vertebroplasty--finding-01"}),
    ("get", {"name": "costs", "type": "guide_page"}),
    ("get", {"name": "stroke", "type": "emergency", "sections": ["red_flags"]}),
    ("find_claims", {"query": "contraindications in pregnancy"}),
    ("options", {"condition": "chronic low back pain"}),
    ("disagreements", {}),
    ("what_treats", {"record": "facet-joint"}),
    ("what_treats", {"record": "sciatica", "role": "treats", "limit": 2}),
    ("compare", {"procedures": ["vertebroplasty", "balloon-kyphoplasty"]}),
]


def start_server(database_url: str, search_dir: Path, **settings: str) -> tuple[str, subprocess.Popen[bytes]]:
    port = find_free_port()
    env = {
        **{name: value for name, value in os.environ.items() if not name.startswith("KB_")},
        "KB_DATABASE_URL": database_url.replace("+psycopg", ""),
        "KB_FEATURES": "mcp",
        "KB_SEARCH_DIR": str(search_dir),
        "KB_EXPORT_DIR": str(search_dir.parent / "export"),
        **settings,
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
    base_url = f"http://127.0.0.1:{port}"
    for _ in range(600):
        try:
            if httpx.get(f"{base_url}/health/ready", timeout=5).status_code == 200:
                return base_url, server
        except httpx.HTTPError:
            assert server.poll() is None
        time.sleep(0.1)
    server.terminate()
    raise AssertionError("the server does not respond")


@pytest.fixture(scope="module", params=ENGINES)
def base_url(
    request: pytest.FixtureRequest, shipped_urls: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    url, server = start_server(shipped_urls[request.param], tmp_path_factory.mktemp("search"))
    yield url
    server.terminate()
    server.wait(30)


@pytest.fixture
def call(base_url: str) -> Callable[[str, Json], Any]:
    def call_tool(tool: str, arguments: Json) -> Any:
        async def connect_and_call() -> Any:
            async with McpClient(f"{base_url}/mcp") as client:
                return await client.call_tool(tool, arguments)

        return asyncio.run(connect_and_call())

    return call_tool


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_sdk_lists_read_only_tools_with_closed_lists_of_values(base_url: str, mode: str) -> None:
    async def connect_and_list() -> Any:
        async with McpClient(f"{base_url}/mcp", mode=mode) as client:
            return await client.list_tools()

    tools = asyncio.run(connect_and_list()).tools

    assert {tool.name for tool in tools} == TOOLS
    for tool in tools:
        assert tool.annotations.read_only_hint
        assert "not advice" in tool.description
        assert "  " not in tool.description
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        jsonschema.Draft202012Validator.check_schema(tool.output_schema)
        assert "x-extensible-enum" not in json.dumps(tool.input_schema)
    (what_treats,) = [tool for tool in tools if tool.name == "what_treats"]
    assert set(what_treats.input_schema["properties"]["role"]["enum"]) == {"treats", "diagnoses", ""}


@pytest.mark.parametrize(
    ("tool", "arguments"), CALLS, ids=lambda value: value if isinstance(value, str) else json.dumps(value)[:40]
)
def test_every_output_has_sources_release_and_notice(
    base_url: str, call: Callable[[str, Json], Any], tool: str, arguments: Json
) -> None:
    result = call(tool, arguments)

    assert not result.is_error, result.content
    output = result.structured_content
    (schema,) = [describe_tool(each).output_schema for each in MCP_TOOLS.values() if each.name == tool]
    jsonschema.validate(output, schema)
    assert output["release"]["version"] == httpx.get(f"{base_url}/v1/releases/current").json()["version"]
    assert output["notice"].lower().count("information, not advice") == 1
    assert output["sources"]
    assert all({"url", "doi", "pmid"} <= source.keys() for source in output["sources"])
    assert json.loads(result.content[0].text) == output
    listed = {source["slug"] for source in output["sources"]}
    assert set(re.findall(r'"sources": \["([^"]+)"', json.dumps(output))) <= listed


def list_records(base_url: str) -> list[tuple[str, str]]:
    folders = {
        "procedures": "procedure",
        "conditions": "condition",
        "pain-generators": "pain_generator",
        "risks": "risk",
        "guide": "guide_page",
        "emergencies": "emergency",
    }
    return [
        (record_type, row["slug"])
        for folder, record_type in folders.items()
        for row in httpx.get(f"{base_url}/v1/{folder}?limit=100").json()["items"]
    ]


def test_a_record_in_short_has_less_than_6000_characters_and_all_its_harms(base_url: str) -> None:
    for record_type, slug in list_records(base_url):
        arguments = {"name": slug, "type": record_type}
        body = {**CALL, "params": {"name": "get", "arguments": arguments}}
        result = post(base_url, body).json()["result"]
        (text,) = [each["text"] for each in result["content"]]
        assert len(text) < 6_000, slug
        output = result["structuredContent"]
        if record_type != "procedure":
            continue
        row = httpx.get(f"{base_url}/v1/procedures/{slug}").json()
        safety = " ".join(output["safety"])
        listed = {source["slug"] for source in output["sources"]}
        assert set(output["safety_sources"]) <= listed, slug
        assert output["safety_sources"] or not row["serious_risks"]["items"], slug
        assert all(risk["risk"]["name"] in safety for risk in row["serious_risks"]["items"]), slug
        # The minor ones too: a claim that states one may not fit where a benefit does.
        harms = [*row["risk_groups"]["items"], *row["forms"]["risks"]]
        assert all(risk["risk"]["name"] in safety for risk in harms), slug
        opposed = [each for each in row["positions"]["items"] if each["position"] in {"against", "insufficient"}]
        assert all(position["body"] in safety for position in opposed), slug


def test_a_record_with_forms_leads_with_them_and_their_harms(call: Callable[[str, Json], Any]) -> None:
    output = call("get", {"name": "epidural-steroid-injection"}).structured_content

    members = list(output)
    assert members.index("safety") < members.index("summary") < members.index("sections")
    assert output["safety"][0].startswith("5 forms, whose harms are included here: Caudal epidural steroid injection")
    assert output["safety"][1].startswith("Serious harms: Death")
    assert output["safety"][2].startswith("Positions against: ")
    assert any(line.startswith("Call an ambulance") or "emergency" in line.lower() for line in output["safety"])


def test_forms_risks_positions_and_signs_are_in_full_where_they_are_requested(
    call: Callable[[str, Json], Any],
) -> None:
    structures = ["forms", "serious_risks", "positions", "when_to_call"]
    short = call("get", {"name": "epidural-steroid-injection"}).structured_content
    full = call("get", {"name": "epidural-steroid-injection", "sections": structures}).structured_content
    listed = {source["slug"] for source in full["sources"]}

    assert all(short[name] is None for name in structures)
    assert full["forms"]["count"] == 5
    # In full, every serious harm and position against has its sources.
    assert set(short["safety_sources"]) < set(full["safety_sources"]) <= listed
    assert all(full[name] for name in structures)


def test_find_says_the_harms_of_its_hits_and_never_reassures(call: Callable[[str, Json], Any]) -> None:
    (hit,) = call("find", {"query": "vertebroplasty", "limit": 1}).structured_content["items"]
    harmless = call("find", {"query": "my back is a bit sore"}).structured_content

    assert hit["safety"][0].startswith("Serious harms: ")
    assert any("Positions against" in line for line in hit["safety"])
    assert harmless["notices"] == []
    assert "never tell a person that their signs are harmless" in harmless["emergency_note"]


def walk(call: Callable[[str, Json], Any], tool: str, arguments: Json) -> list[Json]:
    """Items of every page, each page below 8,000 characters."""
    items: list[Json] = []
    cursor = ""
    while cursor is not None:
        result = call(tool, {**arguments, "cursor": cursor})
        assert not result.is_error, result.content
        assert len(result.content[0].text) < 8_000
        items += result.structured_content["items"]
        cursor = result.structured_content["next"]
    return items


def test_every_row_of_what_treats_has_its_harms_and_the_positions_against_it(
    base_url: str, call: Callable[[str, Json], Any]
) -> None:
    items = walk(call, "what_treats", {"record": "lumbar-radiculopathy", "limit": 50})
    rows = httpx.get(f"{base_url}/v1/conditions/lumbar-radiculopathy/procedures?limit=100").json()["items"]

    assert [item["slug"] for item in items] == [row["slug"] for row in rows]
    for item, row in zip(items, rows, strict=True):
        assert item["safety_sources"] or not row["serious_risks"]["items"]
        safety, positions = " ".join(item["safety"]), row["positions"]["items"]
        assert all(risk["risk"]["name"] in safety for risk in row["serious_risks"]["items"])
        assert all(each["body"] in safety for each in positions if each["position"] in {"against", "insufficient"})
        assert sum(item["positions"].values()) == len(positions)
    assert any("Positions against" in line for item in items for line in item["safety"])


# One database is enough: both have the same bytes.
@pytest.mark.parametrize("base_url", ["sqlite"], indirect=True)
def test_a_page_of_what_treats_has_less_than_8000_characters(base_url: str) -> None:
    for record_type, slug in list_records(base_url):
        if record_type in {"condition", "pain_generator"}:
            body = {**CALL, "params": {"name": "what_treats", "arguments": {"record": slug, "limit": 50}}}
            cursor = ""
            while cursor is not None:
                body["params"]["arguments"]["cursor"] = cursor
                result = post(base_url, body).json()["result"]
                assert len(result["content"][0]["text"]) < 8_000, slug
                cursor = result["structuredContent"]["next"]


def test_a_narrower_record_names_the_broader_ones_and_what_they_list(
    base_url: str, call: Callable[[str, Json], Any]
) -> None:
    output = call("what_treats", {"record": "lumbar-facet-joint", "role": "diagnoses"}).structured_content
    listed = httpx.get(f"{base_url}/v1/pain-generators/facet-joint/procedures?role=diagnoses").json()

    assert [(row["slug"], row["total"]) for row in output["broader"]] == [("facet-joint", listed["page"]["total"])]


def test_a_comparison_has_findings_and_positions(call: Callable[[str, Json], Any]) -> None:
    procedures = ["vertebroplasty", "balloon-kyphoplasty"]
    output = call("compare", {"procedures": procedures, "rows": ["findings", "positions"]}).structured_content

    assert [row["name"] for row in output["rows"]] == ["positions", "findings"]
    assert all(cell["values"] for row in output["rows"] for cell in row["cells"])
    cited = {row["claim"] for row in output["citations"]}
    assert cited
    assert cited <= {claim for row in output["rows"] for cell in row["cells"] for each in cell["values"] for claim in each["claims"]}  # fmt: skip


# The procedures with the longest lists of harms: those of all their forms.
LONGEST = [
    "epidural-steroid-injection",
    "radiofrequency-ablation",
    "nerve-block",
    "neuromodulation",
    "spinal-cord-stimulation",
    "vertebroplasty",
]


@pytest.mark.parametrize("procedures", [LONGEST[:2], LONGEST[-2:], LONGEST])
def test_a_comparison_is_short_and_has_every_serious_harm_and_position_against(
    base_url: str, call: Callable[[str, Json], Any], procedures: list[str]
) -> None:
    result = call("compare", {"procedures": procedures})
    output = result.structured_content

    assert len(result.content[0].text) < 6_000 * len(procedures)
    assert [row["slug"] for row in output["procedures"]] == procedures
    for row in output["procedures"]:
        document = httpx.get(f"{base_url}/v1/procedures/{row['slug']}").json()
        safety = " ".join(row["safety"])
        assert all(risk["risk"]["name"] in safety for risk in document["serious_risks"]["items"])
        opposed = [each for each in document["positions"]["items"] if each["position"] in {"against", "insufficient"}]
        assert all(each["body"] in safety for each in opposed)
    whole = httpx.get(output["url"] if "://" in output["url"] else base_url + output["url"]).json()
    for short, row in zip(output["rows"], [row for row in whole["rows"] if row["name"] not in output["unknown"]], strict=False):  # fmt: skip
        if short["name"] == row["name"]:
            for cell, full in zip(short["cells"], row["cells"], strict=True):
                assert len(cell["values"]) + cell["more"] == len({value["label"] for value in full["values"]})


def test_no_benefit_is_written_after_a_harm_that_did_not_fit() -> None:
    texts = [{"label": f"{'x' * 40}{number}", "claims": []} for number in range(5)]
    rows = [
        {"name": name, "label": "", "differs": True, "cells": [{"status": "known", "values": texts}]}
        for name in ("findings", "risks")
    ]
    for size in range(200, 1_000, 20):
        table = ShortTable(rows, {}, CitedSources(), size)
        table.fill()
        benefits, harms = (row["cells"][0] for row in table.rows)
        assert len(benefits["values"]) <= len(harms["values"])
        assert harms["more"] == 5 - len(harms["values"])


def test_claims_are_found_by_kind_and_words(call: Callable[[str, Json], Any]) -> None:
    by_words = walk(call, "find_claims", {"query": "contraindications in pregnancy", "limit": 50})
    by_kind = walk(call, "find_claims", {"query": "pregnancy", "kinds": ["contraindication"], "limit": 50})
    of_record = call("find_claims", {"query": "risks", "record": "vertebroplasty"}).structured_content

    assert len(by_words) > 1
    assert by_words == by_kind
    assert {claim["kind"] for claim in by_words} == {"contraindication"}
    assert {claim["subject"]["slug"] for claim in of_record["items"]} == {"vertebroplasty"}
    assert call("find_claims", {"query": "unicorn"}).structured_content["total"] == 0


def test_guide_pages_and_emergencies_are_records(call: Callable[[str, Json], Any]) -> None:
    page = call("get", {"name": "costs", "type": "guide_page", "sections": ["guide"]}).structured_content
    emergency = call("get", {"name": "stroke", "type": "emergency"}).structured_content

    assert page["texts"][0]["claims"]
    assert {claim["kind"] for section in page["sections"] for claim in section["claims"]} == {"guide"}
    assert emergency["safety"]


def test_options_name_what_no_source_says_treats_apart(base_url: str, call: Callable[[str, Json], Any]) -> None:
    output = call("options", {"condition": "lumbar radiculopathy"}).structured_content
    options = httpx.get(f"{base_url}/v1/conditions/lumbar-radiculopathy/options").json()

    treats = [row["procedure"]["slug"] for row in options["treats"]["items"]]
    assert output["treats"]
    assert [row["slug"] for row in output["treats"]] == treats[: len(output["treats"])]
    assert output["more"]["treats"] == len(treats) - len(output["treats"])
    assert output["url"].endswith("/v1/conditions/lumbar-radiculopathy/options")
    assert all(row["safety_sources"] for row in output["treats"] if row["safety"])
    assert any("Positions against" in line for row in output["treats"] for line in row["safety"])
    rows = options["when_to_call"]["items"]
    assert [(row["sign"], row["tier"]) for row in output["when_to_call"]] == [
        (row["sign"], row["tier"]) for row in rows
    ]
    assert "cauda-equina-syndrome" in output["when_to_call"][0]["emergencies"]


def test_options_of_every_condition_name_what_reaches_the_same_structure(base_url: str) -> None:
    seen = set()
    for record_type, slug in list_records(base_url):
        if record_type != "condition":
            continue
        body = {**CALL, "params": {"name": "options", "arguments": {"condition": slug}}}
        result = post(base_url, body).json()["result"]
        assert len(result["content"][0]["text"]) < 8_000, slug
        output = result["structuredContent"]
        options = httpx.get(f"{base_url}/v1/conditions/{slug}/options").json()
        # The first options are always there.
        assert output["treats"] or not options["treats"]["items"], slug
        listed = {
            row["procedure"]["slug"]
            for structure in options["related_by_structure"]["items"]
            for block in ("reaches", "diagnoses")
            for row in structure[block]["items"]
        }
        related = {row["slug"] for row in output["related_by_structure"]}
        assert related <= listed, slug
        assert output["more"]["related_by_structure"] == len(listed) - len(related), slug
        seen |= related
    assert seen


def test_disagreements_have_both_sides_with_their_sources(base_url: str, call: Callable[[str, Json], Any]) -> None:
    items = walk(call, "disagreements", {})
    listed = httpx.get(f"{base_url}/v1/disagreements").json()
    slug = items[0]["record"]["slug"]

    assert len(items) == len(listed["contradictions"]) + len(listed["estimates"])
    assert all(len(row["positions"]) > 1 for row in items)
    assert all(claim["sources"] for row in items for each in row["positions"] for claim in each["claims"])
    of_record = call("disagreements", {"record": slug}).structured_content["items"]
    assert {row["record"]["slug"] for row in of_record} == {slug}


@pytest.mark.parametrize(
    ("tool", "arguments", "member"),
    [
        ("get", {"name": "M54.16"}, "slug"),
        ("what_treats", {"record": "icd-10-cm|M54.16"}, "record"),
        ("options", {"condition": "m5416"}, "condition"),
    ],
)
def test_a_code_stands_for_the_record_that_it_means(
    call: Callable[[str, Json], Any], tool: str, arguments: Json, member: str
) -> None:
    record = call(tool, arguments).structured_content[member]

    assert (record if tool == "get" else record["slug"]) == "lumbar-radiculopathy"


def test_codes_lead_to_records(call: Callable[[str, Json], Any]) -> None:
    known, unknown = call("lookup_code", {"code": ["m5416", "icd-10-cm|Z00.00"]}).structured_content["items"]

    assert (known["code"], known["records"][0]["slug"]) == ("M54.16", "lumbar-radiculopathy")
    assert (unknown["status"], unknown["parent"]) == ("unknown", "Z00.0")
    assert call("lookup_code", {"code": ["M99.999"]}).is_error


def test_what_changed_lists_the_changes_of_a_release(base_url: str, call: Callable[[str, Json], Any]) -> None:
    version = httpx.get(f"{base_url}/v1/releases/current").json()["version"]

    changes = httpx.get(f"{base_url}/v1/releases/{version.replace('+', '%2B')}/changes?limit=100").json()
    total = min(changes["page"]["total"], 100)

    records: list[str] = []
    cursor = ""
    while cursor is not None and len(records) < total:
        result = call("what_changed", {"limit": 50, "cursor": cursor})
        assert len(result.content[0].text) < 8_000
        output = result.structured_content
        assert (output["version"], output["total"]) == (version, changes["page"]["total"])
        records += [change["record"] for change in output["items"]]
        cursor = output["next"]

    assert records[:total] == [change["entity"] for change in changes["items"]]


def test_what_treats_returns_the_same_procedures_as_v1(base_url: str, call: Callable[[str, Json], Any]) -> None:
    items = walk(call, "what_treats", {"record": "facet-joint", "role": "treats", "limit": 3})
    treatments = [
        (item["slug"], relation["role"], relation["claim"]["id"]) for item in items for relation in item["relations"]
    ]

    rows = httpx.get(f"{base_url}/v1/pain-generators/facet-joint/procedures?role=treats&limit=100").json()["items"]
    best = [next(relation for relation in row["relations"] if relation["role"] == "treats") for row in rows]
    assert treatments == [(row["slug"], "treats", relation["claim"]) for row, relation in zip(rows, best, strict=True)]
    assert [item["typical_relief"] for item in items] == [row["typical_relief"]["items"] for row in rows]


def test_a_record_has_every_claim_that_v1_returns(base_url: str, call: Callable[[str, Json], Any]) -> None:
    output = call("get", {"name": "vertebroplasty", "sections": list(SECTIONS)}).structured_content
    document = httpx.get(f"{base_url}/v1/procedures/vertebroplasty").json()

    claim_ids = {claim["id"] for section in output["sections"] for claim in section["claims"]}
    v1_claim_ids = {
        claim["id"]
        for block in document.values()
        if isinstance(block, dict)
        for claim in block.get("items", ())
        if "citations" in claim
    }
    assert claim_ids == v1_claim_ids
    blocks_without_claims = {"typical_relief", "conflicts", "forms_with_conflicts"}
    assert set(output["unknown"]) == {
        name
        for name, block in document.items()
        if isinstance(block, dict) and block.get("status") == "unknown" and name not in blocks_without_claims
    }


@pytest.mark.parametrize(
    ("tool", "arguments", "expected"),
    [
        ("get", {"name": "vertebroplsty"}, "vertebroplasty"),
        ("get", {"name": "vertebroplasty", "type": "proceedure"}, "procedure"),
        ("get", {"name": "vertebroplasty", "sections": ["risk"]}, "risks"),
        ("get", {"nam": "vertebroplasty"}, "name"),
        ("get", {"name": "vertebroplasty--finding-99", "type": "claim"}, "vertebroplasty--"),
        ("find", {"query": "?"}, "letter"),
        ("find", {"query": "pain", "limit": 51}, "50"),
        ("find", {"query": "pain", "cursor": "x"}, "cursor"),
        ("what_treats", {"record": "facett joint"}, "facet-joint"),
        ("what_treats", {"record": "facet-joint", "role": "treat"}, "treats"),
        ("what_treats", {"record": "facet-joint", "family": ["ablatoin"]}, "ablation"),
        ("what_treats", {"record": "facet-joint", "min_relief": "3 months"}, "P3M"),
        ("compare", {"procedures": ["vertebroplasty"]}, "2"),
        ("compare", {"procedures": ["vertebroplasty", "Percutaneous vertebroplasty"]}, "two different"),
        ("options", {"condition": "M54.1"}, "ambiguous (condition cervical-radiculopathy, condition lumbar-radiculopathy)"),
        ("get", {"name": "G89.4"}, "chronic-back-and-neck-pain"),
        ("find_claims", {"query": "the"}, "stop word"),
        ("find_claims", {"query": "pain", "kinds": ["findings"]}, "finding"),
        ("options", {"condition": "lumbar radiculopaty"}, "lumbar-radiculopathy"),
        ("lookup_code", {"code": ["sciatica"]}, "SYSTEM|CODE"),
        ("what_changed", {"version": "9.9.9"}, "Did you mean"),
    ],
)  # fmt: skip
def test_an_invalid_call_is_an_error_result_with_a_suggestion(
    call: Callable[[str, Json], Any], tool: str, arguments: Json, expected: str
) -> None:
    result = call(tool, arguments)

    assert result.is_error
    assert expected in result.content[0].text


def test_an_unknown_tool_is_a_protocol_error_with_a_suggestion(base_url: str) -> None:
    response = post(base_url, {**CALL, "params": {"name": "what_treat", "arguments": {}}})

    assert "what_treats" in response.json()["error"]["message"]


def post(base_url: str, body: Json | bytes, **headers: str) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(f"{base_url}/mcp", content=content, headers={**HEADERS, **headers}, timeout=30)


HEADERS = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
LIST: Json = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
CALL: Json = {
    "jsonrpc": "2.0",
    "id": 2,
    "method": "tools/call",
    "params": {"name": "get", "arguments": {"name": "facet-joint"}},
}


def test_any_worker_responds_without_a_session_behind_any_host(base_url: str) -> None:
    response = post(base_url, LIST, Host="kb.example.org", Origin="https://elsewhere.example")

    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert len(response.json()["result"]["tools"]) == len(TOOLS)
    assert "mcp-session-id" not in response.headers


def test_responses_allow_any_origin_name_their_release_and_are_not_cached(base_url: str) -> None:
    response = post(base_url, CALL)

    assert response.headers["access-control-allow-origin"] == "*"
    assert "KB-Release" in response.headers["access-control-expose-headers"]
    assert response.headers["kb-release"] == httpx.get(f"{base_url}/v1/releases/current").json()["version"]
    assert response.headers["cache-control"] == "no-store"
    assert response.headers.get_list("kb-build") == [code_fingerprint()]
    preflight = httpx.options(
        f"{base_url}/mcp", headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"}
    )
    assert preflight.status_code == 204
    assert "POST" in preflight.headers["access-control-allow-methods"]


def test_a_slash_at_the_end_of_the_url_changes_nothing(base_url: str) -> None:
    response = httpx.post(f"{base_url}/mcp/", content=json.dumps(CALL), headers=HEADERS, timeout=30)

    assert response.json() == post(base_url, CALL).json()
    assert httpx.get(f"{base_url}/mcp/").status_code == 405


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PUT"])
def test_only_post_is_allowed_without_sessions(base_url: str, method: str) -> None:
    response = httpx.request(method, f"{base_url}/mcp", headers={"Accept": "text/event-stream"}, timeout=30)

    assert (response.status_code, response.headers["allow"]) == (405, "POST, OPTIONS")
    assert response.headers["access-control-allow-origin"] == "*"


def test_a_body_that_is_too_large_is_rejected(base_url: str) -> None:
    whole = post(base_url, b"x" * 70_000)
    chunked = httpx.post(f"{base_url}/mcp", content=iter([b"x" * 1000] * 70), timeout=30)

    assert (whole.status_code, whole.json()["code"]) == (413, "body_too_large")
    assert chunked.status_code == 413
    for size, allowed in ((65_536, True), (65_537, False)):
        for content in (b"x" * size, iter([b"x" * 60_000, b"x" * (size - 60_000)])):
            response = httpx.post(f"{base_url}/mcp", content=content, headers=HEADERS, timeout=30)
            assert (response.status_code != 413) is allowed, size


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"jsonrpc":"2.0"}', b"\xff\xfe", b'{"jsonrpc":"2.0","id":1,"method":"none"}', json.dumps({**CALL, "params": {"name": "get", "arguments": {"name": "\u0000"}}}).encode(), json.dumps({**CALL, "params": {"name": "get", "arguments": {"name": "\ud800"}}}).encode(), json.dumps({**CALL, "params": {"name": "get", "arguments": 3}}).encode()])  # fmt: skip
def test_no_body_causes_an_internal_error(base_url: str, body: bytes) -> None:
    response = post(base_url, body)

    assert response.status_code < 500, response.text
    assert "Internal" not in response.text


def test_an_installation_without_mcp_says_how_to_enable_it(client: Client) -> None:
    for method in ("GET", "POST"):
        response = client.request(
            method, "/mcp", headers={"Content-Type": "application/json"}, content="{}" if method == "POST" else None
        )
        assert (response.status_code, response.json()["code"]) == (404, "feature_disabled")
        assert "KB_FEATURES=mcp make serve" in response.text
        assert response.headers["access-control-allow-origin"] == "*"


def test_requests_beyond_the_concurrency_limit_get_503_and_retry_after(
    shipped_urls: dict[str, str], tmp_path: Path
) -> None:
    base_url, server = start_server(shipped_urls["sqlite"], tmp_path, KB_MAX_CONCURRENCY="1")

    async def call_concurrently() -> list[httpx.Response]:
        async with httpx.AsyncClient(timeout=60) as client:
            compare = {
                **CALL,
                "params": {"name": "compare", "arguments": {"procedures": ["vertebroplasty", "balloon-kyphoplasty"]}},
            }
            return await asyncio.gather(
                *(client.post(f"{base_url}/mcp", json=compare, headers=HEADERS) for _ in range(20))
            )

    try:
        responses = asyncio.run(call_concurrently())
    finally:
        server.terminate()
        server.wait(30)

    assert {response.status_code for response in responses} == {200, 503}
    assert all(response.headers["retry-after"] for response in responses if response.status_code == 503)


def test_every_example_in_the_documentation_works(base_url: str) -> None:
    text = (ROOT / "docs/mcp.md").read_text(encoding="utf-8")
    bodies = re.findall(r"-d '(\{[^']+\})'", text)

    assert bodies
    for body in bodies:
        response = post(base_url, body.encode())
        assert response.status_code == 200
        assert not response.json()["result"].get("isError"), response.text[:300]


# One database is enough: both have the same bytes.
@pytest.mark.parametrize("base_url", ["sqlite"], indirect=True)
def test_no_answer_puts_a_sign_of_an_emergency_under_a_lower_tier(base_url: str) -> None:
    bundle = load_content(ROOT / "seed_data").bundle
    for record_type, record in bundle.records():
        arguments = {"name": record.slug, "type": record_type, "sections": ["when_to_call"]}
        body = {**CALL, "params": {"name": "get", "arguments": arguments}}
        output = post(base_url, body).json()["result"]["structuredContent"]
        for row in output["when_to_call"]:
            assert find_lowered_sign(bundle.emergency_phrases, row["sign"], row["tier"]) is None, record.slug
        for text in output["safety"]:
            assert find_misdirected_sign(bundle.emergency_phrases, text) is None, record.slug
