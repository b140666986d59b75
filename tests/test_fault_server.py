"""Fault server for tests of callers: every answer on request, on content that has every state."""

import csv
import io
import json
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import httpx
import pytest

from app.domain.claim_kinds import BLOCKS, CLAIM_KINDS
from app.domain.record_types import RECORD_TYPES
from app.errors import list_errors_by_code

if TYPE_CHECKING:
    from app.testing.pytest_plugin import FaultServer

pytest_plugins = ["app.testing.pytest_plugin"]


@pytest.fixture(scope="module")
def http(procedure_kb: "FaultServer") -> Iterator[httpx.Client]:
    with httpx.Client(base_url=procedure_kb.url, timeout=60) as client:
        yield client


def test_without_a_fault_the_server_is_the_service(http: httpx.Client) -> None:
    response = http.get("/v1/procedures/example-injection", headers={"Prefer": "respond-async, handling=strict"})

    assert response.status_code == 200
    assert response.json()["slug"] == "example-injection"
    assert "kb-stale" not in response.headers


@pytest.mark.parametrize("code", list_errors_by_code())
def test_every_problem_can_be_asked_for_by_its_code(http: httpx.Client, code: str) -> None:
    response = http.get("/v1/procedures", headers={"Prefer": f"code={code}"})

    assert (response.status_code, response.json()["code"]) == (list_errors_by_code()[code].status, code)
    assert response.headers["content-type"] == "application/problem+json"
    assert set(response.json()) == {
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "code",
        "errors",
        "suggestions",
        "replaced_by",
    }


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "bad_request"), (404, "not_found"), (410, "release_gone"), (429, "too_many_requests"), (503, "unavailable")],
)
def test_a_problem_can_be_asked_for_by_its_status(http: httpx.Client, status: int, code: str) -> None:
    response = http.get(f"/faults/code={status}/v1/procedures?limit=1")

    assert (response.status_code, response.json()["code"]) == (status, code)
    assert ("retry-after" in response.headers) == (status in {429, 503})


def test_a_walk_breaks_after_its_first_page(procedure_kb: "FaultServer") -> None:
    with httpx.Client(headers={"Prefer": "walk=410"}, timeout=60) as client:
        first = client.get(f"{procedure_kb.url}/v1/procedures?limit=1")
        second = client.get(f"{procedure_kb.url}/v1/procedures?limit=1&cursor={first.json()['page']['next']}")

    assert first.status_code == 200
    assert (second.status_code, second.json()["code"]) == (410, "release_gone")


def test_an_answer_can_be_delayed_and_stale(http: httpx.Client) -> None:
    began = time.monotonic()
    response = http.get("/v1/procedures", headers={"Prefer": "delay=0.5; stale"})

    assert response.status_code == 200
    assert response.headers["kb-stale"] == "database-unreachable"
    assert time.monotonic() - began >= 0.5


def test_a_body_can_break_off(procedure_kb: "FaultServer") -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{procedure_kb.with_faults('cut')}/v1/procedures", timeout=60)


@pytest.mark.parametrize("faults", ["code=299", "code=no_such", "delay=soon", "delay=-1", "delay=nan", "nonsense"])
def test_a_fault_that_is_none_is_refused(http: httpx.Client, faults: str) -> None:
    response = http.get(f"/faults/{faults}/v1/procedures")

    assert (response.status_code, response.json()["code"]) == (400, "bad_request")
    assert faults in response.json()["detail"]


def test_the_invented_content_has_every_claim_kind_and_every_state_of_a_block(http: httpx.Client) -> None:
    export = json.loads(_wait_for_export(http))
    claims = list(csv.DictReader(io.StringIO(http.get("/v1/export/claims.csv").text)))
    states = {
        block["status"]
        for collection in ("procedures", "conditions", "pain_generators")
        for record in export[collection]
        for name, block in record.items()
        if name in BLOCKS and isinstance(block, dict)
    }

    assert {claim["kind"] for claim in claims} >= set(CLAIM_KINDS) - {"guide"}
    assert states >= {"known", "unknown", "not_applicable"}
    assert all(export[row.folder] for row in RECORD_TYPES.values())


def _wait_for_export(http: httpx.Client) -> bytes:
    for _ in range(60):
        response = http.get("/v1/export/kb.json")
        if response.status_code == 200:
            return response.content
        time.sleep(1)
    pytest.fail(response.text)


def test_the_invented_content_has_every_way_to_miss_a_record(http: httpx.Client) -> None:
    former = http.get("/v1/procedures/sample-injection")
    ambiguous = http.get("/v1/procedures/twin")
    replaced = http.get("/v1/procedures/example-withdrawn")
    gone = http.get("/v1/procedures/example-gone")

    assert (former.status_code, former.headers["location"].endswith("/v1/procedures/example-injection")) == (308, True)
    assert ambiguous.json()["code"] == "ambiguous_name"
    assert (replaced.status_code, [ref["slug"] for ref in replaced.json()["replaced_by"]]) == (
        410,
        ["example-injection"],
    )
    assert (gone.status_code, gone.json()["replaced_by"]) == (410, [])


def test_the_invented_content_has_a_disagreement_and_an_emergency(http: httpx.Client) -> None:
    assert http.get("/v1/disagreements").json()["estimates"]
    notices = http.get("/v1/search", params={"q": "I cannot move my leg"}).json()["notices"]

    assert notices[0]["tier"] == "emergency"
