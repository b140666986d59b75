"""Codes over /fhir: the code map as ConceptMap, codes in resources, operations by GET and POST, and the same in R4."""

import json
from pathlib import Path
from typing import Any

import pytest
from build import procedure
from conftest import Client, Load
from fhir.resources import get_fhir_model_class
from fhir.resources.R4B import get_fhir_model_class as get_r4_model_class

from app.main import create_app

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
CONDITIONS = "urn:procedure-kb:CodeSystem:conditions"
PROCEDURES = "urn:procedure-kb:CodeSystem:procedures"


def get_parameters(client: Client, path: str) -> dict[str, Any]:
    response = client.get(path)
    assert response.status_code == 200, response.text
    return read_parameters(response.json())


def read_parameters(resource: dict[str, Any]) -> dict[str, Any]:
    """Values of parameters by name; of a parameter with parts, the values of the parts of the last one."""
    assert resource["resourceType"] == "Parameters"
    return {
        row["name"]: read_parts(row["part"]) if "part" in row else _read_value(row) for row in resource["parameter"]
    }


def read_parts(parts: list[dict[str, Any]]) -> dict[str, Any]:
    return {part["name"]: _read_value(part) for part in parts}


def _read_value(row: dict[str, Any]) -> Any:
    return next(row[key] for key in row if key.startswith("value"))


def post(client: Client, path: str, *parameters: dict[str, Any]) -> Any:
    body = {"resourceType": "Parameters", "parameter": list(parameters)}
    return client.request("POST", path, content=json.dumps(body)).json()


def test_the_code_map_is_a_concept_map(fhir: Client) -> None:
    concept_map = fhir.get("/fhir/ConceptMap/icd-10-cm").json()

    get_fhir_model_class("ConceptMap").model_validate(concept_map)
    (group,) = concept_map["group"]
    assert (group["source"], group["target"]) == (ICD, CONDITIONS)
    targets = {element["code"]: element["target"][0]["relationship"] for element in group["element"]}
    assert targets == {"M54.3": "source-is-narrower-than-target", "M54.16": "equivalent"}
    found = fhir.get("/fhir/ConceptMap?url=urn:procedure-kb:ConceptMap:icd-10-cm").json()
    assert [entry["resource"]["id"] for entry in found["entry"]] == ["icd-10-cm"]


@pytest.mark.parametrize(
    ("query", "relationship", "code"),
    [
        (f"$translate?system={ICD}&sourceCode=M54.16", "equivalent", "sciatica"),
        (f"$translate?system={ICD}&sourceCode=m5416", "equivalent", "sciatica"),
        # A code below one that includes its narrower codes.
        ("icd-10-cm/$translate?sourceCode=M54.31", "source-is-narrower-than-target", "sciatica"),
        (f"$translate?url=urn:procedure-kb:ConceptMap:icd-10-cm&sourceCode=M54.16&targetSystem={CONDITIONS}", "equivalent", "sciatica"),
        (f"$translate?targetSystem={CONDITIONS}&targetCode=sciatica", "equivalent", "M54.16"),
    ],
)  # fmt: skip
def test_a_code_is_translated_to_records_and_back(fhir: Client, query: str, relationship: str, code: str) -> None:
    parameters = get_parameters(fhir, f"/fhir/ConceptMap/{query}")

    assert parameters["result"] is True
    assert (parameters["match"]["relationship"], parameters["match"]["concept"]["code"]) == (relationship, code)
    assert parameters["match"]["originMap"] == "urn:procedure-kb:ConceptMap:icd-10-cm"


@pytest.mark.parametrize(
    "query",
    [
        f"system={ICD}&sourceCode=G43.0",
        f"system={ICD}&sourceCode=none",
        "system=http://snomed.info/sct&sourceCode=123456",
        f"system={ICD}&sourceCode=M54.16&targetSystem={PROCEDURES}",
    ],
)
def test_a_code_without_a_record_has_no_translation(fhir: Client, query: str) -> None:
    parameters = get_parameters(fhir, f"/fhir/ConceptMap/$translate?{query}")

    assert (parameters["result"], "match" in parameters, "message" in parameters) == (False, False, True)


def test_resources_carry_the_codes_that_mean_them(fhir: Client) -> None:
    icd = {"system": ICD, "code": "M54.16", "display": "Radiculopathy, lumbar region"}
    definition = fhir.get("/fhir/ConditionDefinition/sciatica").json()
    get_fhir_model_class("ConditionDefinition").model_validate(definition)
    assert definition["code"]["coding"][1] == icd
    variable = fhir.get("/fhir/EvidenceVariable/condition-sciatica").json()
    assert variable["characteristic"][0]["definitionCodeableConcept"]["coding"][1] == icd
    use = fhir.get("/fhir/ClinicalUseDefinition/p--indication-0").json()
    assert use["indication"]["diseaseSymptomProcedure"]["concept"]["coding"][1] == icd


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"ConditionDefinition?code={ICD}|M54.16", ["sciatica"]),
        ("ConditionDefinition?code=M54.31", ["sciatica"]),
        (f"ConditionDefinition?code={ICD}|M54", ["sciatica"]),
        (f"EvidenceVariable?code={CONDITIONS}|sciatica,{ICD}|G43.0", ["condition-sciatica"]),
        ("ActivityDefinition?code=p", ["p"]),
        (f"ClinicalUseDefinition?indication={ICD}|M54.16&subject=p", ["p--indication-0"]),
        (f"ClinicalUseDefinition?indication={ICD}|G43.0", []),
    ],
)
def test_a_search_by_code_finds_what_the_code_means(fhir: Client, path: str, expected: list[str]) -> None:
    entries = fhir.get(f"/fhir/{path}").json().get("entry", ())
    assert [entry["resource"]["id"] for entry in entries] == expected


def test_a_code_subsumes_the_codes_of_its_forms(fhir: Client, load: Load) -> None:
    load(procedure("block"), procedure("nerve-block", broader=["block"]), procedure("other"))
    fhir.poll_release()

    for code_a, code_b, outcome in (
        ("block", "nerve-block", "subsumes"),
        ("nerve-block", "block", "subsumed-by"),
        ("block", "block", "equivalent"),
        ("block", "other", "not-subsumed"),
    ):
        path = f"CodeSystem/$subsumes?system={PROCEDURES}&codeA={code_a}&codeB={code_b}"
        assert get_parameters(fhir, f"/fhir/{path}") == {"outcome": outcome}
        codings = [
            {"name": f"coding{letter}", "valueCoding": {"system": PROCEDURES, "code": code, "display": code}}
            for letter, code in (("A", code_a), ("B", code_b))
        ]
        assert read_parameters(post(fhir, "/fhir/CodeSystem/$subsumes", *codings)) == {"outcome": outcome}
    unknown = fhir.get("/fhir/CodeSystem/procedures/$subsumes?codeA=block&codeB=blok")
    assert (unknown.status_code, "'block'" in unknown.text) == (400, True)


@pytest.mark.parametrize(
    ("path", "parameters", "query"),
    [
        ("CodeSystem/$lookup", [{"name": "coding", "valueCoding": {"system": PROCEDURES, "code": "p"}}], f"system={PROCEDURES}&code=p"),
        ("CodeSystem/procedures/$lookup", [{"name": "code", "valueCode": "p"}, {"name": "property", "valueCode": "family"}], "code=p&property=family"),
        ("CodeSystem/$validate-code", [{"name": "coding", "valueCoding": {"system": PROCEDURES, "code": "p", "display": "Hammer"}}], f"url={PROCEDURES}&code=p&display=Hammer"),
        ("ValueSet/procedures/$validate-code", [{"name": "codeableConcept", "valueCodeableConcept": {"coding": [{"system": PROCEDURES, "code": "p"}]}}], f"system={PROCEDURES}&code=p"),
        ("ValueSet/$expand", [{"name": "url", "valueUri": "urn:procedure-kb:ValueSet:risks"}, {"name": "count", "valueInteger": 1}, {"name": "includeDesignations", "valueBoolean": False}], "url=urn:procedure-kb:ValueSet:risks&count=1&includeDesignations=false"),
        ("ConceptMap/$translate", [{"name": "sourceCoding", "valueCoding": {"system": ICD, "code": "M54.16"}}], f"system={ICD}&sourceCode=M54.16"),
        ("ConceptMap/$translate", [{"name": "targetCoding", "valueCoding": {"system": CONDITIONS, "code": "sciatica"}}], f"targetSystem={CONDITIONS}&targetCode=sciatica"),
    ],
)  # fmt: skip
def test_an_operation_by_post_gives_what_the_get_gives(
    fhir: Client, path: str, parameters: list[dict[str, Any]], query: str
) -> None:
    response = fhir.get(f"/fhir/{path}?{query}")

    assert response.status_code == 200, response.text
    assert post(fhir, f"/fhir/{path}", *parameters) == response.json()


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "<Parameters/>",
        "[1]",
        '{"parameter": [{"name": "valueSet", "resource": {"resourceType": "ValueSet"}}]}',
        '{"parameter": 1}',
    ],
)
def test_a_body_that_is_no_parameters_resource_is_refused(fhir: Client, body: str) -> None:
    response = fhir.request("POST", "/fhir/ValueSet/risks/$expand", content=body)

    assert (response.status_code, response.json()["resourceType"]) == (400, "OperationOutcome")


@pytest.mark.parametrize("prefix", ["/fhir", "/fhir/r4"])
@pytest.mark.parametrize(
    ("operation", "query"),
    [
        ("CodeSystem/$lookup", f"system={PROCEDURES}&code=p"),
        ("CodeSystem/$validate-code", f"url={PROCEDURES}&code=p&abstract=false&displayLanguage=en&date=2026-01-01"),
        ("ValueSet/$validate-code", "url=urn:procedure-kb:ValueSet:procedures&code=p&inferSystem=true"),
        (
            "ValueSet/$expand",
            (
                "url=urn:procedure-kb:ValueSet:procedures&date=2026-01-01&includeDefinition=true&activeOnly=true&excludeNested=true"
                "&excludeNotForUI=true&excludePostCoordinated=true&displayLanguage=en&designation=urn:ietf:bcp:47|en&property=family"
                "&exclude-system=urn:x&system-version=urn:x|1&check-system-version=urn:x|1&force-system-version=urn:x|1&count=5000"
            ),
        ),
    ],
)
def test_every_parameter_that_the_standard_names_is_taken(
    fhir: Client, prefix: str, operation: str, query: str
) -> None:
    response = fhir.get(f"{prefix}/{operation}?{query}")

    assert response.status_code == 200, response.text


def test_an_expansion_has_what_its_parameters_ask_for(fhir: Client) -> None:
    def expand(query: str, prefix: str = "/fhir") -> dict[str, Any]:
        resource = fhir.get(f"{prefix}/ValueSet/procedures/$expand?{query}").json()
        expansion: dict[str, Any] = resource["expansion"]
        return expansion

    plain, whole = expand("count=100"), expand("property=family&count=5000")
    assert [row["code"] for row in whole["property"]] == ["family"]
    assert {row["property"][0]["code"] for row in whole["contains"]} == {"family"}
    assert {"name": "count", "valueInteger": 1000} in whole["parameter"]
    assert not any("property" in row for row in plain["contains"])
    assert "property" not in expand("property=family", "/fhir/r4")
    assert expand(f"exclude-system={PROCEDURES}")["total"] == 0
    assert not any("designation" in row for row in expand("designation=urn:ietf:bcp:47|es")["contains"])
    assert expand("designation=urn:ietf:bcp:47|en") == plain
    for name in ("system-version", "check-system-version", "force-system-version"):
        assert fhir.get(f"/fhir/ValueSet/procedures/$expand?{name}={PROCEDURES}|9.9.9").status_code == 404


@pytest.mark.parametrize(
    ("operation", "parameter"),
    [
        ("ValueSet/procedures/$expand", {"name": "context", "valueUri": "urn:x"}),
        ("ValueSet/procedures/$expand", {"name": "contextDirection", "valueCode": "incoming"}),
        ("ValueSet/procedures/$expand", {"name": "useSupplement", "valueCanonical": "urn:x"}),
        ("ValueSet/procedures/$expand", {"name": "valueSet", "resource": {"resourceType": "ValueSet"}}),
        ("CodeSystem/procedures/$validate-code", {"name": "codeSystem", "resource": {"resourceType": "CodeSystem"}}),
        ("ConceptMap/$translate", {"name": "dependency", "part": [{"name": "attribute", "valueUri": "urn:x"}]}),
    ],
)
def test_a_parameter_that_is_not_supported_is_refused_by_its_name(
    fhir: Client, operation: str, parameter: dict[str, Any]
) -> None:
    body = json.dumps({"resourceType": "Parameters", "parameter": [parameter]})
    response = fhir.request("POST", f"/fhir/{operation}", content=body)

    assert (response.status_code, response.json()["resourceType"]) == (400, "OperationOutcome")
    assert f"{parameter['name']}: " in response.text
    assert "not supported" in response.text
    (resource,) = [
        row
        for row in fhir.get("/fhir/metadata").json()["rest"][0]["resource"]
        if row["type"] == operation.partition("/")[0]
    ]
    assert all(parameter["name"] in row["documentation"] for row in resource["operation"])


def test_a_version_that_is_not_served_is_said(fhir: Client) -> None:
    for path in (
        "CodeSystem/procedures/$lookup?code=p&version=9.9.9",
        f"CodeSystem/$lookup?code=p&system={PROCEDURES}|9.9.9",
        "ValueSet/risks/$expand?valueSetVersion=9.9.9",
    ):
        response = fhir.get(f"/fhir/{path}")
        assert (response.status_code, "9.9.9" in response.text) == (404, True), path
    other_system = get_parameters(fhir, "/fhir/ValueSet/procedures/$validate-code?code=p&system=urn:other")
    assert other_system["result"] is False


@pytest.mark.parametrize("prefix", ["/fhir", "/fhir/r4"])
def test_each_listed_parameter_and_operation_exists_and_has_a_definition(fhir: Client, prefix: str) -> None:
    statement = fhir.get(f"{prefix}/metadata").json()
    assert fhir.get(f"{prefix}/metadata?mode=full").json() == statement
    paths = fhir.get("/fhir/openapi.json").json()["paths"]
    listed = set()

    for resource in statement["rest"][0]["resource"]:
        for parameter in resource["searchParam"]:
            definition = parameter["definition"]
            if definition.startswith("urn:"):
                found = fhir.get(f"/fhir/SearchParameter?url={definition}").json()
                (entry,) = found["entry"]
                get_fhir_model_class("SearchParameter").model_validate(entry["resource"])
                assert resource["type"] in entry["resource"]["base"]
                assert entry["resource"]["type"] == parameter["type"]
            else:
                assert definition.startswith("http://hl7.org/fhir/SearchParameter/")
        for operation in resource.get("operation", ()):
            assert operation["definition"].endswith(f"{resource['type']}-{operation['name']}")
            listed.add(f"{prefix}/{resource['type']}/${operation['name']}")
    in_prefix = {path for path in paths if path.startswith(f"{prefix}/") and (prefix != "/fhir" or "/r4/" not in path)}
    assert listed == {path for path in in_prefix if "$" in path and "{id}" not in path}
    types = {resource["type"] for resource in statement["rest"][0]["resource"]}
    assert types == {path.split("/")[-1] for path in in_prefix if "$" not in path and "{id}" not in path} - {"metadata"}


def test_r4_has_the_terminology_in_its_own_form(fhir: Client) -> None:
    statement = fhir.get("/fhir/r4/metadata").json()
    get_r4_model_class("CapabilityStatement").model_validate(statement)
    assert statement["fhirVersion"] == "4.0.1"
    assert statement["implementation"]["url"] == "http://kb.test/fhir/r4"
    for resource_type in ("CodeSystem", "ValueSet", "ConceptMap"):
        bundle = fhir.get(f"/fhir/r4/{resource_type}?_count=100").json()
        get_r4_model_class("Bundle").model_validate(bundle)
        assert bundle["link"][0]["url"].startswith("http://kb.test/fhir/r4/")
        for entry in bundle["entry"]:
            assert entry["fullUrl"] == f"http://kb.test/fhir/r4/{resource_type}/{entry['resource']['id']}"
            get_r4_model_class(resource_type).model_validate(entry["resource"])
    (group,) = fhir.get("/fhir/r4/ConceptMap/icd-10-cm").json()["group"]
    assert [element["target"][0]["equivalence"] for element in group["element"]] == ["wider", "equivalent"]
    expansion = fhir.get("/fhir/r4/ValueSet/procedures/$expand").json()
    get_r4_model_class("ValueSet").model_validate(expansion)
    assert fhir.get("/fhir/r4/ActivityDefinition").status_code == 404


def test_r4_translates_with_the_parameters_of_r4(fhir: Client) -> None:
    forward = get_parameters(fhir, f"/fhir/r4/ConceptMap/$translate?code=M54.31&system={ICD}")
    assert (forward["match"]["equivalence"], forward["match"]["concept"]["code"]) == ("wider", "sciatica")
    assert forward["match"]["source"] == "urn:procedure-kb:ConceptMap:icd-10-cm"
    reverse = get_parameters(
        fhir, f"/fhir/r4/ConceptMap/$translate?code=sciatica&system={CONDITIONS}&reverse=true&targetsystem={ICD}"
    )
    assert reverse["match"]["concept"]["code"] == "M54.16"
    assert fhir.get(f"/fhir/r4/ConceptMap/$translate?sourceCode=M54.16&system={ICD}").status_code == 400
    coding = {"name": "coding", "valueCoding": {"system": ICD, "code": "M54.16"}}
    posted = read_parameters(post(fhir, "/fhir/r4/ConceptMap/$translate", coding))
    assert (posted["result"], posted["match"]["equivalence"]) == (True, "equivalent")


@pytest.mark.parametrize(
    ("accept", "status"),
    [("application/fhir+json; fhirVersion=4.0", 200), ("application/fhir+json; fhirVersion=5.0", 406), ("*/*", 200)],
)
def test_r4_is_served_as_r4_alone(fhir: Client, accept: str, status: int) -> None:
    assert fhir.get("/fhir/r4/CodeSystem/families", headers={"Accept": accept}).status_code == status


def test_codes_of_the_operator_are_not_in_fhir(fhir: Client, tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    rows = (
        "system,code,type,slug,relation",
        "cpt,00001,procedure,p,exact",
        "icd-10-cm,M54.30,condition,sciatica,exact",
    )
    path.write_text("\n".join(rows), encoding="utf-8")
    settings = fhir.app.app.state.services.settings  # type: ignore[attr-defined]
    service = Client(create_app(settings.model_copy(update={"code_map": path})), fhir.runner)
    service.poll_release()

    assert service.get("/v1/lookup?code=cpt|00001").json()["items"][0]["status"] == "known"
    for resource in (
        "ConceptMap?_count=50",
        "ActivityDefinition?_count=50",
        "EvidenceVariable?_count=50",
        "ClinicalUseDefinition?_count=50",
        "ActivityDefinition?code=http://www.ama-assn.org/go/cpt|00001",
        "ConceptMap/$translate?system=http://www.ama-assn.org/go/cpt&sourceCode=00001",
    ):
        response = service.get(f"/fhir/{resource}")
        assert response.json() == fhir.get(f"/fhir/{resource}").json(), resource
    service.close()
