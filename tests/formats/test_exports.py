"""Export files: complete, reproducible, and safe to open."""

import csv
import gzip
import hashlib
import io
import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brotli
import httpx
import pytest
from build import generator, procedure, relief
from checkout import ROOT
from conftest import Client, Load, ShippedFiles

from app.formats.csv_export import COLUMNS
from app.main import create_app
from app.settings import Settings

NAMES = (
    *(
        "kb.json",
        "kb.ndjson",
        "kb.sqlite",
        "procedures.csv",
        "targets.csv",
        "relief-durations.csv",
        "claims.csv",
        "sources.csv",
        "release.json",
    ),
    "manifest.json",
)


def export(client: Client, name: str) -> bytes:
    response = client.get(f"/v1/export/{name}")
    assert response.status_code == 200, response.text[:300]
    return response.content


def parse_csv(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def open_database(client: Client, folder: Path) -> sqlite3.Connection:
    path = folder / "kb.sqlite"
    path.write_bytes(export(client, "kb.sqlite"))
    return sqlite3.connect(path)


def test_both_engines_and_a_second_host_export_the_same_bytes(
    shipped_urls: dict[str, str], shipped_files: ShippedFiles, runner: Any, tmp_path: Path
) -> None:
    digests = []
    # The first host is that of the other tests, with the settings of its client.
    directories = (shipped_files.export_dir, tmp_path / "1", tmp_path / "2")
    for url, directory in zip((*shipped_urls.values(), shipped_urls["sqlite"]), directories, strict=True):
        settings = Settings(database_url=url, export_dir=directory, loopback_url="http://127.0.0.1:8000")
        client = Client(create_app(settings), runner)
        client.poll_release()
        digests.append({name: hashlib.sha256(export(client, name)).hexdigest() for name in NAMES})
        client.close()

    assert digests[0] == digests[1] == digests[2]


def test_the_manifest_has_size_and_hash_of_every_file(shipped: Client) -> None:
    manifest = json.loads(export(shipped, "manifest.json"))

    assert [file["name"] for file in manifest["files"]] == [name for name in NAMES if name != "manifest.json"]
    for file in manifest["files"]:
        response = shipped.get(file["links"]["self"], headers={"Accept-Encoding": "identity"})
        assert (len(response.content), hashlib.sha256(response.content).hexdigest()) == (file["bytes"], file["sha256"])
        assert response.headers["content-type"] == file["media_type"]
        assert response.headers["content-length"] == str(file["bytes"])


def test_an_export_is_conditional_and_answers_head(shipped: Client) -> None:
    plain = {"Accept-Encoding": "identity"}
    first = shipped.get("/v1/export/kb.json", headers=plain)
    again = shipped.get("/v1/export/kb.json", headers={**plain, "If-None-Match": first.headers["etag"]})
    head = shipped.request("HEAD", "/v1/export/kb.json", headers=plain)

    assert (again.status_code, again.content) == (304, b"")
    assert (head.content, head.headers["etag"]) == (b"", first.headers["etag"])
    assert head.headers["content-length"] == str(len(first.content))
    assert first.headers["access-control-allow-origin"] == "*"


@dataclass(frozen=True)
class Download:
    status: int
    headers: httpx.Headers
    body: bytes


def download(client: Client, name: str, headers: dict[str, str] | None = None) -> Download:
    """A file as it is sent: nothing is decoded."""

    async def receive() -> Download:
        fields = {"Accept-Encoding": "identity", **(headers or {})}
        async with client.http.stream("GET", f"/v1/export/{name}", headers=fields) as response:
            body = b"".join([chunk async for chunk in response.aiter_raw()])
            return Download(response.status_code, response.headers, body)

    return client.runner.run(receive())


@pytest.mark.parametrize(("coding", "decompress"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
@pytest.mark.parametrize("name", ["kb.json", "kb.sqlite", "procedures.csv?bom=true"])
def test_an_export_is_sent_compressed_with_an_etag_of_its_own(
    shipped: Client, name: str, coding: str, decompress: Callable[[bytes], bytes]
) -> None:
    plain = download(shipped, name)
    compressed = download(shipped, name, {"Accept-Encoding": coding})

    assert compressed.headers["content-encoding"] == coding
    assert decompress(compressed.body) == plain.body
    assert compressed.headers["content-length"] == str(len(compressed.body))
    assert len(compressed.body) < len(plain.body) / 2
    assert compressed.headers["etag"] == f'{plain.headers["etag"][:-1]}-{coding}"'


@pytest.mark.parametrize(
    ("requested", "expected"),
    [
        ("bytes=0-0", slice(0, 1)),
        ("bytes=1000-1999", slice(1000, 2000)),
        ("bytes=1000-", slice(1000, None)),
        ("bytes=-500", slice(-500, None)),
        ("bytes=1000-999999999999", slice(1000, None)),
        ("bytes=-999999999999", slice(0, None)),
        ("Bytes= 7 - 9 ", slice(7, 10)),
    ],
)
def test_a_range_of_an_export_is_sent(shipped: Client, requested: str, expected: slice) -> None:
    whole = download(shipped, "kb.json").body
    part = download(shipped, "kb.json", {"Range": requested})
    first, last, _ = expected.indices(len(whole))

    assert (part.status, part.body) == (206, whole[expected])
    assert part.headers["content-range"] == f"bytes {first}-{last - 1}/{len(whole)}"
    assert part.headers["content-length"] == str(len(part.body))


@pytest.mark.parametrize(
    "requested", ["bytes=9-1", "bytes=0-1,5-9", "bytes=", "bytes=-", "bytes=a-b", "lines=1-2", "1-2", "bytes=1-2-3"]
)
def test_a_range_that_cannot_be_served_as_one_part_is_ignored(shipped: Client, requested: str) -> None:
    whole = download(shipped, "procedures.csv")
    response = download(shipped, "procedures.csv", {"Range": requested})

    assert (response.status, response.body) == (200, whole.body)
    assert response.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize("coding", ["identity", "br", "gzip"])
def test_a_download_that_broke_off_resumes_unless_the_file_changed(shipped: Client, coding: str) -> None:
    headers = {"Accept-Encoding": coding}
    whole = download(shipped, "kb.sqlite", headers)
    rest = {**headers, "Range": "bytes=5000-", "If-Range": whole.headers["etag"]}
    resumed = download(shipped, "kb.sqlite", rest)

    assert (resumed.status, resumed.body) == (206, whole.body[5000:])
    for other in ('"of-another-release"', f"W/{whole.headers['etag']}", "Mon, 30 Nov 2026 00:00:00 GMT"):
        changed = download(shipped, "kb.sqlite", {**rest, "If-Range": other})
        assert (changed.status, changed.body) == (200, whole.body)


@pytest.mark.parametrize("requested", ["bytes=99999999999-", "bytes=99999999999-999999999999", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused_with_the_length(shipped: Client, requested: str) -> None:
    whole = download(shipped, "sources.csv")
    response = download(shipped, "sources.csv", {"Range": requested})

    assert (response.status, json.loads(response.body)["code"]) == (416, "range_not_satisfiable")
    assert response.headers["content-range"] == f"bytes */{len(whole.body)}"


def test_head_and_conditional_requests_ignore_a_range(shipped: Client) -> None:
    whole = download(shipped, "kb.json")
    fields = {"Range": "bytes=5-9", "Accept-Encoding": "identity"}
    head = shipped.request("HEAD", "/v1/export/kb.json", headers=fields)
    known = download(shipped, "kb.json", {**fields, "If-None-Match": whole.headers["etag"]})

    assert (head.status_code, head.headers["content-length"]) == (200, str(len(whole.body)))
    assert (known.status, known.body) == (304, b"")


def test_the_json_export_has_every_record_as_the_api_returns_it(shipped: Client) -> None:
    exported = json.loads(export(shipped, "kb.json"))
    counts = shipped.get("/v1/releases/current").json()["counts"]

    assert {
        name: len(exported[name]) for name in ("procedures", "conditions", "pain_generators", "risks", "sources")
    } == {name: counts[name] for name in ("procedures", "conditions", "pain_generators", "risks", "sources")}
    for family, path in (("procedures", "procedures"), ("pain_generators", "pain-generators"), ("guide", "guide")):
        for record in exported[family][:5]:
            assert record == shipped.get(f"/v1/{path}/{record['slug']}").json()
    lines = export(shipped, "kb.ndjson").splitlines()
    assert [json.loads(line)["document"] for line in lines[1 : 1 + counts["procedures"]]] == exported["procedures"]
    assert len(lines) == 1 + sum(len(exported[name]) for name in exported if name != "release")


def test_the_database_has_valid_foreign_keys_and_working_views(shipped: Client, tmp_path: Path) -> None:
    database = open_database(shipped, tmp_path)
    counts = shipped.get("/v1/releases/current").json()["counts"]

    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    for table in ("procedure", "condition", "pain_generator", "risk", "source", "claim", "guide_page"):
        name = {"claim": "claims", "guide_page": "guide_pages"}.get(table, f"{table}s")
        assert database.execute(f"SELECT count(*) FROM {table}").fetchone() == (counts[name],)
    for table in ("condition_generator", "condition_cause", "ancestor"):
        assert database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] > 0
    matches = database.execute(
        "SELECT procedure FROM procedures_of_pain_generator WHERE pain_generator = 'facet-joint' AND role = 'treats'"
    ).fetchall()
    assert ("radiofrequency-ablation",) in matches
    for view in ("procedures_of_condition", "typical_relief", "risks_of_procedure", "cited_claims"):
        assert database.execute(f"SELECT count(*) FROM {view}").fetchone()[0] > 0
    with pytest.raises(sqlite3.IntegrityError):
        database.execute("PRAGMA foreign_keys = ON").connection.execute(
            "INSERT INTO citation VALUES ('no-such-claim', 0, 'no-such-source', NULL, NULL)"
        )


def read_seed_claims() -> dict[str, dict[str, Any]]:
    """Claims by id, as the seed files have them."""
    claims: dict[str, dict[str, Any]] = {}

    def collect(node: Any) -> None:
        if isinstance(node, list):
            for child in node:
                collect(child)
        elif isinstance(node, dict):
            if {"id", "kind", "citations"} <= node.keys():
                claims[node["id"]] = node
            for child in node.values():
                collect(child)

    for path in (ROOT / "seed_data").rglob("*.json"):
        if not {"releases", "schema", "codes"} & set(path.parts):
            collect(json.loads(path.read_text(encoding="utf-8")))
    return claims


def test_the_database_has_the_claims_the_citations_and_the_figures_of_the_seed(shipped: Client, tmp_path: Path) -> None:
    database = open_database(shipped, tmp_path)
    database.row_factory = sqlite3.Row
    seed = read_seed_claims()

    rows = {row["id"]: row for row in database.execute("SELECT * FROM claim")}
    assert len(rows) > 1000
    assert rows.keys() == seed.keys()
    for claim_id, claim in seed.items():
        row = rows[claim_id]
        assert (row["kind"], row["statement"]) == (claim["kind"], claim["statement"])
    cited = database.execute(
        "SELECT claim_id, source_slug, locator, note FROM citation ORDER BY claim_id, position"
    ).fetchall()
    assert [tuple(row) for row in cited] == [
        (claim_id, citation["source"], citation.get("locator"), citation.get("note"))
        for claim_id in sorted(seed)
        for citation in seed[claim_id]["citations"]
    ]
    figures: Counter[tuple[str, str]] = Counter()
    for table in ("procedure_risk", "response_rate", "finding", "recommendation"):
        for row in database.execute(f"SELECT * FROM {table}"):
            value = seed[row["claim_id"]]["value"]
            for column in value.keys() & set(row.keys()):
                if not isinstance(value[column], dict | list):
                    assert row[column] == value[column], (row["claim_id"], column)
                    figures[table, column] += 1
            # A figure that the seed does not have is unknown, never a number.
            for column in {"observed", "n", "percent_min", "percent_max", "responders"} & set(
                row.keys()
            ) - value.keys():
                assert row[column] is None, (row["claim_id"], column)
    assert {("procedure_risk", "observed"), ("procedure_risk", "n"), ("response_rate", "percent_min")} <= figures.keys()


FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)")


def test_no_csv_cell_is_a_formula_in_a_spreadsheet(client: Client, load: Load) -> None:
    named = [procedure(f"p{n}", name=f'{formula}, "no {n}"') for n, formula in enumerate(FORMULAS)]
    load(
        generator("facet-joint"),
        *named,
        procedure("p9", treats=["facet-joint"], claims=[relief("r", min="P2M", label="=2")]),
    )

    names = [row["name"] for row in parse_csv(export(client, "procedures.csv")) if row["slug"] != "p9"]
    (estimate,) = parse_csv(export(client, "relief-durations.csv"))

    assert sorted(names) == sorted(f'\'{formula}, "no {n}"' for n, formula in enumerate(FORMULAS))
    assert estimate["label"] == "'=2"


def test_csv_starts_with_a_byte_order_mark_only_on_request(shipped: Client) -> None:
    for path in ("/v1/export/procedures.csv", "/v1/procedures.csv", "/v1/targets.csv"):
        plain, with_bom = shipped.get(path), shipped.get(f"{path}?bom=true")

        assert with_bom.content == b"\xef\xbb\xbf" + plain.content
        assert plain.content.startswith(b"slug," if "procedures" in path else b"procedure,")


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_a_list_as_csv_has_all_rows_that_match_the_filters(shipped: Client, name: str) -> None:
    query = f"{'design=rct' if name == 'sources' else 'family=ablation'}&sort=-name"
    listed = shipped.get(f"/v1/{name}?{query}&limit=5")
    url = next(
        part.split(">")[0].strip(" <") for part in listed.headers["link"].split(",") if 'rel="alternate"' in part
    )

    table = parse_csv(shipped.get(url).content)

    assert url == f"/v1/{name}.csv?{query}"
    assert len(table) == listed.json()["page"]["total"] > 0
    assert list(table[0]) == [column for column, _ in COLUMNS[name]]
    assert shipped.get(f"/v1/{name}.csv?limit=3").status_code == 422
    assert shipped.get(f"/v1/{name}.csv?release=0.0.1").status_code == 410
