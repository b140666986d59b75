import asyncio
import re
from typing import Any

import pytest
from build import claim, procedure, risk
from checkout import ROOT
from conftest import Client, Load
from fhir.resources import get_fhir_model_class
from openapi_spec_validator import validate
from pydantic import ValidationError

from app.main import create_app
from app.settings import Settings

LONG = "a-procedure-whose-slug-is-longer-than-the-sixty-four-characters-of-a-fhir-id"


def list_ids(client: Client, path: str) -> list[str]:
    response = client.get(path)
    assert response.status_code == 200, response.text
    return [entry["resource"]["id"] for entry in response.json().get("entry", ())]


def test_the_validator_rejects_elements_that_r5_does_not_have(fhir: Client) -> None:
    resource = fhir.get("/fhir/ClinicalUseDefinition/p--risk").json()
    model = get_fhir_model_class("ClinicalUseDefinition")
    model.model_validate(resource)

    for invalid in ({"made_up": 1}, {"undesirableEffect": {"frequency": "often"}}, {"id": "no/id"}):
        with pytest.raises(ValidationError):
            model.model_validate(resource | invalid)


def test_an_undesirable_effect_states_its_frequency(fhir: Client) -> None:
    effect = fhir.get("/fhir/ClinicalUseDefinition/p--risk").json()["undesirableEffect"]

    assert effect["symptomConditionEffect"]["concept"]["text"] == "a bruise"
    assert effect["symptomConditionEffect"]["concept"]["coding"][0]["code"] == "bleeding"
    assert effect["frequencyOfOccurrence"]["text"].startswith("3 of 120; counted: people")
    assert effect["frequencyOfOccurrence"]["coding"][0]["code"] == "common"


def test_a_percentage_is_written_as_the_source_gives_it(fhir: Client, load: Load) -> None:
    whole = claim("whole", "response_rate", {"percent_min": 57, "percent_max": 57, "ci_low": 50, "ci_high": 64.5})
    part = claim("part", "response_rate", {"percent_min": 66.7, "percent_max": 66.7})
    load(procedure("p", claims=[whole, part]))
    fhir.poll_release()

    body = fhir.get("/fhir/Evidence/whole").text
    assert ('"quantity":{"value":57,' in body, '"valueDecimal":57}' in body, "57.0" in body) == (True, True, False)
    assert '"low":{"value":50,' in body
    assert '"value":66.7' in fhir.get("/fhir/Evidence/part").text


def test_a_contraindication_is_coded_by_topic(fhir: Client) -> None:
    concept = fhir.get("/fhir/ClinicalUseDefinition/p--stop").json()["contraindication"]["diseaseSymptomProcedure"]

    assert concept["concept"]["text"] == "Infection of the skin"
    (coding,) = concept["concept"]["coding"]
    assert (coding["code"], coding["display"]) == ("local_infection", "Infection at the site")
    codes = fhir.get("/fhir/CodeSystem/contraindication-topics").json()["concept"]
    assert coding["code"] in [code["code"] for code in codes]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/fhir/ActivityDefinition?name=needle", ["p"]),
        ("/fhir/ActivityDefinition?name:contains=work", ["p"]),
        ("/fhir/ActivityDefinition?name:exact=Needle work", ["p"]),
        ("/fhir/ActivityDefinition?name:exact=NEEDLE WORK", []),
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
def test_a_search_returns_exactly_the_matches(fhir: Client, path: str, expected: list[str]) -> None:
    assert list_ids(fhir, path) == expected


def test_an_umbrella_comes_with_the_harms_of_its_forms(fhir: Client, load: Load) -> None:
    death = claim(
        "caudal-death",
        "procedure_risk",
        {"risk": "death", "phrase": "death", "state": "known", "observed": 3, "n": 18, "per": "people", "timeframe": "30 days"},
        qualifiers={"population": "people with cancer"},
    )  # fmt: skip
    against = claim("caudal-against", "recommendation", {"body": "A body", "year": 2025, "position": "against"})
    stop = claim("caudal-stop", "contraindication", {"label": "Warfarin", "topics": ["anticoagulants"]})
    load(
        risk("death", seriousness="life_threatening"),
        procedure("epidural"),
        procedure("caudal", broader=["epidural"], claims=[death, stop, against]),
    )

    path = "/fhir/ClinicalUseDefinition?subject=ActivityDefinition/epidural"
    assert list_ids(fhir, path) == ["caudal-death", "caudal-stop"]
    text = fhir.get("/fhir/ActivityDefinition/epidural").json()["text"]["div"]
    for expected in (
        "1 form, whose harms are included here: Caudal",
        "Death (can threaten life): 3 of 18 people",
        "Blood thinners",
        "A body, 2025",
    ):
        assert expected in text, text
    effect = fhir.get("/fhir/ClinicalUseDefinition/caudal-death").json()["undesirableEffect"]
    assert "in: people with cancer; 30 days" in effect["frequencyOfOccurrence"]["text"]


def test_following_next_links_returns_every_match_once(fhir: Client) -> None:
    seen: list[str] = []
    url: str | None = "http://kb.test/fhir/EvidenceVariable?_count=1"
    while url:
        bundle = fhir.get(url).json()
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        assert links["self"] == url
        assert bundle["total"] == 2
        url = links.get("next")

    assert seen == ["condition-sciatica", "pain-generator-facet-joint"]


def test_a_cursor_of_an_earlier_release_is_expired_and_a_malformed_one_invalid(fhir: Client, load: Load) -> None:
    bundle = fhir.get("/fhir/Evidence?_count=1&status=active").json()
    if len(bundle["link"]) == 1:
        bundle = fhir.get("/fhir/ActivityDefinition?_count=1").json()
    next_url = bundle["link"][1]["url"]
    malformed = fhir.get(next_url.replace("_cursor=", "_cursor=x"))
    assert (malformed.status_code, malformed.json()["issue"][0]["expression"]) == (400, ["_cursor"])

    load(procedure("other"))
    fhir.poll_release()

    expired = fhir.get(next_url)
    assert (expired.status_code, expired.json()["issue"][0]["code"]) == (410, "expired")


def test_included_resources_come_with_the_matches_and_are_not_counted(fhir: Client) -> None:
    bundle = fhir.get("/fhir/ClinicalUseDefinition?type=indication&_include=ClinicalUseDefinition:subject").json()

    modes = [(entry["search"]["mode"], entry["resource"]["resourceType"]) for entry in bundle["entry"]]
    assert bundle["total"] == 2
    assert modes == [("match", "ClinicalUseDefinition")] * 2 + [("include", "ActivityDefinition")] * 2
    entries = fhir.get("/fhir/ActivityDefinition?_id=p&_include=*").json()["entry"]
    assert [entry["resource"]["resourceType"] for entry in entries] == ["ActivityDefinition", "Citation"]


def test_a_page_runs_a_bounded_number_of_queries(fhir: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    queries: list[str] = []
    engine = fhir.app.app.state.services.engine  # type: ignore[attr-defined]
    with engine.transaction() as transaction:
        transaction_class = type(transaction)
    fetch = transaction_class.fetch
    monkeypatch.setattr(
        transaction_class, "fetch", lambda self, sql, *args: queries.append(sql) or fetch(self, sql, *args)
    )
    fhir.get("/fhir/Evidence?_count=2")
    counts = []
    for count in (1, 3):
        queries.clear()
        fhir.get(f"/fhir/ClinicalUseDefinition?_include=*&_count={count}")
        counts.append(len(queries))

    assert counts[0] >= counts[1] > 0
    assert max(counts) < 8


def test_an_id_too_long_for_fhir_is_shortened_and_still_resolves(fhir: Client) -> None:
    (short_id,) = [
        fhir_id for fhir_id in list_ids(fhir, "/fhir/ActivityDefinition") if fhir_id.startswith("a-procedure")
    ]

    assert len(short_id) == 64
    resource = fhir.get(f"/fhir/ActivityDefinition/{short_id}").json()
    assert resource["identifier"][0]["value"] == LONG
    claim_ids = list_ids(fhir, f"/fhir/ClinicalUseDefinition?subject=ActivityDefinition/{short_id}")
    assert len(claim_ids[0]) == 64
    assert fhir.get(f"/fhir/ClinicalUseDefinition/{claim_ids[0]}").status_code == 200


def test_other_names_of_a_record_redirect_to_its_id(fhir: Client) -> None:
    for path, status, location in (
        ("ActivityDefinition/needle%20work", 307, "ActivityDefinition/p"),
        ("ActivityDefinition/old-q", 308, "ActivityDefinition/q"),
        ("EvidenceVariable/condition-Sciatica", 307, "EvidenceVariable/condition-sciatica"),
    ):
        response = fhir.get(f"/fhir/{path}")
        assert (response.status_code, response.headers["location"]) == (status, f"/fhir/{location}")


@pytest.mark.parametrize(
    ("path", "status", "suggestion"),
    [
        ("/fhir/ActivityDefinition?nam=x", 400, "name"),
        ("/fhir/ActivityDefinition?_summary=full", 400, ""),
        ("/fhir/ActivityDefinition?_format=xml", 406, ""),
        ("/fhir/ActivityDefinition?_count=-1", 400, ""),
        ("/fhir/ActivityDefinition?_count=many", 400, ""),
        ("/fhir/ActivityDefinition?_count=1&_count=2", 400, ""),
        ("/fhir/ActivityDefinition?_sort=titel", 400, "title"),
        ("/fhir/ActivityDefinition?topic:below=ablation", 400, "topic"),
        ("/fhir/ActivityDefinition?name=%3F", 400, ""),
        ("/fhir/ActivityDefinition?_include=ActivityDefinition:derived", 400, "ActivityDefinition:derived-from"),
        ("/fhir/ActivityDefinition?_revinclude=*", 400, "_include"),
        ("/fhir/EvidenceVariable/condition-siatica", 404, "EvidenceVariable/condition-sciatica"),
        ("/fhir/EvidenceVariable/sciatica", 404, "EvidenceVariable/condition-sciatica"),
        ("/fhir/Evidence/p--risk", 404, "ClinicalUseDefinition/p--risk"),
        ("/fhir/Evidence/p--tar", 404, "Evidence/p--target-t0"),
        ("/fhir/CodeSystem/familes", 404, "CodeSystem/families"),
        ("/fhir/CodeSystem/families/$lookup?code=ablatoin", 404, "ablation"),
        ("/fhir/CodeSystem/$lookup?system=urn:procedure-kb:CodeSystem:familes&code=x", 400, "urn:procedure-kb:CodeSystem:families"),
        ("/fhir/CodeSystem/families/$lookup", 400, ""),
        ("/fhir/ValueSet/$expand?url=urn:procedure-kb:ValueSet:none", 400, ""),
        ("/fhir/ValueSet/families/$expand?count=-1", 400, ""),
        ("/fhir/ValueSet/families/$expand?count=many", 400, ""),
        ("/fhir/ActivityDefinition/p?release=0.0.1", 410, ""),
        ("/fhir/ActivityDefinitio", 404, "/fhir/ActivityDefinition"),
        ("/fhir", 404, ""),
        ("/fhir/ActivityDefinition/%00", 400, ""),
        ("/fhir/ActivityDefinition?name=" + "a" * 9000, 414, ""),
    ],
)  # fmt: skip
def test_an_error_is_an_operation_outcome_with_a_suggestion(
    fhir: Client, path: str, status: int, suggestion: str
) -> None:
    response = fhir.get(path)

    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/fhir+json"
    get_fhir_model_class("OperationOutcome").model_validate(response.json())
    assert suggestion in response.text


def test_fhir_is_read_only(fhir: Client) -> None:
    response = fhir.request("POST", "/fhir/ActivityDefinition", json={})

    assert (response.status_code, response.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert response.json()["issue"][0]["code"] == "not-supported"


def test_codes_are_looked_up_expanded_and_validated(fhir: Client) -> None:
    def get_parameters(path: str) -> dict[str, Any]:
        parameters = fhir.get(path).json()["parameter"]
        return {
            parameter["name"]: next((parameter[key] for key in parameter if key.startswith("value")), None)
            for parameter in parameters
        }

    assert (
        get_parameters("/fhir/CodeSystem/$lookup?system=urn:procedure-kb:CodeSystem:procedures&code=p")["display"]
        == "P"
    )
    page = fhir.get("/fhir/ValueSet/procedures/$expand?count=1&offset=1").json()["expansion"]
    assert (page["total"], page["offset"], len(page["contains"])) == (3, 1, 1)
    filtered = fhir.get("/fhir/ValueSet/$expand?url=urn:procedure-kb:ValueSet:procedures&filter=wor nee").json()
    assert [concept["code"] for concept in filtered["expansion"]["contains"]] == ["p"]
    family = fhir.get("/fhir/ValueSet/procedures-ablation/$expand").json()["expansion"]
    assert [concept["code"] for concept in family["contains"]] == ["q"]
    assert get_parameters("/fhir/ValueSet/procedures/$validate-code?code=p&display=Needle work")["result"] is True
    unknown = get_parameters("/fhir/ValueSet/families/$validate-code?code=ablatoin")
    assert (unknown["result"], "'ablation'" in unknown["message"]) == (False, True)
    assert get_parameters("/fhir/CodeSystem/procedures/$validate-code?code=p&display=Hammer")["result"] is False


def test_fhir_has_the_headers_and_caching_of_v1(fhir: Client) -> None:
    response = fhir.get("/fhir/ActivityDefinition/p")

    assert response.headers["content-type"] == "application/fhir+json"
    assert response.headers["kb-release"] == fhir.get("/v1/releases/current").json()["version"]
    assert response.headers["access-control-allow-origin"] == "*"
    assert "stale-while-revalidate" in response.headers["cache-control"]
    again = fhir.get("/fhir/ActivityDefinition/p", headers={"If-None-Match": response.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    head = fhir.request("HEAD", "/fhir/ActivityDefinition/p")
    assert (head.content, dict(head.headers)) == (b"", dict(response.headers))
    assert fhir.app.metrics.hits >= 2
    packed = fhir.get("/fhir/ActivityDefinition/p", headers={"Accept-Encoding": "br"})
    assert packed.headers["content-encoding"] == "br"


@pytest.mark.parametrize("setting", ["public_url", "loopback_url"])
def test_every_link_is_absolute_below_the_public_url_or_the_loopback_address_of_serve(
    setting: str, database_url: str, fhir: Client, runner: asyncio.Runner
) -> None:
    del fhir
    settings = Settings.model_validate(
        {"database_url": database_url, "features": ("fhir",), setting: "https://kb.test/pain/"}
    )
    client = Client(create_app(settings), runner)
    client.poll_release()

    bundle = client.get("/fhir/ActivityDefinition?_count=1").json()

    assert bundle["entry"][0]["fullUrl"].startswith("https://kb.test/pain/fhir/ActivityDefinition/")
    assert [link["url"].partition("?")[0] for link in bundle["link"]] == [
        "https://kb.test/pain/fhir/ActivityDefinition"
    ] * 2
    assert client.get("/fhir/metadata").json()["implementation"]["url"] == "https://kb.test/pain/fhir"
    assert client.get("/fhir/openapi.json").json()["servers"] == [{"url": "https://kb.test/pain"}]
    client.close()


def test_without_a_public_url_fhir_is_off_and_the_start_says_why(
    database_url: str, fhir: Client, runner: asyncio.Runner, caplog: pytest.LogCaptureFixture
) -> None:
    del fhir
    client = Client(create_app(Settings(database_url=database_url, features=("fhir",))), runner)
    client.poll_release()

    response = client.get("/fhir/metadata")

    assert (response.status_code, response.json()["issue"][0]["details"]["coding"][0]["code"]) == (
        404,
        "feature_disabled",
    )
    assert "set KB_PUBLIC_URL" in response.text
    assert "set KB_PUBLIC_URL" in caplog.text
    client.close()


def test_the_capability_statement_lists_every_search_parameter(fhir: Client) -> None:
    statement = fhir.get("/fhir/metadata").json()
    document = fhir.get("/fhir/openapi.json").json()

    for resource in statement["rest"][0]["resource"]:
        names = {parameter["name"] for parameter in document["paths"][f"/fhir/{resource['type']}"]["get"]["parameters"]}
        paging = {
            "release",
            "_format",
            "_pretty",
            "_count",
            "_cursor",
            "_sort",
            "_total",
            "_summary",
            "_elements",
            "_include",
        }
        # A modifier such as `name:exact` is not a separate parameter.
        expected = {name for name in names - paging if ":" not in name}
        assert {parameter["name"] for parameter in resource["searchParam"]} == expected


def test_the_openapi_document_is_valid(fhir: Client) -> None:
    validate(fhir.get("/fhir/openapi.json").json())


def test_an_installation_without_fhir_says_how_to_enable_it(client: Client) -> None:
    for path in ("/fhir", "/fhir/metadata", "/fhir/ActivityDefinition/p"):
        response = client.get(path)
        assert (response.status_code, response.json()["issue"][0]["details"]["coding"][0]["code"]) == (
            404,
            "feature_disabled",
        )
        assert "KB_FEATURES=fhir make serve" in response.text


def test_both_engines_return_the_same_fhir_bytes(shipped_urls: dict[str, str], runner: asyncio.Runner) -> None:
    clients = [
        Client(create_app(Settings(database_url=url, features=("fhir",), public_url="http://kb.test")), runner)
        for url in shipped_urls.values()
    ]
    for client in clients:
        client.poll_release()
    paths = [
        "/fhir/metadata",
        *(
            f"/fhir/{resource_type}?_count=30"
            for resource_type in ("ActivityDefinition", "EvidenceVariable", "Citation", "CodeSystem")
        ),
        *(
            f"/fhir/{resource_type}?_count=30&_include=*"
            for resource_type in ("ClinicalUseDefinition", "Evidence", "EvidenceVariable")
        ),
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
        first, second = (client.get(path) for client in clients)
        assert (first.status_code, first.content) == (second.status_code, second.content), path
        next_urls = [link["url"] for link in first.json().get("link", ()) if link["relation"] == "next"]
        for url in next_urls:
            assert clients[0].get(url).content == clients[1].get(url).content

    for client in clients:
        client.close()


def test_an_unknown_feature_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(ValidationError, match="unknown feature 'fihr'; known: fhir, mcp, otel, pdf"):
        Settings.model_validate({"features": "fhir,fihr"})
    assert Settings.model_validate({"features": "fhir, mcp"}).features == ("fhir", "mcp")


def test_every_example_in_the_documentation_works(shipped_urls: dict[str, str], runner: asyncio.Runner) -> None:
    client = Client(
        create_app(Settings(database_url=shipped_urls["sqlite"], features=("fhir",), public_url="http://kb.test")),
        runner,
    )
    client.poll_release()
    text = (ROOT / "docs/fhir.md").read_text(encoding="utf-8")
    examples = re.findall(r"curl -s 'http://127\.0\.0\.1:8000([^']+)'", text)

    assert len(examples) > 8
    for path in examples:
        response = client.get(path)
        assert response.status_code == 200, (path, response.text[:300])
        # An example without matches shows nothing.
        assert response.json().get("total", 1) > 0, path
    client.close()
