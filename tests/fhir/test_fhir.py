import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from build import claim, condition, generator, procedure, risk
from checkout import ROOT
from conftest import Client, Load
from fhir.resources import get_fhir_model_class
from openapi_spec_validator import validate
from pydantic import ValidationError

from app.main import create_app
from app.settings import Settings

LONG = "a-procedure-whose-slug-is-longer-than-the-sixty-four-characters-of-a-fhir-id"


@pytest.fixture
def fhir(database_url: str, client: Client, load: Load, runner: asyncio.Runner) -> Iterator[Client]:
    del client
    events = claim(
        "p--risk",
        "procedure_risk",
        {"risk": "bleeding", "phrase": "a bruise", "state": "known", "observed": 3, "n": 120},
    )
    stop = claim("p--stop", "contraindication", {"label": "Infection of the skin"})
    load(
        risk("bleeding"),
        generator("facet-joint"),
        condition("sciatica"),
        procedure("p", names=[{"text": "Needle work", "kind": "synonym"}], indicated=["sciatica"], treats=["facet-joint"], claims=[events, stop]),
        procedure("q", family="ablation", former_slugs=["old-q"]),
        procedure(LONG, indicated=["sciatica"]),
    )  # fmt: skip
    one = Client(create_app(Settings(database_url=database_url, extras=("fhir",))), runner)
    one.see()
    yield one
    one.close()


def ids(client: Client, path: str) -> list[str]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return [entry["resource"]["id"] for entry in answer.json().get("entry", ())]


def test_the_validator_refuses_what_r5_does_not_know(fhir: Client) -> None:
    resource = fhir.get("/fhir/ClinicalUseDefinition/p--risk").json()
    model = get_fhir_model_class("ClinicalUseDefinition")
    model.model_validate(resource)

    for wrong in ({"made_up": 1}, {"undesirableEffect": {"frequency": "often"}}, {"id": "no/id"}):
        with pytest.raises(ValidationError):
            model.model_validate(resource | wrong)


def test_an_undesirable_effect_says_how_often(fhir: Client) -> None:
    effect = fhir.get("/fhir/ClinicalUseDefinition/p--risk").json()["undesirableEffect"]

    assert effect["symptomConditionEffect"]["concept"]["text"] == "a bruise"
    assert effect["symptomConditionEffect"]["concept"]["coding"][0]["code"] == "bleeding"
    assert effect["frequencyOfOccurrence"]["text"].startswith("3 of 120")
    assert effect["frequencyOfOccurrence"]["coding"][0]["code"] == "common"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/fhir/ActivityDefinition?name=needle", ["p"]),
        ("/fhir/ActivityDefinition?name:contains=work", ["p"]),
        ("/fhir/ActivityDefinition?name:exact=NEEDLE WORK", ["p"]),
        ("/fhir/ActivityDefinition?name:exact=needle", []),
        ("/fhir/ActivityDefinition?title=q", ["q"]),
        ("/fhir/ActivityDefinition?_id=p,q,none", ["p", "q"]),
        ("/fhir/ActivityDefinition?topic=ablation", ["q"]),
        ("/fhir/ActivityDefinition?status=retired", []),
        ("/fhir/ActivityDefinition?status=http://hl7.org/fhir/publication-status|active,draft&name=q", ["q"]),
        ("/fhir/ActivityDefinition?url=urn:procedure-kb:ActivityDefinition:q", ["q"]),
        ("/fhir/ActivityDefinition?identifier=urn:procedure-kb:identifier:procedures|q", ["q"]),
        ("/fhir/EvidenceVariable", ["condition-sciatica", "pain-generator-facet-joint"]),
        ("/fhir/EvidenceVariable?name=fac", ["pain-generator-facet-joint"]),
        ("/fhir/Citation?name=a review", []),
        ("/fhir/Citation?name=a syst", ["review"]),
        ("/fhir/ClinicalUseDefinition?type=contraindication", ["p--stop"]),
        ("/fhir/ClinicalUseDefinition?effect=bleeding", ["p--risk"]),
        ("/fhir/ClinicalUseDefinition?indication=sciatica&subject=ActivityDefinition/p", ["p--indication-0"]),
        ("/fhir/Evidence?claim-kind=target", ["p--target-t0"]),
        ("/fhir/Evidence?claim-kind=indication", []),
        ("/fhir/CodeSystem?_id=families", ["families"]),
        ("/fhir/ValueSet?name=procedures-abl", ["procedures-ablation"]),
        ("/fhir/StructureDefinition?url=urn:procedure-kb:StructureDefinition:value-relief-duration", ["value-relief-duration"]),
    ],
)  # fmt: skip
def test_a_search_finds_what_it_asks_for_and_nothing_else(fhir: Client, path: str, found: list[str]) -> None:
    assert ids(fhir, path) == found


def test_pages_lead_through_every_match_once(fhir: Client) -> None:
    seen: list[str] = []
    address: str | None = "/fhir/EvidenceVariable?_count=1"
    while address:
        bundle = fhir.get(address).json()
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        assert links["self"] == address
        assert bundle["total"] == 2
        address = links.get("next")

    assert seen == ["condition-sciatica", "pain-generator-facet-joint"]


def test_a_page_of_an_earlier_release_is_gone_and_a_broken_one_refused(fhir: Client, load: Load) -> None:
    bundle = fhir.get("/fhir/Evidence?_count=1&status=active").json()
    if len(bundle["link"]) == 1:
        bundle = fhir.get("/fhir/ActivityDefinition?_count=1").json()
    following = bundle["link"][1]["url"]
    broken = fhir.get(following.replace("_cursor=", "_cursor=x"))
    assert (broken.status_code, broken.json()["issue"][0]["expression"]) == (400, ["_cursor"])

    load(procedure("other"))
    fhir.see()

    gone = fhir.get(following)
    assert (gone.status_code, gone.json()["issue"][0]["code"]) == (410, "expired")


def test_what_is_included_comes_with_the_matches_and_does_not_count(fhir: Client) -> None:
    bundle = fhir.get("/fhir/ClinicalUseDefinition?type=indication&_include=ClinicalUseDefinition:subject").json()

    modes = [(entry["search"]["mode"], entry["resource"]["resourceType"]) for entry in bundle["entry"]]
    assert bundle["total"] == 2
    assert modes == [("match", "ClinicalUseDefinition")] * 2 + [("include", "ActivityDefinition")] * 2
    sources = fhir.get("/fhir/ActivityDefinition?_id=p&_include=*").json()["entry"]
    assert [one["resource"]["resourceType"] for one in sources] == ["ActivityDefinition", "Citation"]


def test_a_page_asks_the_database_a_bounded_number_of_times(fhir: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    engine = fhir.app.app.state.engine  # type: ignore[attr-defined]
    with engine.transaction() as opened:
        kind = type(opened)
    really = kind.fetch
    monkeypatch.setattr(kind, "fetch", lambda self, sql, *more: asked.append(sql) or really(self, sql, *more))
    fhir.get("/fhir/Evidence?_count=2")
    counts = []
    for count in (1, 3):
        asked.clear()
        fhir.get(f"/fhir/ClinicalUseDefinition?_include=*&_count={count}")
        counts.append(len(asked))

    assert counts[0] >= counts[1] > 0
    assert max(counts) < 8


def test_an_id_too_long_for_fhir_is_shortened_and_still_found(fhir: Client) -> None:
    (made,) = [one for one in ids(fhir, "/fhir/ActivityDefinition") if one.startswith("a-procedure")]

    assert len(made) == 64
    resource = fhir.get(f"/fhir/ActivityDefinition/{made}").json()
    assert resource["identifier"][0]["value"] == LONG
    claims = ids(fhir, f"/fhir/ClinicalUseDefinition?subject=ActivityDefinition/{made}")
    assert len(claims[0]) == 64
    assert fhir.get(f"/fhir/ClinicalUseDefinition/{claims[0]}").status_code == 200


def test_other_names_of_a_record_lead_to_its_id(fhir: Client) -> None:
    for path, status, location in (
        ("ActivityDefinition/needle%20work", 307, "ActivityDefinition/p"),
        ("ActivityDefinition/old-q", 308, "ActivityDefinition/q"),
        ("EvidenceVariable/condition-Sciatica", 307, "EvidenceVariable/condition-sciatica"),
    ):
        answer = fhir.get(f"/fhir/{path}")
        assert (answer.status_code, answer.headers["location"]) == (status, f"/fhir/{location}")


@pytest.mark.parametrize(
    ("path", "status", "near"),
    [
        ("/fhir/ActivityDefinition?nam=x", 422, "name"),
        ("/fhir/ActivityDefinition?_summary=true", 422, ""),
        ("/fhir/ActivityDefinition?_summary=text", 422, ""),
        ("/fhir/ActivityDefinition?_format=xml", 422, ""),
        ("/fhir/ActivityDefinition?_count=0", 422, ""),
        ("/fhir/ActivityDefinition?_count=101", 422, ""),
        ("/fhir/ActivityDefinition?status=activ", 422, "active"),
        ("/fhir/ActivityDefinition?status=active&status=draft", 422, ""),
        ("/fhir/ActivityDefinition?topic=ablatoin", 422, "ablation"),
        ("/fhir/ActivityDefinition?name=%3F", 422, ""),
        ("/fhir/ActivityDefinition?_include=ActivityDefinition:derived", 422, "ActivityDefinition:derived-from"),
        ("/fhir/ActivityDefinition?identifier=urn:other|q", 422, ""),
        ("/fhir/ActivityDefinition?_revinclude=*", 422, "_include"),
        ("/fhir/EvidenceVariable/condition-siatica", 404, "EvidenceVariable/condition-sciatica"),
        ("/fhir/EvidenceVariable/sciatica", 404, "EvidenceVariable/condition-sciatica"),
        ("/fhir/Evidence/p--risk", 404, "ClinicalUseDefinition/p--risk"),
        ("/fhir/Evidence/p--tar", 404, "Evidence/p--target-t0"),
        ("/fhir/ClinicalUseDefinition?subject=ActivityDefinition/pp", 422, ""),
        ("/fhir/ClinicalUseDefinition?effect=bleedin", 422, "bleeding"),
        ("/fhir/CodeSystem/familes", 404, "CodeSystem/families"),
        ("/fhir/CodeSystem/families/$lookup?code=ablatoin", 404, "ablation"),
        ("/fhir/CodeSystem/$lookup?system=urn:procedure-kb:CodeSystem:familes&code=x", 422, "urn:procedure-kb:CodeSystem:families"),
        ("/fhir/CodeSystem/families/$lookup", 422, ""),
        ("/fhir/ValueSet/$expand?url=urn:procedure-kb:ValueSet:none", 422, ""),
        ("/fhir/ValueSet/families/$expand?count=1001", 422, ""),
        ("/fhir/ActivityDefinition/p?release=0.0.1", 410, ""),
        ("/fhir/ActivityDefinitio", 404, "/fhir/ActivityDefinition"),
        ("/fhir", 404, ""),
        ("/fhir/ActivityDefinition/%00", 400, ""),
        ("/fhir/ActivityDefinition?name=" + "a" * 9000, 414, ""),
    ],
)  # fmt: skip
def test_a_mistake_is_an_operation_outcome_that_names_the_nearest(
    fhir: Client, path: str, status: int, near: str
) -> None:
    answer = fhir.get(path)

    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/fhir+json"
    get_fhir_model_class("OperationOutcome").model_validate(answer.json())
    assert near in answer.text


def test_fhir_is_read_only(fhir: Client) -> None:
    answer = fhir.request("POST", "/fhir/ActivityDefinition", json={})

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert answer.json()["issue"][0]["code"] == "not-supported"


def test_terms_are_looked_up_expanded_and_validated(fhir: Client) -> None:
    def told(path: str) -> dict[str, Any]:
        parameters = fhir.get(path).json()["parameter"]
        return {one["name"]: next((one[key] for key in one if key.startswith("value")), None) for one in parameters}

    assert told("/fhir/CodeSystem/$lookup?system=urn:procedure-kb:CodeSystem:procedures&code=p")["display"] == "P"
    page = fhir.get("/fhir/ValueSet/procedures/$expand?count=1&offset=1").json()["expansion"]
    assert (page["total"], page["offset"], len(page["contains"])) == (3, 1, 1)
    found = fhir.get("/fhir/ValueSet/$expand?url=urn:procedure-kb:ValueSet:procedures&filter=wor nee").json()
    assert [one["code"] for one in found["expansion"]["contains"]] == ["p"]
    family = fhir.get("/fhir/ValueSet/procedures-ablation/$expand").json()["expansion"]
    assert [one["code"] for one in family["contains"]] == ["q"]
    assert told("/fhir/ValueSet/procedures/$validate-code?code=p&display=Needle work")["result"] is True
    wrong = told("/fhir/ValueSet/families/$validate-code?code=ablatoin")
    assert (wrong["result"], "'ablation'" in wrong["message"]) == (False, True)
    assert told("/fhir/CodeSystem/procedures/$validate-code?code=p&display=Hammer")["result"] is False


def test_fhir_answers_like_everything_else(fhir: Client) -> None:
    answer = fhir.get("/fhir/ActivityDefinition/p")

    assert answer.headers["content-type"] == "application/fhir+json"
    assert answer.headers["kb-release"] == fhir.get("/v1/releases/current").json()["version"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "stale-while-revalidate" in answer.headers["cache-control"]
    again = fhir.get("/fhir/ActivityDefinition/p", headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = fhir.request("HEAD", "/fhir/ActivityDefinition/p")
    assert (head.content, dict(head.headers)) == (b"", dict(answer.headers))
    assert fhir.app.metrics.hits >= 2
    packed = fhir.get("/fhir/ActivityDefinition/p", headers={"Accept-Encoding": "br"})
    assert packed.headers["content-encoding"] == "br"


def test_a_public_address_makes_full_urls_absolute(database_url: str, fhir: Client, runner: asyncio.Runner) -> None:
    del fhir
    settings = Settings(database_url=database_url, extras=("fhir",), public_url="https://kb.test/pain")
    one = Client(create_app(settings), runner)
    one.see()

    bundle = one.get("/fhir/ActivityDefinition?_id=p").json()

    assert bundle["entry"][0]["fullUrl"] == "https://kb.test/pain/fhir/ActivityDefinition/p"
    assert bundle["link"][0]["url"] == "https://kb.test/pain/fhir/ActivityDefinition?_id=p"
    one.close()


def test_the_capability_statement_names_every_parameter_that_a_search_takes(fhir: Client) -> None:
    statement = fhir.get("/fhir/metadata").json()
    document = fhir.get("/fhir/openapi.json").json()

    for resource in statement["rest"][0]["resource"]:
        taken = {one["name"] for one in document["paths"][f"/fhir/{resource['type']}"]["get"]["parameters"]}
        paging = {"release", "_format", "_count", "_cursor", "_summary", "_include"}
        # Modifiers of a parameter are no parameters of their own.
        assert {one["name"] for one in resource["searchParam"]} == {one for one in taken - paging if ":" not in one}


def test_the_openapi_document_is_sound(fhir: Client) -> None:
    validate(fhir.get("/fhir/openapi.json").json())


def test_an_installation_without_fhir_says_how_to_get_it(client: Client) -> None:
    for path in ("/fhir", "/fhir/metadata", "/fhir/ActivityDefinition/p"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["issue"][0]["details"]["coding"][0]["code"]) == (404, "not_installed")
        assert "KB_EXTRAS=fhir make serve" in answer.text


def test_both_engines_answer_fhir_with_the_same_bytes(shipped_urls: dict[str, str], runner: asyncio.Runner) -> None:
    clients = [
        Client(create_app(Settings(database_url=url, extras=("fhir",))), runner) for url in shipped_urls.values()
    ]
    for one in clients:
        one.see()
    paths = [
        "/fhir/metadata",
        *(f"/fhir/{kind}?_count=30" for kind in ("ActivityDefinition", "EvidenceVariable", "Citation", "CodeSystem")),
        *(f"/fhir/{kind}?_count=30&_include=*" for kind in ("ClinicalUseDefinition", "Evidence", "EvidenceVariable")),
        "/fhir/ActivityDefinition?name=radio",
        "/fhir/ActivityDefinition?name:contains=block&topic=nerve_block",
        "/fhir/Citation?name=the&status=active",
        "/fhir/ClinicalUseDefinition?effect=bleeding-or-bruising",
        "/fhir/ValueSet/conditions/$expand?filter=pain",
        "/fhir/CodeSystem/procedures",
        "/fhir/Evidence/none",
        "/fhir/ActivityDefinition/epidurel",
    ]

    for path in paths:
        first, second = (one.get(path) for one in clients)
        assert (first.status_code, first.content) == (second.status_code, second.content), path
        following = [link["url"] for link in first.json().get("link", ()) if link["relation"] == "next"]
        if following:
            assert clients[0].get(following[0]).content == clients[1].get(following[0]).content

    for one in clients:
        one.close()


def test_an_unknown_extra_is_named_with_the_known_ones(tmp_path: Path) -> None:
    del tmp_path
    with pytest.raises(ValidationError, match="'fihr' is no extra; known are fhir, mcp, otel"):
        Settings.model_validate({"extras": "fhir,fihr"})
    assert Settings.model_validate({"extras": "fhir, mcp"}).extras == ("fhir", "mcp")


def test_every_example_of_the_document_is_answered(shipped_urls: dict[str, str], runner: asyncio.Runner) -> None:
    one = Client(create_app(Settings(database_url=shipped_urls["sqlite"], extras=("fhir",))), runner)
    one.see()
    text = (ROOT / "docs/fhir.md").read_text(encoding="utf-8")
    examples = re.findall(r"curl -s 'http://127\.0\.0\.1:8000([^']+)'", text)

    assert len(examples) > 8
    for path in examples:
        answer = one.get(path)
        assert answer.status_code == 200, (path, answer.text[:300])
        # An example that finds nothing shows nothing.
        assert answer.json().get("total", 1) > 0, path
    one.close()
