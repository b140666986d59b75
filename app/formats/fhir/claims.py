"""Claim resources: ClinicalUseDefinition for the claim kinds that R5 models, Evidence for every other kind.

Content that R5 has an element for is in that element. The whole claim is also in two extensions, `claim` (who says it and
how well it is supported) and `value-...` (its figures), so that no number and no citation is lost.
"""

from typing import Final
from xml.sax.saxutils import escape

from app.domain import vocabulary
from app.domain.claim_kinds import CLAIM_KINDS
from app.domain.json import Json
from app.domain.values import StatementValue
from app.formats.fhir.extensions import build_extension, build_members
from app.formats.fhir.identifiers import (
    USE_TYPE_BY_CLAIM_KIND,
    build_codeable_concept,
    build_coding,
    build_identifier,
    build_meta,
    build_reference,
    build_related_artifacts,
    canonical_url,
    get_claim_resource_id,
    get_record_resource_id,
    to_fhir_id,
)
from app.formats.fhir.statistics import build_statistics

CLINICAL_USE_KINDS: Final = tuple(USE_TYPE_BY_CLAIM_KIND)
_VARIABLE_ROLE: Final = "http://terminology.hl7.org/CodeSystem/variable-role"


def get_value_extension_name(claim_kind: str) -> str:
    """Name of the extension that holds the value of a claim."""
    is_statement = issubclass(CLAIM_KINDS[claim_kind].value_model, StatementValue)
    return "value-statement" if is_statement else f"value-{claim_kind.replace('_', '-')}"


def build_narrative(text: str) -> Json:
    """Build the human-readable `text` element of a resource."""
    return {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{escape(text)}</div>'}


def build_claim_extensions(claim: Json) -> list[Json]:
    """Build the extensions that hold the whole claim: `claim`, and `value-...` unless it is empty."""
    members = {
        "id": claim["id"],
        "kind": claim["kind"],
        "subject": claim["subject"],
        "statement": claim["statement"],
        "grade": claim["grade"],
        "certainty-reason": claim["certainty_reasons"],
        "support": claim["support"],
        "reason": claim["reason"],
        "citation": [
            {"source": citation["source"], "locator": citation["locator"], "note": citation["note"]}
            for citation in claim["citations"]
        ],
        "qualifiers": claim["qualifiers"],
    }
    value = build_extension(get_value_extension_name(claim["kind"]), build_members(claim["value"]))
    return [build_extension("claim", build_members(members)), *([value] if value["extension"] else [])]


def build_claim_resource(claim: Json, version: str) -> Json:
    """Build the resource for a claim document of /v1."""
    resource_type, resource_id = get_claim_resource_id(claim["kind"], claim["id"])
    resource: Json = {
        "resourceType": resource_type,
        "id": resource_id,
        "meta": build_meta(version),
        "language": claim["lang"],
        "text": build_narrative(claim["statement"]),
        "extension": build_claim_extensions(claim),
    }
    is_clinical_use = resource_type == "ClinicalUseDefinition"
    return resource | (_build_clinical_use(claim) if is_clinical_use else _build_evidence(claim, version))


def _build_clinical_use(claim: Json) -> Json:
    value, use = claim["value"], USE_TYPE_BY_CLAIM_KIND[claim["kind"]]
    elements: Json = {
        "identifier": [build_identifier("claim", claim["id"])],
        "type": use,
        "subject": [build_reference(claim["subject"])],
        "status": {"coding": [{"system": "http://hl7.org/fhir/publication-status", "code": "active"}]},
    }
    if use == "indication":
        condition = value["condition"]
        elements["indication"] = {
            "diseaseSymptomProcedure": {
                "concept": build_codeable_concept("conditions", condition["slug"], condition["name"]),
            },
            "intendedEffect": {"concept": build_codeable_concept("target-roles", value["role"])},
        }
    elif use == "contraindication":
        elements["contraindication"] = {"diseaseSymptomProcedure": {"concept": {"text": value["label"]}}}
    else:
        elements["undesirableEffect"] = _build_undesirable_effect(value)
    return elements


def _build_undesirable_effect(value: Json) -> Json:
    risk = value["risk"]
    effect: Json = {
        "symptomConditionEffect": {
            "concept": build_codeable_concept("risks", risk["slug"], risk["name"], text=value["phrase"])
        }
    }
    if value["severity"]:
        effect["classification"] = {"text": value["severity"]}
    bands = [build_coding("risk-bands", band["name"]) for band in value["band"]["items"]]
    frequency = {**({"coding": bands} if bands else {}), "text": render_frequency(value)}
    return effect | {"frequencyOfOccurrence": frequency}


def render_frequency(value: Json) -> str:
    """Render how often a risk occurs: count and denominator, rate, the source's phrase, and the state of knowledge."""
    parts = []
    if value["observed"] is not None:
        parts.append(f"{value['observed']} of {value['n']}" if value["n"] is not None else f"{value['observed']} seen")
    low, high = value["percent_min"], value["percent_max"]
    if low is not None and high is not None:
        parts.append(f"{low:g} %" if low == high else f"{low:g} to {high:g} %")
    elif low is not None or high is not None:
        parts.append(f"at least {low:g} %" if high is None else f"up to {high:g} %")
    parts += [part for part in (value["frequency_words"], value["per"] and f"per {value['per']}") if part]
    return "; ".join([*parts, vocabulary.RISK_STATES[value["state"]]])


def _build_evidence(claim: Json, version: str) -> Json:
    grade, reasons, claim_kind = claim["grade"], claim["certainty_reasons"], claim["kind"]
    certainty: Json = {"rating": build_codeable_concept("grades", grade, vocabulary.GRADES[grade])}
    if reasons:
        certainty["description"] = ", ".join(reasons)
    kind_label = CLAIM_KINDS[claim_kind].label
    elements: Json = {
        "url": canonical_url("Evidence", to_fhir_id(claim["id"])),
        "identifier": [build_identifier("claim", claim["id"])],
        "version": version,
        "title": f"{kind_label}: {claim['subject']['name']}",
        "status": "active",
        "useContext": [
            {
                "code": {"system": "http://terminology.hl7.org/CodeSystem/usage-context-type", "code": "focus"},
                "valueCodeableConcept": build_codeable_concept("claim-kinds", claim_kind, kind_label),
            }
        ],
        "relatedArtifact": build_related_artifacts(citation["source"] for citation in claim["citations"]),
        "assertion": claim["statement"],
        "variableDefinition": _build_variables(claim),
        "certainty": [certainty],
    }
    if statistics := build_statistics(claim):
        elements["statistic"] = statistics
    return elements


def _build_variables(claim: Json) -> list[Json]:
    subject, qualifiers, value = claim["subject"], claim["qualifiers"], claim["value"]
    subject_variable = _build_variable("exposure" if subject["type"] == "procedure" else "population", subject["name"])
    if subject["type"] in {"condition", "pain_generator"}:
        subject_variable["observed"] = {"reference": "/".join(get_record_resource_id(subject["type"], subject["slug"]))}
    others = [
        ("population", qualifiers["population"]),
        ("referenceExposure", qualifiers["comparator"]),
        ("measuredVariable", value.get("outcome") or qualifiers["definition"]),
    ]
    return [subject_variable, *(_build_variable(role, text) for role, text in others if text)]


def _build_variable(role: str, text: str) -> Json:
    return {"description": text, "variableRole": {"coding": [{"system": _VARIABLE_ROLE, "code": role}]}}
