"""Codes of other organizations: the lookup, codes in paths and filters, and the rules for the map."""

import json
from pathlib import Path
from typing import Any

import pytest
from build import claim, condition, procedure, source, write_seed
from conftest import Client, Load
from typer.testing import CliRunner

from app.cli import cli
from app.domain.code_table import find_title
from app.domain.json import Json
from app.errors import ConfigurationError
from app.http.preparation import content_key
from app.loader.content import load_content
from app.main import create_app
from app.seed.problems import SeedInvalid
from app.settings import load_settings


def code(code_id: str, *records: str, **fields: Any) -> Json:
    """Code in a seed. A record is `slug` (exact) or `relation slug`."""
    pairs = [record.split() if " " in record else ["exact", record] for record in records]
    return {
        "id": code_id,
        "title": find_title(code_id.rstrip("X.")) or f"Title of {code_id}",
        "billable": True,
        "records": [{"type": "condition", "slug": slug, "relation": relation} for relation, slug in pairs],
        **fields,
    }


def code_system(*codes: Json, slug: str = "icd-10-cm", **fields: Any) -> Json:
    return {"_": "codes", "slug": slug, "version": "2026-04-01", "codes": list(codes), **fields}


@pytest.fixture
def coded(client: Client, load: Load) -> Client:
    recommendations = [
        claim("for", "recommendation", {"body": "A society", "year": 2020, "position": "for"}),
        claim("against", "recommendation", {"body": "A board", "year": 2019, "position": "against"}),
    ]
    load(
        condition("sciatica"),
        condition("neck-nerve-pain"),
        condition("zoster"),
        procedure("epidural", indicated=["sciatica"], claims=recommendations),
        code_system(
            code("M54.16", "sciatica"),
            code("M54.12", "neck-nerve-pain"),
            code("M54.3", "narrower sciatica", subtree=True, billable=False),
            code("B02", "broader zoster", subtree=True, billable=False),
            code("M54.5", replaced_by=["M54.50", "M54.59"], billable=False),
        ),
    )
    return client


def find(client: Client, *codes: str, **query: str) -> list[Json]:
    response = client.get("/v1/lookup", params={"code": list(codes), **query})
    assert response.status_code == 200, response.text
    items: list[Json] = response.json()["items"]
    return items


@pytest.mark.parametrize(
    "text",
    [
        *(
            "icd-10-cm|M54.16",
            "ICD-10-CM|m5416",
            "2.16.840.1.113883.6.90|M54.16",
            "urn:oid:2.16.840.1.113883.6.90|M54.16",
        ),
        *("http://hl7.org/fhir/sid/icd-10-cm|M54.16", "M54.16", " m54.16 "),
    ],
)
def test_a_code_leads_to_its_record_however_its_system_is_named(coded: Client, text: str) -> None:
    (item,) = find(coded, text)

    assert (item["system"], item["code"], item["status"]) == ("icd-10-cm", "M54.16", "known")
    assert [(record["slug"], record["relation"], record["path"]) for record in item["records"]] == [
        ("sciatica", "exact", ["M54.16"])
    ]


def test_a_condition_comes_with_what_treats_it_and_with_the_positions_against_first(coded: Client) -> None:
    treatments = find(coded, "M54.16")[0]["records"][0]["treatments"]

    assert (treatments["total"], treatments["items"][0]["procedure"]["slug"]) == (1, "epidural")
    assert [position["position"] for position in treatments["items"][0]["positions"]["items"]] == ["against", "for"]


def test_a_code_below_a_mapped_one_and_a_category_above_lead_to_its_record(coded: Client) -> None:
    below, category, outside = find(coded, "M54.31", "M54.1", "B02.9")

    assert [(r["slug"], r["relation"], r["path"]) for r in below["records"]] == [
        ("sciatica", "narrower", ["M54.31", "M54.3"])
    ]
    assert [(r["slug"], r["relation"]) for r in category["records"]] == [
        ("neck-nerve-pain", "broader"),
        ("sciatica", "broader"),
    ]
    assert [(r["slug"], r["relation"], r["treatments"]) for r in outside["records"]] == [("zoster", "related", None)]
    assert (below["status"], category["status"], outside["status"]) == ("known", "known", "related")


def test_a_seventh_character_changes_the_encounter_and_not_the_diagnosis(client: Client, load: Load) -> None:
    load(
        condition("fracture"),
        code_system(
            code("S32.0", "broader fracture", subtree=True, billable=False),
            code("S32.010", "fracture", subtree=True, billable=False),
            code("M84.48X", "broader fracture", subtree=True, billable=False),
        ),
    )

    items = find(client, "S32.010A", "M84.48XD", "S32.001A")

    assert [item["records"][0]["relation"] for item in items] == ["narrower", "broader", "related"]


def test_a_valid_code_without_a_record_is_unknown_with_what_is_near_it(coded: Client) -> None:
    distant, near, retired = find(coded, "Z00.00", "M54.6", "M54.5")

    assert (distant["status"], distant["parent"], distant["nearest"]) == ("unknown", "Z00.0", [])
    assert (near["status"], near["nearest"]) == ("unknown", ["M54.12", "M54.16", "M54.3"])
    assert (retired["status"], retired["replaced_by"]) == ("unknown", ["M54.50", "M54.59"])


def test_a_valid_code_has_its_title_and_whether_it_is_billable_though_it_is_not_mapped(coded: Client) -> None:
    items = find(coded, "M54.31", "M77.11", "M77.1", "S22.080D", "S13.4XXA", "C44.1021")

    assert [(item["title"], item["billable"]) for item in items] == [
        ("Sciatica, right side", True),
        ("Lateral epicondylitis, right elbow", True),
        ("Lateral epicondylitis", False),
        (
            "Wedge compression fracture of T11-T12 vertebra, subsequent encounter for fracture with routine healing",
            True,
        ),
        ("Sprain of ligaments of cervical spine, initial encounter", True),
        ("Unspecified malignant neoplasm of skin of right upper eyelid, including canthus", True),
    ]


@pytest.mark.parametrize(
    ("query", "parameter", "message"),
    [
        ({"code": "icd-10-cm|M99.999"}, "code", "not in the table of 2026-04-01"),
        ({"code": "icd-10-cm|sciatica"}, "code", "codes look like M54.16"),
        ({"code": "icd-11|M54.16"}, "code", "unknown code system 'icd-11'"),
        ({"code": "sciatica"}, "code", "write SYSTEM|CODE"),
        ({"code": "M54.16", "system": "icd-9"}, "system", "unknown code system"),
        ({"code": ["M54.16"] * 51}, "code", "at most 50"),
        ({}, "code", "required"),
    ],
)
def test_what_is_no_code_is_refused_by_name(coded: Client, query: Any, parameter: str, message: str) -> None:
    response = coded.get("/v1/lookup", params=query)

    assert response.status_code == 422
    assert [error["parameter"] for error in response.json()["errors"]] == [parameter]
    assert message in response.json()["errors"][0]["message"]


def test_a_code_stands_for_its_record_in_paths_filters_and_batches(coded: Client) -> None:
    redirect = coded.get("/v1/conditions/m54.16")
    ambiguous = coded.get("/v1/conditions/M54.1")

    assert (redirect.status_code, redirect.headers["location"]) == (307, "/v1/conditions/sciatica")
    assert coded.get("/v1/conditions/M54.31").headers["location"] == "/v1/conditions/sciatica"
    assert ambiguous.status_code == 404
    assert [record["slug"] for record in ambiguous.json()["suggestions"]] == ["neck-nerve-pain", "sciatica"]
    assert [row["slug"] for row in coded.get("/v1/procedures?condition=M54.16").json()["items"]] == ["epidural"]
    assert [row["slug"] for row in coded.get("/v1/conditions/batch?slug=M54.12").json()["items"]] == ["neck-nerve-pain"]


def test_details_pages_json_ld_and_fhir_name_the_codes_of_a_record(coded: Client) -> None:
    codes = coded.get("/v1/conditions/sciatica").json()["codes"]
    json_ld = coded.get("/v1/conditions/sciatica.jsonld").json()

    assert [(row["code"], row["relation"]) for row in codes["items"]] == [("M54.16", "exact"), ("M54.3", "narrower")]
    assert "M54.16" in coded.get("/conditions/sciatica/evidence").text
    assert json.dumps(json_ld).count('"codingSystem"') == json.dumps(json_ld).count('"MedicalCode"') == 1


@pytest.mark.parametrize(
    ("system", "pointer", "message"),
    [
        (code_system(code("M54.99", "sciatica")), "/codes/0/id", "not in the table"),
        (code_system(code("M54.1", "sciatica")), "/codes/0/billable", "narrower codes"),
        (code_system(code("M54.16", "sciatica", title="Lumbago")), "/codes/0/title", "'Radiculopathy, lumbar region'"),
        (code_system(code("M54.16", "sciatca")), "/codes/0/records/0/slug", "did you mean 'sciatica'"),
        (code_system(code("M54.16", "sciatica"), code("M54.16")), "/codes/1/id", "listed twice"),
        (
            code_system(
                code("M54.3", "narrower sciatica", subtree=True, billable=False), code("M54.30", "broader sciatica")
            ),
            "/codes/1/records/0/relation",
            "M54.30 cannot be broader than 'sciatica': M54.3 above it",
        ),
        (code_system(code("D0101", "sciatica"), slug="mesh"), "/codes/0/id", "form of a code of MeSH"),
        (code_system(code("64483", "sciatica"), slug="cpt"), "/slug", "may hold"),
        (
            code_system(code("M54.16") | {"records": [{"type": "procedure", "slug": "epidural", "relation": "exact"}]}),
            "/codes/0/records/0/type",
            "does not stand for a procedure",
        ),
    ],
)
def test_a_map_that_breaks_a_rule_is_refused(tmp_path: Path, system: Json, pointer: str, message: str) -> None:
    root = write_seed(tmp_path, condition("sciatica"), procedure("epidural"), system)

    with pytest.raises(SeedInvalid) as raised:
        load_content(root)

    problems = [(problem.pointer, message in problem.message) for problem in raised.value.problems]
    assert (pointer, True) in problems, raised.value.problems


@pytest.mark.parametrize(
    "query", ["M54.16", "m5416", "ICD-10 M54.16", "ICD 10 diagnosis code M54.16", "icd-10-cm|M54.16", "M54.31"]
)
def test_a_search_for_a_code_finds_its_records(coded: Client, query: str) -> None:
    page = coded.get("/v1/search", params={"q": query}).json()
    hits, interpreted = page["items"], page["interpreted"]

    assert [hit["slug"] for hit in hits] == ["sciatica"]
    assert hits[0]["matched"]["field"] == "codes"
    # The code was read as a whole.
    assert interpreted["words"] == ["M54.31" if query == "M54.31" else "M54.16"]
    assert not any(interpreted[name] for name in ("phrases", "corrections", "expansions", "ignored"))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("M54.16", [("M54.16", "sciatica")]),
        ("m5416", [("M54.16", "sciatica")]),
        ("ICD-10 M54.12", [("M54.12", "neck-nerve-pain")]),
        ("M54.31", [("M54.31", "sciatica")]),
        ("M54.1", [("M54.12", "neck-nerve-pain"), ("M54.16", "sciatica")]),
        ("m5", [("M54.12", "neck-nerve-pain"), ("M54.16", "sciatica")]),
        # Neither a spinal level nor a letter begins a code.
        ("M", []),
        ("L5", []),
        ("X99", []),
    ],
)
def test_a_code_is_suggested_by_its_beginning_with_its_record(
    coded: Client, typed: str, expected: list[tuple[str, str]]
) -> None:
    items = coded.get("/v1/suggest", params={"q": typed}).json()["items"]

    assert [(item["text"], item["slug"]) for item in items if item["kind"] == "code"] == expected
    assert coded.get("/v1/suggest", params={"q": "sciat"}).json()["items"][0]["text"] == "Sciatica"
    assert coded.get("/v1/suggest", params={"q": "M54", "type": "procedure"}).json()["items"] == []


def test_a_code_that_is_merely_related_or_broader_leads_to_candidates(coded: Client) -> None:
    response = coded.get("/v1/conditions/B02.9")
    filtered = coded.get("/v1/procedures?condition=B02.9")

    assert response.status_code == 404
    assert [record["slug"] for record in response.json()["suggestions"]] == ["zoster"]
    assert filtered.status_code == 422
    assert "broader than a record or merely related" in filtered.json()["errors"][0]["message"]


def test_a_number_of_nice_leads_to_its_source_and_to_the_records_that_cite_it(client: Client, load: Load) -> None:
    nice = {"publisher": "NICE", "design": "guideline"}
    recommendation = claim(
        "against", "recommendation", {"body": "NICE", "year": 2013, "position": "against"}, source="nice-ta279"
    )
    load(
        source("nice-ta279", title="Vertebroplasty", number="TA279", **nice),
        source("nice-ipg12", number="IPG12", replaced_by="nice-ta279", standing="superseded", **nice),
        source("nice-ta279-rr", number="TA279/2", **nice),
        source("letter", number="TA159", publisher="A journal"),
        procedure("vertebroplasty", claims=[recommendation]),
    )
    guidance, superseded = find(client, "nice|TA279", "IPG12")
    unknown, letter = find(client, "nice|ng9999", "nice|TA159")

    assert [(r["type"], r["slug"], r["relation"]) for r in guidance["records"]] == [
        ("source", "nice-ta279", "exact"),
        ("source", "nice-ta279-rr", "broader"),
        ("procedure", "vertebroplasty", "related"),
    ]
    assert (guidance["status"], guidance["title"]) == ("known", "Vertebroplasty")
    assert (superseded["records"][0]["slug"], superseded["replaced_by"]) == ("nice-ipg12", ["TA279"])
    assert (unknown["code"], unknown["status"], letter["status"]) == ("NG9999", "unknown", "unknown")
    assert client.get("/v1/sources/TA279").headers["location"] == "/v1/sources/nice-ta279"
    assert [hit["slug"] for hit in client.get("/v1/search?q=NICE TA279").json()["items"]] == [
        "nice-ta279",
        "nice-ta279-rr",
        "vertebroplasty",
    ]


def test_a_spinal_level_is_no_code(coded: Client) -> None:
    assert all(hit["matched"]["field"] != "codes" for hit in coded.get("/v1/search?q=C20").json()["items"])


HEADER = "system,code,type,slug,relation"


def write_code_map(directory: Path, *rows: str) -> Path:
    path = directory / "codes.csv"
    path.write_text("\n".join((HEADER, *rows)) + "\n", encoding="utf-8")
    return path


def serve_with_code_map(client: Client, tmp_path: Path, *rows: str) -> Client:
    """Another service of the same database, with an operator's code map."""
    settings = client.app.app.state.services.settings  # type: ignore[attr-defined]
    path = write_code_map(tmp_path, *rows)
    service = Client(create_app(settings.model_copy(update={"code_map": path})), client.runner)
    service.poll_release()
    return service


def test_an_operators_codes_lead_to_records_and_are_marked_as_the_operators(coded: Client, tmp_path: Path) -> None:
    service = serve_with_code_map(
        coded, tmp_path, "CPT, 00001 ,procedure,epidural,exact", "icd-10-cm,m5431,condition,zoster,related", ""
    )
    cpt, icd = find(service, "http://www.ama-assn.org/go/cpt|00001", "M54.31")
    hits = service.get("/v1/search?q=CPT 00001").json()["items"]

    assert (cpt["code"], cpt["status"], cpt["title"], cpt["version"]) == ("00001", "known", None, None)
    assert [(r["slug"], r["relation"], r["origin"]) for r in cpt["records"]] == [("epidural", "exact", "operator")]
    assert [(r["slug"], r["relation"], r["origin"]) for r in icd["records"]] == [
        ("sciatica", "narrower", "content"),
        ("zoster", "related", "operator"),
    ]
    assert service.get("/v1/procedures/00001").headers["location"] == "/v1/procedures/epidural"
    assert [(hit["slug"], hit["matched"]["kind"]) for hit in hits] == [("epidural", "operator_code")]
    assert "says the operator of this service" in hits[0]["reason"]
    assert find(coded, "cpt|00001")[0]["status"] == "unknown"
    service.close()


def test_an_operators_codes_change_the_fingerprint_of_the_settings_and_are_never_exported(
    coded: Client, tmp_path: Path
) -> None:
    service = serve_with_code_map(coded, tmp_path, "cpt,00001,procedure,epidural,exact")
    settings = [each.app.app.state.services.settings for each in (coded, service)]  # type: ignore[attr-defined]

    assert len({content_key(each, "revision") for each in settings}) == 2
    assert (
        coded.get("/v1/lookup?code=cpt|00001").headers["etag"]
        != service.get("/v1/lookup?code=cpt|00001").headers["etag"]
    )
    for path in (
        "/v1/export/release.json",
        "/v1/export/procedures.csv",
        "/v1/procedures/epidural",
        "/v1/procedures/epidural.jsonld",
    ):
        body = service.get(path)
        assert (body.status_code, "00001" in body.text) == (200, False)
    service.close()


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("cpt,00001,procedure,epidural", "line 2: has 4 columns in place of 5"),
        ("cpd,00001,procedure,epidural,exact", "line 2: unknown code system 'cpd'"),
        ("cpt,1,procedure,epidural,exact", "line 2: '1' has not the form of a code of CPT, such as 00000"),
        ("icd-10-cm,M54.99,condition,sciatica,exact", "line 2: M54.99 is not in the table"),
        ("cpt,00001,condition,sciatica,exact", "line 2: a code of CPT stands for procedure, not for 'condition'"),
        ("cpt,00001,procedure,epidural,same", "line 2: unknown relation 'same'; known: exact"),
        ("cpt,00001,procedure,,exact", "line 2: the slug is missing"),
        ("cpt,00001,procedure,a,exact\n\ncpt,00001,procedure,a,related", "line 4: repeats line 2"),
        ('cpt,"00001,procedure,epidural,exact', "line 2: unexpected end"),
    ],
)
def test_a_wrong_row_of_an_operators_codes_stops_the_start(tmp_path: Path, row: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match="KB_CODE_MAP") as raised:
        load_settings({"KB_CODE_MAP": str(write_code_map(tmp_path, row))})

    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file"),
        (b"\xff", "not UTF-8"),
        (b"code,system\n", "columns must be system,code,type,slug,relation"),
        (b"", "columns must be"),
        (b"system,code,type,slug,relation\n" + b"cpt,00001,procedure,a,exact\n" * 100_001, "at most 100,000"),
        (b"system,code,type,slug,relation\n" + b"cpt,1,procedure,a,exact\n" * 30, "line 21: '1' has not the form"),
        (b"system,code,type,slug,relation\n" + b"cpt,1,procedure,a,exact\n" * 30, "; and 10 more"),
    ],
)
def test_a_file_that_is_no_code_map_stops_the_start(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "codes.csv"
    if content is not None:
        path.write_bytes(content)

    with pytest.raises(ConfigurationError) as raised:
        load_settings({"KB_CODE_MAP": str(path)})

    assert message in str(raised.value)


def test_check_refuses_an_operators_code_whose_record_the_content_does_not_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_seed(tmp_path / "seed", procedure("epidural"))
    monkeypatch.setenv("KB_CODE_MAP", str(write_code_map(tmp_path, "cpt,00001,procedure,epidurel,exact")))

    outcome = CliRunner().invoke(cli, ["check", "--seed", str(root)])

    assert outcome.exit_code == 2
    assert "line 2: unknown procedure 'epidurel'; did you mean 'epidural'?" in outcome.output
