"""Export files: complete, reproducible, and safe to open."""

import csv
import hashlib
import io
import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from build import generator, procedure, relief
from conftest import Client, Load

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
    shipped_urls: dict[str, str], runner: Any, tmp_path: Path
) -> None:
    digests = []
    for number, url in enumerate((*shipped_urls.values(), shipped_urls["sqlite"])):
        client = Client(create_app(Settings(database_url=url, export_dir=tmp_path / str(number))), runner)
        client.poll_release()
        digests.append({name: hashlib.sha256(export(client, name)).hexdigest() for name in NAMES})
        client.close()

    assert digests[0] == digests[1] == digests[2]


def test_the_manifest_has_size_and_hash_of_every_file(shipped: Client) -> None:
    manifest = json.loads(export(shipped, "manifest.json"))

    assert [file["name"] for file in manifest["files"]] == [name for name in NAMES if name != "manifest.json"]
    for file in manifest["files"]:
        response = shipped.get(file["links"]["self"])
        assert (len(response.content), hashlib.sha256(response.content).hexdigest()) == (file["bytes"], file["sha256"])
        assert response.headers["content-type"] == file["media_type"]
        assert response.headers["content-length"] == str(file["bytes"])


def test_an_export_is_conditional_and_answers_head(shipped: Client) -> None:
    first = shipped.get("/v1/export/kb.json", headers={"Accept-Encoding": "gzip, br"})
    again = shipped.get("/v1/export/kb.json", headers={"If-None-Match": first.headers["etag"]})
    head = shipped.request("HEAD", "/v1/export/kb.json")

    assert (again.status_code, again.content) == (304, b"")
    assert (head.content, head.headers["etag"]) == (b"", first.headers["etag"])
    assert head.headers["content-length"] == str(len(first.content))
    assert first.headers["access-control-allow-origin"] == "*"


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
