"""The whole of a release as files: whole, the same everywhere, and safe to open."""

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
    *("kb.json", "kb.ndjson", "kb.sqlite", "procedures.csv", "targets.csv", "relief-durations.csv", "release.json"),
    "manifest.json",
)


def exported(client: Client, name: str) -> bytes:
    answer = client.get(f"/v1/export/{name}")
    assert answer.status_code == 200, answer.text[:300]
    return answer.content


def rows(body: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(body.decode(), newline="")))


def database(client: Client, folder: Path) -> sqlite3.Connection:
    path = folder / "kb.sqlite"
    path.write_bytes(exported(client, "kb.sqlite"))
    return sqlite3.connect(path)


def test_both_engines_and_a_second_box_export_the_same_bytes(
    shipped_urls: dict[str, str], runner: Any, tmp_path: Path
) -> None:
    found = []
    for number, url in enumerate((*shipped_urls.values(), shipped_urls["sqlite"])):
        client = Client(create_app(Settings(database_url=url, export_dir=tmp_path / str(number))), runner)
        client.see()
        found.append({name: hashlib.sha256(exported(client, name)).hexdigest() for name in NAMES})
        client.close()

    assert found[0] == found[1] == found[2]


def test_the_manifest_tells_size_and_hash_of_every_file(shipped: Client) -> None:
    manifest = json.loads(exported(shipped, "manifest.json"))

    assert [one["name"] for one in manifest["files"]] == [name for name in NAMES if name != "manifest.json"]
    for one in manifest["files"]:
        answer = shipped.get(one["links"]["self"])
        assert (len(answer.content), hashlib.sha256(answer.content).hexdigest()) == (one["bytes"], one["sha256"])
        assert answer.headers["content-type"] == one["media_type"]
        assert answer.headers["content-length"] == str(one["bytes"])


def test_an_export_is_conditional_and_answers_head(shipped: Client) -> None:
    first = shipped.get("/v1/export/kb.json", headers={"Accept-Encoding": "gzip, br"})
    again = shipped.get("/v1/export/kb.json", headers={"If-None-Match": first.headers["etag"]})
    head = shipped.request("HEAD", "/v1/export/kb.json")

    assert (again.status_code, again.content) == (304, b"")
    assert (head.content, head.headers["etag"]) == (b"", first.headers["etag"])
    assert head.headers["content-length"] == str(len(first.content))
    assert first.headers["access-control-allow-origin"] == "*"


def test_the_whole_holds_every_record_as_its_own_address_shows_it(shipped: Client) -> None:
    whole = json.loads(exported(shipped, "kb.json"))
    counts = shipped.get("/v1/releases/current").json()["counts"]

    assert {name: len(whole[name]) for name in ("procedures", "conditions", "pain_generators", "risks", "sources")} == {
        name: counts[name] for name in ("procedures", "conditions", "pain_generators", "risks", "sources")
    }
    for family, path in (("procedures", "procedures"), ("pain_generators", "pain-generators"), ("guide", "guide")):
        for record in whole[family][:5]:
            assert record == shipped.get(f"/v1/{path}/{record['slug']}").json()
    lines = exported(shipped, "kb.ndjson").splitlines()
    assert [json.loads(line)["document"] for line in lines[1 : 1 + counts["procedures"]]] == whole["procedures"]
    assert len(lines) == 1 + sum(len(whole[name]) for name in whole if name != "release")


def test_the_database_keeps_its_keys_and_its_views_answer(shipped: Client, tmp_path: Path) -> None:
    opened = database(shipped, tmp_path)
    counts = shipped.get("/v1/releases/current").json()["counts"]

    assert opened.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert opened.execute("PRAGMA foreign_key_check").fetchall() == []
    for table in ("procedure", "condition", "pain_generator", "risk", "source", "claim", "guide_page"):
        name = {"claim": "claims", "guide_page": "guide_pages"}.get(table, f"{table}s")
        assert opened.execute(f"SELECT count(*) FROM {table}").fetchone() == (counts[name],)
    found = opened.execute(
        "SELECT procedure FROM procedures_of_pain_generator WHERE pain_generator = 'facet-joint' AND role = 'treats'"
    ).fetchall()
    assert ("radiofrequency-ablation",) in found
    for view in ("procedures_of_condition", "typical_relief", "risks_of_procedure", "cited_claims"):
        assert opened.execute(f"SELECT count(*) FROM {view}").fetchone()[0] > 0
    with pytest.raises(sqlite3.IntegrityError):
        opened.execute("PRAGMA foreign_keys = ON").connection.execute(
            "INSERT INTO citation VALUES ('no-such-claim', 0, 'no-such-source', NULL, NULL)"
        )


FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)")


def test_no_cell_of_a_table_is_a_formula_to_a_spreadsheet(client: Client, load: Load) -> None:
    named = [procedure(f"p{n}", name=f'{formula}, "no {n}"') for n, formula in enumerate(FORMULAS)]
    load(
        generator("facet-joint"),
        *named,
        procedure("p9", treats=["facet-joint"], claims=[relief("r", min="P2M", label="=2")]),
    )

    names = [row["name"] for row in rows(exported(client, "procedures.csv")) if row["slug"] != "p9"]
    (relieved,) = rows(exported(client, "relief-durations.csv"))

    assert sorted(names) == sorted(f'\'{formula}, "no {n}"' for n, formula in enumerate(FORMULAS))
    assert relieved["label"] == "'=2"


def test_a_table_begins_with_a_byte_order_mark_only_on_request(shipped: Client) -> None:
    for path in ("/v1/export/procedures.csv", "/v1/procedures.csv", "/v1/targets.csv"):
        plain, marked = shipped.get(path), shipped.get(f"{path}?bom=true")

        assert marked.content == b"\xef\xbb\xbf" + plain.content
        assert plain.content.startswith(b"slug," if "procedures" in path else b"procedure,")


@pytest.mark.parametrize("name", sorted(COLUMNS))
def test_a_list_as_csv_has_all_rows_of_the_same_filters(shipped: Client, name: str) -> None:
    listed = shipped.get(f"/v1/{name}?family=ablation&sort=-name&limit=5")
    address = next(
        part.split(">")[0].strip(" <") for part in listed.headers["link"].split(",") if 'rel="alternate"' in part
    )

    table = rows(shipped.get(address).content)

    assert address == f"/v1/{name}.csv?family=ablation&sort=-name"
    assert len(table) == listed.json()["page"]["total"] > 0
    assert list(table[0]) == [column for column, _ in COLUMNS[name]]
    assert shipped.get(f"/v1/{name}.csv?limit=3").status_code == 422
    assert shipped.get(f"/v1/{name}.csv?release=0.0.1").status_code == 410
